"""Convolution."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.initializers import he_normal
from nn.layers.base import Layer, LayerConfig, Padding, Size, require_map, show_size
from nn.ops.convolution import choose
from nn.ops.windows import borders, output_size
from nn.schema import InputError, setting
from nn.types import Array, Shape


class Conv2D(LayerConfig):
    """Filters that slide over a map: y = w ⋆ x + b, with one output channel a filter.

    Maps (H, W, C) become (rows, columns, filters); weights are (filters, kernel height, kernel
    width, C). Goodfellow, Bengio and Courville, "Deep Learning" (2016), chapter 9.
    """

    kind: Literal["conv2d"] = "conv2d"
    filters: int = setting(32, "how many filters, and so output channels", ge=1, le=4096)
    kernel_size: Size = setting(5, "height and width of the kernel: 5 or 3x5")
    stride: Size = setting(1, "how far the kernel moves: 1, 2 or 2x1")
    padding: Padding = setting("same", "same, valid or a number of zeros on each side")
    algorithm: Literal["auto", "gemm", "einsum"] = setting(
        "auto", "how it is computed; auto takes the fastest"
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        """The maps' new height and width, and one channel a filter."""
        height, width, _ = require_map(input_shape)
        rows, columns = output_size((height, width), self.kernel_size, self.stride, self.padding)
        if rows < 1 or columns < 1:
            raise InputError(
                f"its {show_size(self.kernel_size)} kernel does not fit into its "
                f"{show_size((height, width))} input; use a smaller kernel or padding same"
            )
        return rows, columns, self.filters

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights and biases."""
        return {
            "weights": (self.filters, *self.kernel_size, input_shape[2]),
            "biases": (self.filters,),
        }

    def multiply_adds(self, input_shape: Shape) -> int:
        """One for each weight at each output position."""
        rows, columns, _ = self.output_shape(input_shape)
        return rows * columns * prod(self.parameter_shapes(input_shape)["weights"])

    def describe(self) -> str:
        """For example: 32 of 5×5, same."""
        stride = "" if self.stride == (1, 1) else f", stride {show_size(self.stride)}"
        return f"{self.filters} of {show_size(self.kernel_size)}, {self.padding}{stride}"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Conv2D(self, input_shape, dtype)


class _Conv2D(Layer):
    def __init__(self, config: Conv2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._stride = config.stride
        self._convolution = choose(config.algorithm)
        height, width, self._channels = require_map(input_shape)
        (top, bottom), (left, right) = borders(
            (height, width), config.kernel_size, config.stride, config.padding
        )
        self._inside = (slice(top, top + height), slice(left, left + width))
        self._padded_size = (height + top + bottom, width + left + right)
        self._padded: Array | None = None

    def initialize(self, rng: np.random.Generator) -> None:
        weights = self.parameters["weights"]
        weights[...] = he_normal(weights.shape, prod(weights.shape[1:]), rng, weights.dtype)

    def forward(self, x: Array, *, training: bool) -> Array:
        n = x.shape[-1]
        padded = self.buffers("padded input", *self._padded_size, self._channels, n)
        padded.fill(0)
        padded[self._inside] = x
        self._padded = padded
        y = self.buffers("output", *self.output_shape, n)
        self._convolution.forward(padded, self.parameters["weights"], self._stride, self.buffers, y)
        y += self.parameters["biases"][:, None]
        return y

    def backward_parameters(self, dy: Array) -> None:
        assert self._padded is not None, "backward follows forward"
        self._convolution.weight_gradient(
            self._padded, dy, self._stride, self.buffers, self.gradients["weights"]
        )
        np.sum(dy, axis=(0, 1, 3), out=self.gradients["biases"])

    def backward(self, dy: Array) -> Array:
        self.backward_parameters(dy)
        dx = self.buffers("input gradient", *self._padded_size, self._channels, dy.shape[-1])
        self._convolution.input_gradient(
            dy, self.parameters["weights"], self._stride, self.buffers, dx
        )
        return dx[self._inside]
