from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.ops.chunks import CHUNK, FEWEST, LARGEST, chunks, move_towards, norm


@pytest.mark.parametrize(
    "shape", [(), (3,), (2, 3), (CHUNK,), (3, CHUNK + 1), (13, CHUNK), (31 * CHUNK + 1,), (0,)]
)
def test_chunks_are_all_of_an_array_in_its_order(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).random(shape)
    parts = [part for (part,) in chunks(array)]
    assert_array_equal(np.concatenate([np.empty(0), *parts]), array.ravel())
    assert all(part.size == parts[0].size for part in parts[:-1]), "all but the last are alike"
    assert all(part.size <= LARGEST for part in parts)
    if array.size > FEWEST * CHUNK:
        assert len(parts) >= FEWEST
        assert parts[0].size > CHUNK
    else:
        assert all(part.size <= CHUNK for part in parts)
    for part in parts:
        part.fill(7)
    assert (array == 7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_norm_is_that_of_all_values_in_one_vector(dtype: type[np.floating]) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(dtype) for shape in ((3, CHUNK), (), (5,))]
    whole = np.concatenate([array.ravel() for array in arrays]).astype(np.float64)
    assert norm(arrays) == pytest.approx(np.sqrt((whole**2).sum()), rel=1e-12)


def test_norm_of_the_largest_and_of_the_smallest_float32() -> None:
    assert norm([np.full(4, 3e38, np.float32)]) == pytest.approx(6e38)
    assert norm([np.full(4, 1e-30, np.float32)]) == pytest.approx(2e-30)


def test_values_move_a_share_of_their_way() -> None:
    rng = np.random.default_rng(0)
    start = {"a": rng.normal(size=(2, CHUNK)), "b": rng.normal(size=3)}
    goals = {"a": rng.normal(size=(2, CHUNK)), "b": rng.normal(size=3), "other": rng.normal(size=2)}
    moved = {name: value.copy() for name, value in start.items()}
    kept = {name: value.copy() for name, value in goals.items()}
    move_towards(moved, goals, 0.25)
    for name, value in moved.items():
        assert_allclose(value, 0.75 * start[name] + 0.25 * goals[name], atol=1e-14)
    for name, value in goals.items():
        assert_array_equal(value, kept[name])
