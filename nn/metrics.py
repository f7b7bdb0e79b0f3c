"""How good predictions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nn.types import Array, Integers

BINS = 15
"""Into how many ranges of confidence answers are sorted, as Guo et al. (2017) do."""


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
    figures = zip(names, _shares(confusion).tolist(), confusion.sum(axis=1), strict=True)
    return [
        ClassScore(name, precision, recall, f1, int(support))
        for name, (precision, recall, f1), support in figures
    ]


def _shares(confusion: Integers) -> Array:
    """Precision, recall and F1 (classes, 3)."""
    hits = confusion.diagonal()
    called, support = confusion.sum(axis=0), confusion.sum(axis=1)
    whole = np.stack([called, support, called + support], axis=1)
    shares: Array = np.stack([hits, hits, 2 * hits], axis=1) / np.maximum(whole, 1)
    return shares


@dataclass(frozen=True)
class Average:
    """Precision, recall and F1 of all classes together, each from 0 to 1."""

    precision: float
    recall: float
    f1: float


def macro_average(confusion: Integers) -> Average:
    """The plain means over the classes: each counts the same, also one without examples."""
    return Average(*_shares(confusion).mean(axis=0).tolist())


def weighted_average(confusion: Integers) -> Average:
    """The means in which a class counts as much as it has examples; its recall is the accuracy."""
    return Average(*np.average(_shares(confusion), axis=0, weights=confusion.sum(axis=1)).tolist())


def top_accuracy(probabilities: Array, labels: Integers, k: int) -> float:
    """The share of examples whose true class is among the `k` most probable ones.

    Of equally probable classes the one with the lower number comes first, as in `argmax`: so the
    share for `k` = 1 is the accuracy, and at most `k` classes are ever accepted.
    `probabilities` is (N, classes), `labels` (N,).
    """
    true = np.take_along_axis(probabilities, labels[:, None], axis=1)
    earlier = np.arange(probabilities.shape[1]) < labels[:, None]
    ahead = (probabilities > true) | ((probabilities == true) & earlier)
    return float(np.mean(ahead.sum(axis=1) < k))


@dataclass(frozen=True)
class Bin:
    """Answers given with a probability above `low` and up to `high`, `count` of them.

    `confidence` is their mean probability, `accuracy` the share of right ones; both are 0 without
    answers.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float

    @property
    def gap(self) -> float:
        """How far confidence and accuracy lie apart."""
        return abs(self.confidence - self.accuracy)


@dataclass(frozen=True)
class Calibration:
    """Whether probabilities mean what they say: of answers given with 90 %, 90 % should be right.

    `error` is the mean gap of the bins, each counting as much as it has answers; 0 is perfect.
    """

    error: float
    bins: tuple[Bin, ...]

    @property
    def worst(self) -> Bin:
        """The bin that adds most to the error."""
        return max(self.bins, key=lambda each: (each.count * each.gap, each.count))


def calibration(probabilities: Array, labels: Integers, bins: int = BINS) -> Calibration:
    """The expected calibration error and its reliability table, in bins of equal width.

    `probabilities` is (N, classes), `labels` (N,); what counts is the probability of each
    example's most probable class. Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural
    Networks" (2017), section 2 and equation 3.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], confidence)
    counts = np.bincount(places, minlength=bins)
    filled = np.maximum(counts, 1)
    confidences = np.bincount(places, confidence, bins) / filled
    accuracies = np.bincount(places, right, bins) / filled
    error = float(counts @ np.abs(confidences - accuracies) / len(labels))
    columns = (edges[:-1], edges[1:], counts, confidences, accuracies)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return Calibration(error, tuple(Bin(*row) for row in rows))


@dataclass(frozen=True)
class Evaluation:
    """A model's answers on a whole dataset.

    `probabilities` is (N, classes), `labels` and `predictions` are (N,); `loss` is the mean
    cross-entropy in nats.
    """

    probabilities: Array
    labels: Integers
    loss: float

    @cached_property
    def predictions(self) -> Integers:
        """The most probable class of each example."""
        answer: Integers = self.probabilities.argmax(axis=1)
        return answer

    @cached_property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(np.mean(self.predictions == self.labels))

    @cached_property
    def confusion(self) -> Integers:
        """The confusion matrix."""
        return confusion_matrix(self.labels, self.predictions, self.probabilities.shape[1])

    @cached_property
    def macro_average(self) -> Average:
        """The plain means of the classes' precision, recall and F1."""
        return macro_average(self.confusion)

    @cached_property
    def top_5_accuracy(self) -> float | None:
        """The share of examples whose true class is among the five most probable ones.

        None where there are no more than five classes: it would be 1 whatever the answers.
        """
        if self.probabilities.shape[1] <= 5:
            return None
        return top_accuracy(self.probabilities, self.labels, 5)

    @cached_property
    def calibration(self) -> Calibration:
        """How far the probabilities can be believed."""
        return calibration(self.probabilities, self.labels)
