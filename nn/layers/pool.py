"""Pooling."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import product
from math import inf
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig, Padding, PiecewiseLayer, Size, require_map, show_size
from nn.layers.stages import Local, Source
from nn.ops.buffers import Buffers
from nn.ops.pieces import Piece, Tail, by_channel
from nn.ops.threads import each, scratch
from nn.ops.windows import Pair, frame, output_size, tap
from nn.schema import InputError, setting
from nn.types import Array, Shape


class Pool2D(LayerConfig):
    """Windows that slide over each channel of a map by itself."""

    pool_size: Size = setting((2, 2), "height and width of the window: 2 or 2x3")
    stride: Size = setting((2, 2), "how far the window moves: 2 or 2x1")
    padding: Padding = setting("valid", "valid, same or a number of rows that count for nothing")

    def output_shape(self, input_shape: Shape) -> Shape:
        """The maps' new height and width; windows that would leave the map are dropped."""
        height, width, channels = require_map(input_shape)
        if isinstance(self.padding, int) and self.padding >= min(self.pool_size):
            raise InputError(
                f"its padding of {self.padding} leaves {show_size(self.pool_size)} windows without "
                f"any input; use {min(self.pool_size) - 1} or less"
            )
        rows, columns = output_size((height, width), self.pool_size, self.stride, self.padding)
        if rows < 1 or columns < 1:
            raise InputError(
                f"its {show_size(self.pool_size)} window does not fit into its "
                f"{show_size((height, width))} input; drop it or use a smaller window"
            )
        return rows, columns, channels

    def describe(self) -> str:
        """For example: 2×2, and what differs from windows side by side."""
        stride = "" if self.stride == self.pool_size else f", stride {show_size(self.stride)}"
        padding = "" if self.padding == "valid" else f", {self.padding}"
        return show_size(self.pool_size) + padding + stride


class _Windows:
    """A pooling's windows, and what each of their positions sees of maps."""

    def __init__(self, config: Pool2D, input_shape: Shape) -> None:
        size = input_shape[0], input_shape[1]
        self.size, self.stride = config.pool_size, config.stride
        self.frame = frame(size, config.pool_size, config.stride, config.padding)
        height, width = config.pool_size
        self.positions = list(product(range(height), range(width)))
        apart = all(s >= p for s, p in zip(config.stride, config.pool_size, strict=True))
        self.side_by_side = apart and self.frame.size == size

    def seen(self, maps: Array, outputs: tuple[int, ...]) -> Iterator[Array]:
        """What each position of so many rows and columns of windows sees."""
        for position in self.positions:
            yield tap(maps, position, (outputs[0], outputs[1]), self.stride)

    def cover(self, size: Pair) -> bool:
        """Whether windows that lie side by side leave nothing out of maps of that size."""
        return self.stride == self.size and all(
            extent % step == 0 for extent, step in zip(size, self.stride, strict=True)
        )


