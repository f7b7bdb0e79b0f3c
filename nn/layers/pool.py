"""Pooling."""

from __future__ import annotations

from itertools import product
from math import inf
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig, Padding, Size, require_map, show_size
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


class _Pool2D(Layer):
    def __init__(self, config: Pool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        size = input_shape[0], input_shape[1]
        self._stride = config.stride
        self._frame = frame(size, config.pool_size, config.stride, config.padding)
        height, width = config.pool_size
        self._positions = list(product(range(height), range(width)))
        self._apart = all(s >= p for s, p in zip(config.stride, config.pool_size, strict=True))

    def _tap(self, maps: Array, position: Pair) -> Array:
        """What one position of the windows sees of padded maps."""
        return tap(maps, position, (self.output_shape[0], self.output_shape[1]), self._stride)

    def _padded_gradient(self, n: int) -> Array:
        dx = self.buffers("input gradient", *self._frame.size, self.input_shape[2], n)
        dx.fill(0)
        return dx


class MaxPool2D(Pool2D):
    """The largest value of each window: y[i, j, c] = max over a, b of x[i s + a, j t + b, c].

    Padding is never the largest. The gradient goes to the first position that holds the maximum, as
    in PyTorch and TensorFlow. Goodfellow, Bengio and Courville, "Deep Learning" (2016), section
    9.3.
    """

    kind: Literal["max_pool2d"] = "max_pool2d"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _MaxPool2D(self, input_shape, dtype)


class _MaxPool2D(_Pool2D):
    _x: Array | None = None
    _y: Array | None = None

    def forward(self, x: Array, *, training: bool) -> Array:
        x = self._frame.pad(x, -inf, self.buffers)
        y = self.buffers("output", *self.output_shape, x.shape[-1])
        first, *rest = (self._tap(x, position) for position in self._positions)
        np.copyto(y, first)
        for values in rest:
            np.maximum(y, values, out=y)
        self._x, self._y = x, y
        return y

    def backward(self, dy: Array) -> Array:
        assert self._x is not None, "backward follows forward"
        assert self._y is not None
        dx = self._padded_gradient(dy.shape[-1])
        share = self.buffers("share", *dy.shape)
        won = self.buffers("won", *dy.shape, dtype=bool)
        taken = self.buffers("taken", *dy.shape, dtype=bool)
        taken.fill(False)
        for position in self._positions:
            np.equal(self._tap(self._x, position), self._y, out=won)
            np.greater(won, taken, out=won)
            np.logical_or(taken, won, out=taken)
            target = self._tap(dx, position)
            if self._apart:
                np.multiply(dy, won, out=target)
            else:
                target += np.multiply(dy, won, out=share)
        return dx[self._frame.inside]


class AvgPool2D(Pool2D):
    """The mean of each window: y[i, j, c] = mean over a, b of x[i s + a, j t + b, c].

    Padding does not count: at an edge it is the mean of the values that are there, as in Keras and
    in PyTorch with `count_include_pad=False`. LeCun et al., "Gradient-Based Learning Applied to
    Document Recognition" (1998), section II.
    """

    kind: Literal["avg_pool2d"] = "avg_pool2d"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _AvgPool2D(self, input_shape, dtype)


class _AvgPool2D(_Pool2D):
    def __init__(self, config: AvgPool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        ones = self._frame.pad(np.ones((*input_shape[:2], 1, 1), dtype), 0, self.buffers)
        taps = [self._tap(ones, position) for position in self._positions]
        self._counts: Array = np.sum(taps, axis=0)

    def forward(self, x: Array, *, training: bool) -> Array:
        x = self._frame.pad(x, 0, self.buffers)
        y = self.buffers("output", *self.output_shape, x.shape[-1])
        y.fill(0)
        for position in self._positions:
            y += self._tap(x, position)
        y /= self._counts
        return y

    def backward(self, dy: Array) -> Array:
        dx = self._padded_gradient(dy.shape[-1])
        share = np.divide(dy, self._counts, out=self.buffers("share", *dy.shape))
        for position in self._positions:
            target = self._tap(dx, position)
            target += share
        return dx[self._frame.inside]


class GlobalAvgPool2D(LayerConfig):
    """The mean of each channel: y[c] = mean over i, j of x[i, j, c].

    Maps (H, W, C) become vectors (C,), in place of flatten.
    Lin, Chen and Yan, "Network In Network" (2014), section 3.2.
    """

    kind: Literal["global_avg_pool2d"] = "global_avg_pool2d"

    def output_shape(self, input_shape: Shape) -> Shape:
        """One value a channel."""
        return (require_map(input_shape)[2],)

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _GlobalAvgPool2D(self, input_shape, dtype)


class _GlobalAvgPool2D(Layer):
    def forward(self, x: Array, *, training: bool) -> Array:
        y = self.buffers("output", *self.output_shape, x.shape[-1])
        return np.mean(x, axis=(0, 1), out=y)

    def backward(self, dy: Array) -> Array:
        dx = self.buffers("input gradient", *self.input_shape, dy.shape[-1])
        dx[...] = dy
        dx /= self.input_shape[0] * self.input_shape[1]
        return dx
