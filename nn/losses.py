"""What training makes small."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator

from nn.schema import InputError, Schema, setting
from nn.types import Array, Integers


def _class_weights(value: Any) -> Any:
    """The numbers of a list, also of one that was typed: `1, 2, 0.5`."""
    if isinstance(value, str):
        value = value.strip().lower()
        value = value if value in ("", "balanced") else value.replace(",", " ").split()
    if not isinstance(value, list | tuple):
        if value in (None, "", "balanced"):
            return value or None
        value = [value]
    try:
        weights = tuple(float(weight) for weight in value)
        sound = bool(weights) and all(0.001 <= weight <= 1000 for weight in weights)
    except (TypeError, ValueError):
        sound = False
    if not sound or any(isinstance(weight, bool) for weight in value):
        shown = ", ".join(map(str, value))
        raise ValueError(
            f"{shown!r} will not do; give balanced, or a number from 0.001 to 1,000 for each class"
        )
    return weights


class Loss(Schema):
    """What training makes small: the cross-entropy, or a variant of it.

    Only the gradient is of the variant. The losses that are reported, of training as of validation
    and test, are the plain cross-entropy, so that they compare with each other and between runs.

    Label smoothing s: a label gets the share 1 - s, and s is spread over all classes. Szegedy et
    al., "Rethinking the Inception Architecture" (2016), section 7. A class's weight multiplies what
    each of its images, and its share of the smoothing, count. Both mean exactly what they mean in
    PyTorch's CrossEntropyLoss.
    """

    label_smoothing: float = setting(
        0, "share of a label given to all classes alike, against overconfidence; 0: off", ge=0, lt=1
    )
    class_weights: Annotated[
        Literal["balanced"] | tuple[float, ...] | None, BeforeValidator(_class_weights)
    ] = setting(
        None,
        "how much each class counts: 1, 2, 0.5; balanced: rare ones more; empty: all alike",
    )

    def problem(self, classes: int) -> str | None:
        """What is wrong with it for so many classes, if anything."""
        weights = self.class_weights
        if not isinstance(weights, tuple) or len(weights) == classes:
            return None
        return f"{len(weights)} given for {classes} classes; give one weight a class, or balanced"

    def weights(self, labels: Integers, classes: int) -> Array | None:
        """The weight of each class, (classes,); None if all count alike.

        Balanced ones are N / (classes * count), as scikit-learn has them, of the classes that
        `labels` (N,) have: all classes then count alike, and an image 1 on average. A class without
        any image has no weight.

        Raises:
            InputError: if there are not as many weights as classes.
        """
        problem = self.problem(classes)
        if problem is not None:
            raise InputError(f"training.loss.class_weights: {problem}")
        if self.class_weights != "balanced":
            return None if self.class_weights is None else np.array(self.class_weights)
        counts = np.bincount(labels, minlength=classes)
        present = counts > 0
        weights = np.zeros(classes)
        weights[present] = len(labels) / (present.sum() * counts[present])
        return weights


def softmax(logits: Array) -> Array:
    """Probabilities over the first axis: exp(z) / sum exp(z), for logits (classes, N).

    Subtracting each column's maximum changes nothing but keeps exp in range (Goodfellow, Bengio
    and Courville, "Deep Learning" (2016), section 4.1).
    """
    exponentials = np.exp(logits - logits.max(axis=0))
    probabilities: Array = exponentials / exponentials.sum(axis=0)
    return probabilities


def cross_entropy(logits: Array, labels: Integers) -> Array:
    """Each example's loss in nats, (N,): log sum exp(z) - z[label].

    From logits (classes, N), and so finite where a probability would round to zero.
    """
    shifted = logits - logits.max(axis=0)
    losses: Array = np.log(np.exp(shifted).sum(axis=0)) - shifted[labels, np.arange(len(labels))]
    return losses


def cross_entropy_gradient(
    logits: Array,
    labels: Integers,
    label_smoothing: float = 0.0,
    class_weights: Array | None = None,
) -> Array:
    """The gradient of the mean loss with respect to the logits (classes, N), of their shape.

    Plainly (softmax(z) - one_hot(label)) / N: Bishop, "Pattern Recognition and Machine Learning"
    (2006), equation 4.109. In general an example's loss is - sum t * log softmax(z), with the
    targets t = w * ((1 - s) * one_hot(label) + s / classes) for a smoothing s and weights w
    (classes,), and the mean is the sum over all examples divided by `total_weight`.
    """
    targets = np.full_like(logits, label_smoothing / len(logits))
    targets[labels, np.arange(len(labels))] += 1 - label_smoothing
    if class_weights is not None:
        targets *= class_weights.astype(logits.dtype)[:, np.newaxis]
    gradient = softmax(logits)
    gradient *= targets.sum(axis=0)
    gradient -= targets
    gradient /= total_weight(labels, class_weights)
    return gradient


def total_weight(labels: Integers, class_weights: Array | None = None) -> float:
    """What a batch counts: its number of images, or the sum of their classes' weights."""
    return float(len(labels) if class_weights is None else class_weights[labels].sum())
