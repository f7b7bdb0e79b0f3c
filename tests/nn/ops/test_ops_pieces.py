"""Pieces of maps: together they are the maps, and each is of a good size."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn.ops.pieces import (
    CACHED,
    FEWEST,
    SMALLEST,
    Piece,
    Plain,
    as_maps,
    by_channel,
    by_position,
    channel_sums,
    pieces_of,
    spans,
)
from nn.ops.windows import Pair

sizes = st.tuples(st.integers(1, 50), st.integers(1, 50))
aligned = st.tuples(st.integers(1, 9), st.integers(1, 9))
some_bytes = st.integers(1, 4096) | st.integers(1, 4 * CACHED)


def assert_all_of_it(pieces: Sequence[Piece], size: Pair, channels: int) -> None:
    """Each value is in one piece."""
    times = np.zeros((*size, channels), int)
    for at in pieces:
        part = at.of(times)
        assert part.size > 0
        assert part.shape == at.shape
        part += 1
    assert (times == 1).all()


@given(sizes, st.integers(1, 5), some_bytes, aligned)
def test_positions(size: Pair, channels: int, position_bytes: int, align: Pair) -> None:
    pieces = by_position(size, channels, position_bytes, align)
    assert_all_of_it(pieces, size, channels)
    assert [at.number for at in pieces] == list(range(len(pieces)))
    for at in pieces:
        assert at.channels == slice(0, channels)
        for side, step, whole in zip((at.rows, at.columns), align, size, strict=True):
            assert side.start % step == 0
            assert side.stop % step == 0 or side.stop == whole
        rows, columns, _ = at.shape
        least = align[0] * align[1]
        assert rows * columns * position_bytes <= max(CACHED, least * position_bytes)


@given(sizes, st.integers(1000, 4 * CACHED))
def test_positions_are_work_for_several_threads(size: Pair, position_bytes: int) -> None:
    pieces, positions = by_position(size, 1, position_bytes), size[0] * size[1]
    if positions * position_bytes >= FEWEST * SMALLEST:
        assert len(pieces) >= min(FEWEST, positions)


@given(sizes, st.integers(1, 300), some_bytes)
def test_channels(size: Pair, channels: int, channel_bytes: int) -> None:
    pieces = by_channel(size, channels, channel_bytes)
    assert_all_of_it(pieces, size, channels)
    for at in pieces:
        assert at.number == 0
        assert at.shape[:2] == size
        assert at.shape[2] * channel_bytes <= max(CACHED, channel_bytes)
    if channel_bytes >= 1000 and channels * channel_bytes >= FEWEST * SMALLEST:
        assert len(pieces) >= min(FEWEST, channels)


@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 300)),
    st.sampled_from([4, 8]),
    aligned,
)
def test_any_maps(shape: tuple[int, int, int, int], itemsize: int, align: Pair) -> None:
    assert_all_of_it(pieces_of(shape, itemsize, align), shape[:2], shape[2])


def test_few_values_are_one_piece_and_many_are_several() -> None:
    assert len(pieces_of((4, 4, 8, 16), 4)) == 1
    assert len(pieces_of((28, 28, 32, 128), 4)) > FEWEST
    assert len(pieces_of((1, 1, 4096, 128), 4)) == FEWEST


@given(st.integers(0, 500), st.integers(1, 60))
def test_spans(count: int, most: int) -> None:
    found = spans(count, most)
    assert [number for span in found for number in range(count)[span]] == list(range(count))
    lengths = [span.stop - span.start for span in found]
    assert len(lengths) == ceil(count / most)
    assert all(0 < length <= most for length in lengths)
    assert len(set(lengths[:-1])) <= 1


def test_a_piece_is_a_view() -> None:
    maps = np.zeros((4, 5, 3, 2))
    at = Piece(0, slice(1, 3), slice(0, 5), slice(2, 3))
    at.of(maps)[...] = 1
    assert at.shape == (2, 5, 1)
    assert maps.sum() == maps[1:3, :, 2].sum() == 20


def test_vectors_are_maps_of_one_position() -> None:
    vectors = np.arange(6.0).reshape(3, 2)
    assert_array_equal(as_maps(vectors), vectors.reshape(1, 1, 3, 2))
    assert np.shares_memory(as_maps(vectors), vectors)
    maps = vectors.reshape(1, 3, 1, 2)
    assert as_maps(maps) is maps


@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (1, 1, 7, 2), (2, 3, 1, 1)])
def test_sums_of_channels(shape: tuple[int, ...]) -> None:
    maps = np.random.default_rng(0).standard_normal(shape)
    for some in (maps, maps[:, :, ::2], maps[::-1]):
        kept = some.copy()
        sums = channel_sums(some)
        assert_allclose(sums, some.sum(axis=(0, 1, 3)), rtol=1e-12, atol=1e-12)
        channel_sums(some + 1)
        assert_allclose(sums, kept.sum(axis=(0, 1, 3)), rtol=1e-12, atol=1e-12)
        assert_array_equal(some, kept)


def test_with_nothing_behind_a_piece_is_where_it_belongs() -> None:
    y, dy = np.zeros((4, 4, 2, 3)), np.random.default_rng(0).random((4, 4, 2, 3))
    tail, at = Plain(y, dy), Piece(0, slice(0, 2), slice(1, 4), slice(0, 2))
    room = tail.room(at)
    room[...] = 7
    tail.finish(at, room)
    assert y.sum() == y[:2, 1:].sum() == 7 * 36
    assert_array_equal(tail.gradient(at), dy[:2, 1:])
