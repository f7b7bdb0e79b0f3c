"""How good predictions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nn.types import Array, Integers


@dataclass(frozen=True)
class ClassScore:
    """One class's figures, each from 0 to 1; `support` counts its examples."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


def confusion_matrix(labels: Integers, predictions: Integers, classes: int) -> Integers:
    """Counts (classes, classes): rows are true classes, columns predicted ones."""
    pairs = labels.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def class_scores(confusion: Integers, names: Sequence[str]) -> list[ClassScore]:
    """Precision, recall and F1 of each class, from a confusion matrix.

    Precision is the share of right ones among what was called by this name, recall the share of
    this class that was found, F1 their harmonic mean; each is 0 where there is nothing to divide
    by. Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), section 8.3.
    """
    hits = confusion.diagonal()
    called, support = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = hits / np.maximum(called, 1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(called + support, 1)
    return [
        ClassScore(name, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i, name in enumerate(names)
    ]


@dataclass(frozen=True)
class Evaluation:
    """A model's answers on a whole dataset.

    `probabilities` is (N, classes), `labels` and `predictions` are (N,); `loss` is the mean
    cross-entropy in nats.
    """

    probabilities: Array
    labels: Integers
    loss: float

    @property
    def predictions(self) -> Integers:
        """The most probable class of each example."""
        answer: Integers = self.probabilities.argmax(axis=1)
        return answer

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(np.mean(self.predictions == self.labels))

    @property
    def confusion(self) -> Integers:
        """The confusion matrix."""
        return confusion_matrix(self.labels, self.predictions, self.probabilities.shape[1])
