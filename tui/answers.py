"""A network's answers on a test set, and which of them are mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from nn.metrics import ClassScore, Evaluation, class_scores
from nn.types import Array, Bytes, Integers

Order = Literal["confidence", "loss", "margin", "index"]
ORDERS: tuple[Order, ...] = get_args(Order)


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

    def work_out(self) -> Answers:
        """The same; what views will ask of them is known then, at the cost of some milliseconds."""
        evaluation = self.evaluation
        _ = evaluation.accuracy, evaluation.macro_average, evaluation.top_5_accuracy
        _ = evaluation.calibration, self.scores, self.wrong, self.confidence, self.margins
        return self

    @cached_property
    def evaluation(self) -> Evaluation:
        """The answers, and what can be measured of them."""
        return Evaluation(self.probabilities, self.labels, float(self.losses.mean()))

    @cached_property
    def predictions(self) -> Integers:
        """The most probable class of each image (N,)."""
        return self.evaluation.predictions

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
    def margins(self) -> Array:
        """The probability of each image's true class less that of the most probable other (N,).

        From -1 to 1, and below 0 where the answer is wrong: Schapire et al., "Boosting the margin"
        (1998).
        """
        places = self.labels[:, None]
        others = self.probabilities.copy()
        np.put_along_axis(others, places, -np.inf, axis=1)
        true = np.take_along_axis(self.probabilities, places, axis=1)[:, 0]
        margins: Array = true - others.max(axis=1)
        return margins

    @cached_property
    def wrong(self) -> Integers:
        """Which images got a wrong answer, rising."""
        return np.flatnonzero(self.predictions != self.labels)

    def mistakes(
        self,
        true: int | None = None,
        predicted: int | None = None,
        order: Order = "confidence",
        *,
        mixed: bool = False,
    ) -> Integers:
        """Which images of a true class got a certain wrong answer; None is every class.

        The most confident, those with the highest loss or those with the lowest margin come first,
        or, by "index", the first of the test set. Where both classes are the same one, these are
        its right answers. If `mixed`, the pairs of classes take turns: the first of every pair
        comes before the second of any.
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
        found = found[np.argsort(self._ranking(order)[found], kind="stable")]
        return self._in_turns(found) if mixed else found

    def _ranking(self, order: Order) -> Array | Integers:
        """What puts the images in that order (N,): the lowest come first."""
        match order:
            case "confidence":
                return -self.confidence
            case "loss":
                return -self.losses
            case "margin":
                return self.margins
            case "index":
                return np.arange(len(self.labels))

    def _in_turns(self, indices: Integers) -> Integers:
        """The same images, one of each pair of classes at a time; within a pair they keep order."""
        pairs = self.labels[indices] * len(self.class_names) + self.predictions[indices]
        by_pair = np.argsort(pairs, kind="stable")
        _, starts, sizes = np.unique(pairs[by_pair], return_index=True, return_counts=True)
        turns = np.empty(len(indices), np.intp)
        turns[by_pair] = np.arange(len(indices)) - np.repeat(starts, sizes)
        mixed: Integers = indices[np.argsort(turns, kind="stable")]
        return mixed
