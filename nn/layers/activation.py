"""Activations: what happens to each value by itself."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig
from nn.types import Array, Shape


class ReLU(LayerConfig):
    """Negative values become zero: y = max(x, 0), with gradient 1 where x > 0, else 0.

    Glorot, Bordes and Bengio, "Deep Sparse Rectifier Neural Networks" (2011).
    """

    kind: Literal["relu"] = "relu"

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own shape."""
        return input_shape

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _ReLU(self, input_shape, dtype)


class _ReLU(Layer):
    _y: Array | None = None

    def forward(self, x: Array, *, training: bool) -> Array:
        self._y = np.maximum(x, 0, out=self.buffers("output", *x.shape))
        return self._y

    def backward(self, dy: Array) -> Array:
        assert self._y is not None, "backward follows forward"
        passed = np.greater(self._y, 0, out=self.buffers("passed", *dy.shape, dtype=bool))
        dx: Array = self.buffers("input gradient", *dy.shape)
        np.multiply(dy, passed, out=dx)
        return dx
