"""A network's answers on a test set, and which of them are mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from nn.metrics import ClassScore, Evaluation, class_scores
from nn.types import Array, Bytes, Integers


@dataclass(frozen=True, eq=False)
class Before:
    """How a network did in an epoch before, as in `epoch 3`: its confusion matrix."""

    name: str
    confusion: Integers


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network answered on a test set.

    `source` says in a few words whose answers they are. Images are (N, H, W, C) of uint8, labels
    (N,), probabilities (N, classes). `before` is None where nothing is known of an epoch before.
    """

    source: str
    images: Bytes
    labels: Integers
    probabilities: Array
    class_names: tuple[str, ...]
    before: Before | None = None

    @cached_property
    def evaluation(self) -> Evaluation:
        """The answers, and what can be measured of them."""
        return Evaluation(self.probabilities, self.labels, float(self.losses.mean()))

    @cached_property
    def predictions(self) -> Integers:
        """The most probable class of each image (N,)."""
        answer: Integers = self.probabilities.argmax(axis=1)
        return answer

    @cached_property
    def confusion(self) -> Integers:
        """Counts (classes, classes): rows are true classes, columns predicted ones."""
        return self.evaluation.confusion

    @cached_property
    def scores(self) -> list[ClassScore]:
        """Precision, recall and F1 of each class."""
        return class_scores(self.confusion, self.class_names)

    @cached_property
    def confidence(self) -> Array:
        """The probability of each image's predicted class (N,)."""
        highest: Array = self.probabilities.max(axis=1)
        return highest

    @cached_property
    def losses(self) -> Array:
        """The cross-entropy of each image (N,), in nats."""
        true = np.take_along_axis(self.probabilities, self.labels[:, None], axis=1)[:, 0]
        return -np.log(np.maximum(true, np.finfo(true.dtype).tiny))

    @cached_property
    def wrong(self) -> Integers:
        """Which images got a wrong answer, rising."""
        return np.flatnonzero(self.predictions != self.labels)

    def mistakes(
        self,
        true: int | None = None,
        predicted: int | None = None,
        order: Literal["confidence", "loss", "index"] = "confidence",
    ) -> Integers:
        """Which images of a true class got a certain wrong answer; None is every class.

        The most confident or those with the highest loss come first. Where both classes are the
        same one, these are its right answers.
        """
        found: Integers
        if true is not None and true == predicted:
            found = np.flatnonzero((self.labels == true) & (self.predictions == true))
        else:
            found = self.wrong
            if true is not None:
                found = found[self.labels[found] == true]
            if predicted is not None:
                found = found[self.predictions[found] == predicted]
        if order == "index":
            return found
        key = self.confidence if order == "confidence" else self.losses
        return found[np.argsort(-key[found], kind="stable")]
