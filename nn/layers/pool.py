"""Pooling."""

from __future__ import annotations

from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig, Size, require_map, show_size
from nn.ops.windows import output_size, tap
from nn.schema import InputError, setting
from nn.types import Array, Shape


class MaxPool2D(LayerConfig):
    """The largest value of each window: y[i, j, c] = max over a, b of x[i s + a, j t + b, c].

    The gradient goes to the first position that holds the maximum, as in PyTorch and TensorFlow.
    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 9.3.
    """

    kind: Literal["max_pool2d"] = "max_pool2d"
    pool_size: Size = setting(2, "height and width of the window: 2 or 2x3")
    stride: Size = setting(2, "how far the window moves: 2 or 2x1")

    def output_shape(self, input_shape: Shape) -> Shape:
        """The maps' new height and width; windows that would leave the map are dropped."""
        height, width, channels = require_map(input_shape)
        rows, columns = output_size((height, width), self.pool_size, self.stride, "valid")
        if rows < 1 or columns < 1:
            raise InputError(
                f"its {show_size(self.pool_size)} window does not fit into its "
                f"{show_size((height, width))} input; drop it or use a smaller window"
            )
        return rows, columns, channels

    def describe(self) -> str:
        """For example: 2×2."""
        stride = "" if self.stride == self.pool_size else f", stride {show_size(self.stride)}"
        return show_size(self.pool_size) + stride

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _MaxPool2D(self, input_shape, dtype)


class _MaxPool2D(Layer):
    _x: Array | None = None
    _y: Array | None = None

    def __init__(self, config: MaxPool2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._stride = config.stride
        height, width = config.pool_size
        self._positions = list(product(range(height), range(width)))
        self._apart = all(s >= p for s, p in zip(config.stride, config.pool_size, strict=True))
        self._size = (self.output_shape[0], self.output_shape[1])

    def forward(self, x: Array, *, training: bool) -> Array:
        y = self.buffers("output", *self.output_shape, x.shape[-1])
        first, *rest = (tap(x, p, self._size, self._stride) for p in self._positions)
        np.copyto(y, first)
        for values in rest:
            np.maximum(y, values, out=y)
        self._x, self._y = x, y
        return y

    def backward(self, dy: Array) -> Array:
        assert self._x is not None, "backward follows forward"
        assert self._y is not None
        dx = self.buffers("input gradient", *self._x.shape)
        dx.fill(0)
        share = self.buffers("share", *dy.shape)
        won = self.buffers("won", *dy.shape, dtype=bool)
        taken = self.buffers("taken", *dy.shape, dtype=bool)
        taken.fill(False)
        for position in self._positions:
            np.equal(tap(self._x, position, self._size, self._stride), self._y, out=won)
            np.greater(won, taken, out=won)
            np.logical_or(taken, won, out=taken)
            target = tap(dx, position, self._size, self._stride)
            if self._apart:
                np.multiply(dy, won, out=target)
            else:
                target += np.multiply(dy, won, out=share)
        return dx
