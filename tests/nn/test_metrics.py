from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.metrics import Evaluation, class_scores, confusion_matrix

CLASSES = 4
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
