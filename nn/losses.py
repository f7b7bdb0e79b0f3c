"""What training makes small."""

from __future__ import annotations

import numpy as np

from nn.types import Array, Integers


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


def cross_entropy_gradient(logits: Array, labels: Integers) -> Array:
    """The gradient of the mean cross-entropy with respect to the logits, (classes, N).

    (softmax(z) - one_hot(label)) / N: Bishop, "Pattern Recognition and Machine Learning" (2006),
    equation 4.109.
    """
    gradient = softmax(logits)
    gradient[labels, np.arange(len(labels))] -= 1
    gradient /= len(labels)
    return gradient
