"""Layers that only change the shape."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig
from nn.types import Array, Shape


class Flatten(LayerConfig):
    """Maps (H, W, C) become vectors (H · W · C,), so that dense layers can follow."""

    kind: Literal["flatten"] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """The number of values in one example."""
        return (prod(input_shape),)

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Flatten(self, input_shape, dtype)


class _Flatten(Layer):
    def forward(self, x: Array, *, training: bool) -> Array:
        return x.reshape(*self.output_shape, x.shape[-1])

    def backward(self, dy: Array) -> Array:
        return dy.reshape(*self.input_shape, dy.shape[-1])
