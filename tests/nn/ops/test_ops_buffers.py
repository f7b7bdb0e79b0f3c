from __future__ import annotations

import numpy as np

from nn.ops.buffers import Buffers


def test_the_same_memory_comes_back_also_for_a_smaller_shape() -> None:
    buffers = Buffers(np.float32)
    first = buffers("a", 4, 3)
    assert first.shape == (4, 3)
    assert first.dtype == np.float32
    assert np.shares_memory(first, buffers("a", 4, 3))
    assert np.shares_memory(first, buffers("a", 2, 3))
    assert buffers("a", 2, 3).flags.c_contiguous


def test_a_larger_shape_gets_new_memory() -> None:
    buffers = Buffers(np.float32)
    first = buffers("a", 2)
    first[:] = 7
    assert not np.shares_memory(first, buffers("a", 3))
    assert first.tolist() == [7, 7]


def test_names_and_owners_are_apart() -> None:
    buffers = Buffers(np.float64)
    assert not np.shares_memory(buffers("a", 3), buffers("b", 3))
    assert not np.shares_memory(buffers("a", 3), Buffers(np.float64)("a", 3))


def test_bytes_held() -> None:
    buffers = Buffers(np.float64)
    buffers("a", 10)
    buffers("mask", 10, dtype=bool)
    assert buffers.nbytes == 10 * 8 + 10
