"""The nearest images against measuring every distance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn import neighbours
from nn.neighbours import nearest


@pytest.mark.parametrize("chunk", [1, 1000, 1 << 24])
def test_the_nearest_are_those_of_measuring_each(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "CHUNK_BYTES", chunk)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 4, 3, 3), np.uint8)
    wanted = np.concatenate([images[[7]], rng.integers(0, 256, (2, 4, 3, 3), np.uint8)])
    indices, distances = nearest(images, wanted, 5)
    for one, found, measured in zip(wanted, indices, distances, strict=True):
        plain = [np.linalg.norm(one / 255 - each / 255) for each in images]
        expected = sorted(range(50), key=plain.__getitem__)[:5]
        assert_array_equal(found, expected)
        assert_allclose(measured, [plain[index] for index in expected], rtol=1e-9)
    assert distances[0, 0] == 0


def test_of_equals_the_first_comes_first() -> None:
    images = np.full((40, 2, 2, 1), 255, np.uint8)
    indices, distances = nearest(images, np.zeros((1, 2, 2, 1), np.uint8), 3)
    assert indices.tolist() == [[0, 1, 2]]
    assert distances.tolist() == [[2, 2, 2]]


def test_there_may_be_fewer_than_wanted() -> None:
    indices, distances = nearest(np.zeros((2, 1), np.uint8), np.zeros((3, 1), np.uint8), 9)
    assert indices.tolist() == [[0, 1]] * 3
    assert distances.shape == (3, 2)
    none, _ = nearest(np.zeros((0, 1), np.uint8), np.zeros((1, 1), np.uint8), 9)
    assert none.shape == (1, 0)
