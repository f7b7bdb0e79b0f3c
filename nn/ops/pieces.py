"""Maps in pieces: what is computed at a time, small enough to stay in a core's own cache.

A layer that computes its output piece by piece hands each to whatever follows, which so finds it in
the cache: bias, activation and pooling cost far less than with maps that went to memory and back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import ceil
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nn.ops.threads import scratch
from nn.ops.windows import Pair
from nn.types import Array

CACHED = 2560 * 1024
"""Bytes of a piece and of what it is made of. A core's own cache would like smaller ones, but
Python's lock is taken between any two operations on them."""

FEWEST = 4
"""Into so many pieces even small maps are cut, so that several threads have work ..."""

SMALLEST = 512 * 1024
"""... unless the pieces would have fewer bytes than this: then calls, and handing work to a thread
that sleeps, cost more than arithmetic."""

WORTH = 4_000_000
"""Multiply-adds of a matrix product that are worth a thread's while, likewise."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Where a piece lies in maps (H, W, C, N); `number` counts the pieces of a position's plane."""

    number: int
    rows: slice
    columns: slice
    channels: slice
    _pooled: dict[tuple[Pair, Pair], Piece] = field(default_factory=dict, repr=False)

    def of(self, maps: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What lies there, as a view."""
        return maps[self.rows, self.columns, self.channels]

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns and channels."""
        rows, columns, channels = self.rows, self.columns, self.channels
        return (
            rows.stop - rows.start,
            columns.stop - columns.start,
            channels.stop - channels.start,
        )

    def pooled(self, size: Pair, stride: Pair) -> Piece:
        """Where the windows of that size lie that are in it, among all that begin every `stride`
        rows and columns."""
        found = self._pooled.get((size, stride))
        if found is None:
            rows, columns = (
                slice(span.start // step, (span.stop - extent) // step + 1)
                for span, extent, step in zip((self.rows, self.columns), size, stride, strict=True)
            )
            found = Piece(self.number, rows, columns, self.channels)
            self._pooled[size, stride] = found
        return found


class Tail(Protocol):
    """What follows a layer that computes its output piece by piece."""

    @property
    def align(self) -> Pair:
        """Pieces begin at multiples of so many rows and columns, or take the whole plane."""

    def room(self, at: Piece) -> Array:
        """Where that piece of the output belongs."""

    def finish(self, at: Piece, piece: Array) -> None:
        """Go on with a piece whose `room` has been filled."""

    def gradient(self, at: Piece) -> Array:
        """The loss's gradient with respect to that piece of the output; not to be changed."""


@dataclass(frozen=True)
class Plain:
    """Nothing follows: the output is kept in `y`, and its gradient is `dy`."""

    y: Array
    dy: Array | None = None
    align: Pair = (1, 1)

    def room(self, at: Piece) -> Array:
        """In the output."""
        return at.of(self.y)

    def finish(self, at: Piece, piece: Array) -> None:
        """It is where it belongs."""

    def gradient(self, at: Piece) -> Array:
        """As it was given."""
        assert self.dy is not None, "gradients need one to begin with"
        return at.of(self.dy)


@lru_cache(maxsize=1024)
def by_position(
    size: Pair, channels: int, position_bytes: int, align: Pair = (1, 1)
) -> tuple[Piece, ...]:
    """Pieces of some rows and columns with all channels, `position_bytes` at each position."""
    rows, columns = size
    wanted = min(CACHED, max(ceil(rows * columns * position_bytes / FEWEST), SMALLEST))
    positions = max(wanted // position_bytes, 1)
    wide = _aligned(min(columns, max(positions // align[0], 1)), align[1], columns)
    tall = _aligned(max(positions // wide, 1), align[0], rows)
    everything = slice(0, channels)
    places = [(i, j) for i in _spans(rows, tall) for j in _spans(columns, wide)]
    return tuple(Piece(k, i, j, everything) for k, (i, j) in enumerate(places))


@lru_cache(maxsize=1024)
def by_channel(size: Pair, channels: int, channel_bytes: int) -> tuple[Piece, ...]:
    """Pieces of some channels with all rows and columns, `channel_bytes` for each channel."""
    wanted = min(CACHED, max(ceil(channels * channel_bytes / FEWEST), SMALLEST))
    rows, columns = slice(0, size[0]), slice(0, size[1])
    some = _spans(channels, max(wanted // channel_bytes, 1))
    return tuple(Piece(0, rows, columns, span) for span in some)


def pieces_of(shape: tuple[int, ...], itemsize: int, align: Pair = (1, 1)) -> tuple[Piece, ...]:
    """Pieces of maps (H, W, C, N), of as few bytes as is good for work on each value."""
    height, width, channels, n = shape
    if height * width == 1:
        return by_channel((1, 1), channels, n * itemsize)
    return by_position((height, width), channels, channels * n * itemsize, align)


def as_maps(x: Array) -> Array:
    """Vectors (features, N) as maps (1, 1, features, N)."""
    return x if x.ndim == 4 else x[np.newaxis, np.newaxis]


def for_each_image(name: str, values: Array, n: int) -> Array:
    """A value of each channel, repeated: (channels, n), in this thread's own memory.

    With these, an operation on maps goes along all channels and images at once: along the images
    alone its runs would be short, and beginning one costs as much as twenty numbers.
    """
    wide: Array = scratch(values.dtype)(name, len(values), n)
    np.copyto(wide, values[:, np.newaxis])
    return wide


def channel_sums(maps: Array) -> Array:
    """The sum of each channel of maps (H, W, C, N), in float64: rows of memory first."""
    over_plane = scratch(maps.dtype)("over plane", *maps.shape[2:])
    np.add.reduce(maps, axis=(0, 1), out=over_plane)
    sums: Array = over_plane.sum(axis=1, dtype=np.float64)
    return sums


def by_work(count: int, multiply_adds: int, most: int, step: int = 1) -> list[slice]:
    """So many rows of a matrix product, or products, in at most so many spans worth a thread's
    while, of whole steps; `multiply_adds` is what all of them take."""
    parts = min(most, max(multiply_adds // WORTH, 1))
    return list(_spans(count, ceil(ceil(count / parts) / step) * step))


def spans(count: int, most: int) -> list[slice]:
    """So many things in spans of at most so many, all about as long."""
    return list(_spans(count, max(ceil(count / max(ceil(count / most), 1)), 1)))


def _spans(count: int, length: int) -> Iterator[slice]:
    for start in range(0, count, length):
        yield slice(start, min(start + length, count))


def _aligned(length: int, step: int, count: int) -> int:
    """A length in whole steps that deals `count` evenly."""
    most = max(length // step, 1) * step
    parts = ceil(count / most)
    return ceil(ceil(count / parts) / step) * step
