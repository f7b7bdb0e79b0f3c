"""The figures of predictions against scikit-learn, which many people check theirs with."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from nn.losses import cross_entropy, softmax
from nn.metrics import Evaluation, class_scores, weighted_average

pytest.importorskip("sklearn")
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

CASES = [(seed, *case) for seed in range(5) for case in ((300, 10), (40, 100), (50, 6), (9, 3))]
"""Seed, examples and classes: also fewer examples than classes, so that most classes are absent."""


def evaluation(seed: int, examples: int, classes: int, steps: int = 0) -> Evaluation:
    """Answers that are right more often than by chance; with `steps`, many of them tied."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, examples)
    logits = rng.normal(size=(classes, examples))
    logits[labels, np.arange(examples)] += 1.5
    if steps:
        logits = np.round(logits * steps) / steps
    logits = logits.astype(np.float32)
    loss = float(cross_entropy(logits, labels).mean())
    return Evaluation(softmax(logits).T, labels, loss)


def single_class(right: bool) -> Evaluation:
    """Every example is of class 2, and every answer is the right one or class 0."""
    probabilities = np.tile(np.float32([0.2, 0.1, 0.7] if right else [0.7, 0.1, 0.2]), (8, 1))
    return Evaluation(probabilities, np.full(8, 2), -float(np.log(0.7 if right else 0.2)))


EVALUATIONS = [evaluation(*case) for case in CASES]
EVALUATIONS += [evaluation(*case, steps=1) for case in CASES]
EVALUATIONS += [single_class(True), single_class(False)]
every = pytest.mark.parametrize("result", EVALUATIONS)


def classes(result: Evaluation) -> list[int]:
    return list(range(result.probabilities.shape[1]))


@every
def test_counts_and_accuracy(result: Evaluation) -> None:
    confusion = sk.confusion_matrix(result.labels, result.predictions, labels=classes(result))
    assert result.confusion.tolist() == confusion.tolist()
    assert result.accuracy == pytest.approx(sk.accuracy_score(result.labels, result.predictions))


@every
def test_loss(result: Evaluation) -> None:
    probabilities = result.probabilities.astype(np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    expected = sk.log_loss(result.labels, probabilities, labels=classes(result))
    assert result.loss == pytest.approx(expected, rel=1e-5)


@every
def test_scores_of_each_class(result: Evaluation) -> None:
    expected = sk.precision_recall_fscore_support(
        result.labels, result.predictions, labels=classes(result), zero_division=0
    )
    scores = class_scores(result.confusion, [str(i) for i in classes(result)])
    for name, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [getattr(score, name) for score in scores] == pytest.approx(column.tolist()), name


@every
def test_averages(result: Evaluation) -> None:
    report = sk.classification_report(
        result.labels,
        result.predictions,
        labels=classes(result),
        zero_division=0,
        output_dict=True,
    )
    for found, title in (
        (result.macro_average, "macro avg"),
        (weighted_average(result.confusion), "weighted avg"),
    ):
        expected = {name.removesuffix("-score"): value for name, value in report[title].items()}
        assert expected.pop("support") == len(result.labels)
        assert asdict(found) == pytest.approx(expected), title


@every
def test_top_5(result: Evaluation) -> None:
    """Of equally probable classes scikit-learn takes the last: turned round, it is our first."""
    names = classes(result)
    if result.top_5_accuracy is None:
        assert len(names) <= 5
        return
    expected = sk.top_k_accuracy_score(
        len(names) - 1 - result.labels, result.probabilities[:, ::-1], k=5, labels=names
    )
    assert result.top_5_accuracy == pytest.approx(expected)


@every
def test_reliability_table(result: Evaluation) -> None:
    right = result.predictions == result.labels
    confidence = result.probabilities.max(axis=1).astype(np.float64)
    accuracies, confidences = calibration_curve(right, confidence, n_bins=15, pos_label=True)
    bins = [one for one in result.calibration.bins if one.count]
    assert [one.accuracy for one in bins] == pytest.approx(accuracies.tolist())
    assert [one.confidence for one in bins] == pytest.approx(confidences.tolist())
    counts = np.array([one.count for one in bins])
    gaps = np.abs(accuracies - confidences)
    assert result.calibration.error == pytest.approx(float(counts @ gaps / len(right)))