class _SideBySide(PiecewiseLayer, Local):
    """Pooling of windows that share nothing: a piece of the input makes a piece of the output."""

    in_place = False

    def __init__(self, config: Pool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._windows = _Windows(config, input_shape)
        self.shrinks = config.stride
        self._covered = self._windows.cover((input_shape[0], input_shape[1]))

    def resized(self, size: Pair) -> Pair:
        return self.output_shape[0], self.output_shape[1]

    def placed(self, at: Piece) -> Piece:
        return at.pooled(self._windows.size, self._windows.stride)

    def _cleared(self, dx: Array) -> None:
        if not self._covered:
            dx.fill(0)


class _OneOverOther(PiecewiseLayer, Source):
    """Pooling of windows that share values or reach over the edge: all rows and columns at once,
    channel by channel."""

    _n = 0

    def __init__(self, config: Pool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._windows = _Windows(config, input_shape)

    def _pieces(self, n: int) -> tuple[Piece, ...]:
        *size, channels = self.output_shape
        height, width = self._windows.frame.size
        channel = height * width * n * self.buffers.dtype.itemsize
        return by_channel((size[0], size[1]), channels, channel)

    def _padded(self, x: Array, value: float) -> Array:
        """Some channels in their frame."""
        around = self._windows.frame
        if around.size == x.shape[:2]:
            return x
        padded = scratch(x.dtype)("padded", *around.size, *x.shape[2:])
        padded.fill(value)
        padded[around.inside] = x
        return padded

    def _padded_gradient(self, dy: Array) -> Array:
        dx: Array = scratch(dy.dtype)("padded", *self._windows.frame.size, *dy.shape[2:])
        dx.fill(0)
        return dx

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        if not wants_input:
            return None
        n = self._n
        dx: Array = self.buffers("input gradient", *self.input_shape, n)

        def work(at: Piece) -> None:
            dy = tail.gradient(at)
            padded = self._padded_gradient(dy)
            self._give_back(dy, padded, at)
            np.copyto(dx[:, :, at.channels], padded[self._windows.frame.inside])

        each(work, self._pieces(n))
        return dx

    @abstractmethod
    def _give_back(self, dy: Array, dx: Array, at: Piece) -> None:
        """Add the output's gradient to the padded input's."""


class MaxPool2D(Pool2D):
    """The largest value of each window: y[i, j, c] = max over a, b of x[i s + a, j t + b, c].

    Padding is never the largest. The gradient goes to the first position that holds the maximum, as
    in PyTorch and TensorFlow. Goodfellow, Bengio and Courville, "Deep Learning" (2016), section
    9.3.
    """

    kind: Literal["max_pool2d"] = "max_pool2d"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        apart = _Windows(self, input_shape).side_by_side
        return (_MaxSideBySide if apart else _MaxOneOverOther)(self, input_shape, dtype)


class _Winners:
    """Which positions of the windows held the maximum, as a comparison with each further one."""

    def __init__(self, windows: _Windows, buffers: Buffers) -> None:
        self._windows, self._buffers = windows, buffers
        self._won: npt.NDArray[np.bool_] | None = None

    def begin(self, shape: Shape, *, training: bool) -> None:
        """Make room for outputs (H, W, C, N); in inference nobody asks."""
        further = len(self._windows.positions) - 1
        self._won = self._buffers("won", further, *shape, dtype=bool) if training else None

    def take_maxima(self, x: Array, y: Array, at: Piece) -> None:
        """y = the maxima; a further position wins only if it is above all before it."""
        largest, *others = self._windows.seen(x, y.shape)
        for number, values in enumerate(others):
            if self._won is not None:
                np.greater(values, largest, out=at.of(self._won[number]))
            largest = np.maximum(largest, values, out=y)
        if not others:
            np.copyto(y, largest)

    def give_back(self, dy: Array, dx: Array, at: Piece, *, add: bool) -> None:
        """Each window's gradient to the last position that won."""
        assert self._won is not None, "backward follows a forward in training"
        buffers = scratch(dy.dtype)
        left, share = dy, buffers("share", *dy.shape)
        first, *others = self._windows.seen(dx, dy.shape)
        for number in reversed(range(len(others))):
            share = share if add else others[number]
            np.multiply(left, at.of(self._won[number]), out=share)
            if add:
                others[number] += share
            left = np.subtract(left, share, out=buffers("left", *dy.shape))
        if add:
            first += left
        else:
            np.copyto(first, left)


class _MaxSideBySide(_SideBySide):
    takes_maxima = True

    def __init__(self, config: MaxPool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._winners = _Winners(self._windows, self.buffers)

    def begin(self, shape: Shape, *, training: bool) -> None:
        self._winners.begin(shape, training=training)

    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        self._winners.take_maxima(x, y, at)

    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        self._cleared(dx)
        self._winners.give_back(dy, dx, at, add=False)


class _MaxOneOverOther(_OneOverOther):
    def __init__(self, config: MaxPool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._winners = _Winners(self._windows, self.buffers)

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        self._n = x.shape[-1]
        self._winners.begin((*self.output_shape, self._n), training=training)

        def work(at: Piece) -> None:
            piece = tail.room(at)
            self._winners.take_maxima(self._padded(x[:, :, at.channels], -inf), piece, at)
            tail.finish(at, piece)

        each(work, self._pieces(self._n))

    def _give_back(self, dy: Array, dx: Array, at: Piece) -> None:
        self._winners.give_back(dy, dx, at, add=True)


class AvgPool2D(Pool2D):
    """The mean of each window: y[i, j, c] = mean over a, b of x[i s + a, j t + b, c].

    Padding does not count: at an edge it is the mean of the values that are there, as in Keras and
    in PyTorch with `count_include_pad=False`. LeCun et al., "Gradient-Based Learning Applied to
    Document Recognition" (1998), section II.
    """

    kind: Literal["avg_pool2d"] = "avg_pool2d"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        apart = _Windows(self, input_shape).side_by_side
        return (_AvgSideBySide if apart else _AvgOneOverOther)(self, input_shape, dtype)


class _AvgSideBySide(_SideBySide):
    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        first, *others = self._windows.seen(x, y.shape)
        np.copyto(y, first)
        for values in others:
            y += values
        y /= len(self._windows.positions)

    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        self._cleared(dx)
        share = scratch(dy.dtype)("share", *dy.shape)
        np.divide(dy, len(self._windows.positions), out=share)
        for values in self._windows.seen(dx, dy.shape):
            np.copyto(values, share)


class _AvgOneOverOther(_OneOverOther):
    def __init__(self, config: AvgPool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        ones = self._windows.frame.pad(np.ones((*input_shape[:2], 1, 1), dtype), 0, self.buffers)
        self._counts: Array = np.sum(list(self._windows.seen(ones, self.output_shape)), axis=0)

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        self._n = x.shape[-1]

        def work(at: Piece) -> None:
            piece = tail.room(at)
            piece.fill(0)
            for values in self._windows.seen(self._padded(x[:, :, at.channels], 0), piece.shape):
                piece += values
            piece /= self._counts
            tail.finish(at, piece)

        each(work, self._pieces(self._n))

    def _give_back(self, dy: Array, dx: Array, at: Piece) -> None:
        share = scratch(dy.dtype)("share", *dy.shape)
        np.divide(dy, self._counts, out=share)
        for values in self._windows.seen(dx, dy.shape):
            values += share


class GlobalAvgPool2D(LayerConfig):
    """The mean of each channel: maps (H, W, C) become vectors (C,), in place of flatten.

    Lin, Chen and Yan, "Network In Network" (2014), section 3.2.
    """

    kind: Literal["global_avg_pool2d"] = "global_avg_pool2d"

    def output_shape(self, input_shape: Shape) -> Shape:
        """One value a channel."""
        return (require_map(input_shape)[2],)

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _GlobalAvgPool2D(self, input_shape, dtype)


class _GlobalAvgPool2D(PiecewiseLayer, Source):
    _n = 0

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        self._n = x.shape[-1]

        def work(at: Piece) -> None:
            piece = tail.room(at)
            np.add.reduce(x[:, :, at.channels], axis=(0, 1), out=piece[0, 0])
            piece /= self._count
            tail.finish(at, piece)

        each(work, self._pieces)

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        dx: Array = self.buffers("input gradient", *self.input_shape, self._n)

        def work(at: Piece) -> None:
            share = scratch(dx.dtype)("share", *at.shape[2:], self._n)
            np.divide(tail.gradient(at)[0, 0], self._count, out=share)
            np.copyto(dx[:, :, at.channels], share)

        each(work, self._pieces)
        return dx

    @property
    def _count(self) -> int:
        return self.input_shape[0] * self.input_shape[1]

    @property
    def _pieces(self) -> tuple[Piece, ...]:
        channel = self._count * self._n * self.buffers.dtype.itemsize
        return by_channel((1, 1), self.input_shape[2], channel)
