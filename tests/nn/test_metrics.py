from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.metrics import (
    Evaluation,
    calibration,
    class_scores,
    confusion_matrix,
    macro_average,
    top_accuracy,
    weighted_average,
)

CLASSES = 4
seeds = st.integers(0, 2**32 - 1)
answers = st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1)


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


@given(answers)
def test_scores_are_what_plain_counting_gives(pairs: list[tuple[int, int]]) -> None:
    labels, predictions = (np.array(column) for column in zip(*pairs, strict=True))
    confusion = confusion_matrix(labels, predictions, CLASSES)
    scores = class_scores(confusion, ["zero", "one", "two", "three"])
    assert [score.name for score in scores] == ["zero", "one", "two", "three"]
    for k, score in enumerate(scores):
        for other in range(CLASSES):
            assert confusion[k, other] == pairs.count((k, other))
        hits = pairs.count((k, k))
        precision = share(hits, sum(predicted == k for _, predicted in pairs))
        recall = share(hits, sum(label == k for label, _ in pairs))
        assert score.support == sum(label == k for label, _ in pairs)
        assert score.precision == pytest.approx(precision)
        assert score.recall == pytest.approx(recall)
        harmonic = 2 * precision * recall / (precision + recall) if hits else 0.0
        assert score.f1 == pytest.approx(harmonic)


def test_a_class_that_is_never_predicted_scores_zero() -> None:
    confusion = confusion_matrix(np.array([0, 1]), np.array([0, 0]), 3)
    never, absent = class_scores(confusion, "abc")[1:]
    assert (never.precision, never.recall, never.f1, never.support) == (0, 0, 0, 1)
    assert (absent.precision, absent.recall, absent.f1, absent.support) == (0, 0, 0, 0)


def test_small_label_types_do_not_overflow() -> None:
    labels = np.full(3, 99, np.uint8)
    assert confusion_matrix(labels, labels, 100)[99, 99] == 3


def test_evaluation() -> None:
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.5, 0.3], [0.4, 0.3, 0.3], [0, 0, 1]])
    evaluation = Evaluation(probabilities, np.array([0, 1, 2, 2]), 0.5)
    assert evaluation.predictions.tolist() == [0, 1, 0, 2]
    assert evaluation.accuracy == 0.75
    assert evaluation.confusion.tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]


def random_answers(
    seed: int, examples: int = 40, classes: int = 7, steps: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with many ties (few steps between 0 and 1), and labels without order."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, steps, (examples, classes)) + 1e-3
    probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities, rng.integers(0, classes, examples)


@given(answers)
def test_averages_are_means_over_classes_and_over_examples(pairs: list[tuple[int, int]]) -> None:
    labels, predictions = (np.array(column) for column in zip(*pairs, strict=True))
    confusion = confusion_matrix(labels, predictions, CLASSES)
    scores = class_scores(confusion, "abcd")
    macro, weighted = macro_average(confusion), weighted_average(confusion)
    for name in ("precision", "recall", "f1"):
        figures = [getattr(score, name) for score in scores]
        assert getattr(macro, name) == pytest.approx(sum(figures) / CLASSES)
        of_each_example = [figures[label] for label, _ in pairs]
        assert getattr(weighted, name) == pytest.approx(sum(of_each_example) / len(pairs))
    assert weighted.recall == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))


@given(seeds)
def test_top_k_takes_the_first_k_of_the_sorted_classes(seed: int) -> None:
    """Python's sort is stable: of equally probable classes the lower number stays first."""
    probabilities, labels = random_answers(seed)
    for k in range(1, 8):
        found = 0
        for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
            found += label in sorted(range(7), key=lambda i: -row[i])[:k]
        assert top_accuracy(probabilities, labels, k) == pytest.approx(found / len(labels))
    evaluation = Evaluation(probabilities, labels, 1.0)
    assert top_accuracy(probabilities, labels, 1) == evaluation.accuracy
    assert top_accuracy(probabilities, labels, 7) == 1
    assert evaluation.top_5_accuracy == top_accuracy(probabilities, labels, 5)


def test_ties_never_let_in_more_than_k_classes() -> None:
    """A network that knows nothing finds one class in six with one guess, five with five."""
    probabilities = np.full((6, 6), 1 / 6, np.float32)
    assert top_accuracy(probabilities, np.arange(6), 1) == pytest.approx(1 / 6)
    assert Evaluation(probabilities, np.arange(6), 1.8).top_5_accuracy == pytest.approx(5 / 6)


def test_top_5_of_five_classes_says_nothing() -> None:
    assert Evaluation(np.full((5, 5), 0.2), np.arange(5), 1.6).top_5_accuracy is None


@given(seeds)
def test_calibration_is_what_its_definition_gives(seed: int) -> None:
    """Bin m of M holds the confidences in ((m - 1) / M, m / M]; the error is the weighted gap."""
    probabilities, labels = random_answers(seed)
    confidence = [max(row) for row in probabilities.tolist()]
    right = (probabilities.argmax(axis=1) == labels).tolist()
    result = calibration(probabilities, labels)
    assert len(result.bins) == 15
    error = 0.0
    for m, found in enumerate(result.bins):
        inside = [i for i, share in enumerate(confidence) if m / 15 < share <= (m + 1) / 15]
        assert (found.low, found.high) == pytest.approx((m / 15, (m + 1) / 15))
        assert found.count == len(inside)
        if inside:
            assert found.confidence == pytest.approx(np.mean([confidence[i] for i in inside]))
            assert found.accuracy == pytest.approx(np.mean([right[i] for i in inside]))
            error += len(inside) * abs(found.confidence - found.accuracy)
        else:
            assert (found.confidence, found.accuracy) == (0, 0)
    assert result.error == pytest.approx(error / len(labels))
    assert 0 <= result.error <= 1


def test_calibration_by_hand() -> None:
    """Ten answers with 90 %, of which eight are right; five with 60 %, of which three are.

    60 % is nine fifteenths: the upper end of a bin is part of it.
    """
    probabilities = np.array([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 5)
    labels = np.array([0] * 8 + [1] * 2 + [0] * 3 + [1] * 2)
    result = calibration(probabilities, labels)
    counted = [(one.high, one.count) for one in result.bins if one.count]
    assert counted == [(pytest.approx(9 / 15), 5), (pytest.approx(14 / 15), 10)]
    assert result.error == pytest.approx(10 / 15 * 0.1)
    worst = result.worst
    assert (worst.count, worst.confidence, worst.accuracy) == (10, pytest.approx(0.9), 0.8)
    assert worst.gap == pytest.approx(0.1)


def test_certainty_belongs_to_the_last_bin_and_can_be_all_wrong_or_right() -> None:
    certain = np.eye(3, dtype=np.float32)
    right, wrong = (calibration(certain, labels) for labels in (np.arange(3), np.array([1, 2, 0])))
    assert (right.error, wrong.error) == (0, 1)
    assert right.worst is right.bins[-1]
    assert (right.worst.count, right.worst.accuracy) == (3, 1)
    assert (wrong.worst.count, wrong.worst.accuracy) == (3, 0)
