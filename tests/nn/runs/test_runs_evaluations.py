"""The file of answers, with the confusion matrices of the epochs before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nn.metrics import Evaluation
from nn.runs import evaluations
from nn.runs.evaluations import newest, read_evaluation, write_evaluation
from nn.schema import InputError

PROBABILITIES = np.array([[0.9, 0.1], [0.25, 0.75], [0.6, 0.4]], np.float32)
LABELS = np.array([0, 1, 1])
LOSS = float(-np.log([0.9, 0.75, 0.4]).mean())
MATRICES = {10: np.array([[1, 0], [2, 0]]), 20: np.array([[1, 0], [1, 1]])}


def test_a_file_says_what_it_was_told(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    write_evaluation(path, Evaluation(PROBABILITIES, LABELS, LOSS), 25, MATRICES)
    stored = read_evaluation(path)
    assert np.array_equal(stored.evaluation.probabilities, PROBABILITIES)
    assert np.array_equal(stored.evaluation.labels, LABELS)
    assert stored.evaluation.loss == LOSS
    assert stored.step == 25
    assert {step: matrix.tolist() for step, matrix in stored.matrices.items()} == {
        10: [[1, 0], [2, 0]],
        20: [[1, 0], [1, 1]],
    }


@pytest.mark.parametrize(("step", "before"), [(10, None), (20, 10), (25, 20), (5, None)])
def test_what_was_before_is_the_last_epoch_before(
    tmp_path: Path, step: int, before: int | None
) -> None:
    path = tmp_path / "evaluation.npz"
    write_evaluation(path, Evaluation(PROBABILITIES, LABELS, LOSS), step, MATRICES)
    found = read_evaluation(path).before
    assert (None if found is None else found[0]) == before
    if found is not None:
        assert np.array_equal(found[1], MATRICES[found[0]])


def test_a_file_of_an_earlier_version_has_answers_alone(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    np.savez(path, probabilities=PROBABILITIES, labels=LABELS)
    stored = read_evaluation(path)
    assert stored.evaluation.loss == pytest.approx(LOSS)
    assert (stored.step, stored.before) == (None, None)


def test_the_newest_matrices_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluations, "MOST_BYTES", 2 * 4 * 4)
    kept = newest({step: np.full((2, 2), step) for step in (30, 10, 20)})
    assert list(kept) == [20, 30]
    assert newest({}) == {}
    monkeypatch.setattr(evaluations, "MOST_BYTES", 1)
    assert newest(MATRICES) == {}


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"PK\x03\x04 cut short"])
def test_a_broken_file_gets_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "evaluation.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"evaluation\.npz: cannot be read"):
        read_evaluation(path)


def test_arrays_that_do_not_fit_get_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.npz"
    np.savez(path, probabilities=PROBABILITIES, labels=LABELS[:2])
    with pytest.raises(InputError, match="do not fit together"):
        read_evaluation(path)
