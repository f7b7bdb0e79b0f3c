"""Convolution."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.initializers import InitializerName, initialize
from nn.layers.activation import ActivationName, activation
from nn.layers.base import Layer, LayerConfig, Padding, PiecewiseLayer, Size, require_map, show_size
from nn.layers.bias import Bias
from nn.layers.stages import Operation, Source
from nn.ops.algorithms import choose
from nn.ops.convolution import Convolution, Geometry, Grid
from nn.ops.pieces import Tail
from nn.ops.windows import extent, frame, output_size
from nn.schema import InputError, setting
from nn.types import Array, Shape


class Conv2D(LayerConfig):
    """Filters that slide over a map: y = w ⋆ x + b, with one output channel a filter.

    Maps (H, W, C) become (rows, columns, filters); weights are (filters, kernel height, kernel
    width, C / groups). As many groups as channels make it depthwise. Goodfellow, Bengio and
    Courville, "Deep Learning" (2016), chapter 9; dilation: Yu and Koltun, "Multi-Scale Context
    Aggregation by Dilated Convolutions" (2016).
    """

    kind: Literal["conv2d"] = "conv2d"
    filters: int = setting(32, "how many filters, and so output channels", ge=1, le=4096)
    kernel_size: Size = setting((5, 5), "height and width of the kernel: 5 or 3x5")
    stride: Size = setting((1, 1), "how far the kernel moves: 1, 2 or 2x1")
    padding: Padding = setting("same", "same, valid or a number of zeros on each side")
    dilation: Size = setting((1, 1), "how far the kernel's positions are apart: 1 is side by side")
    groups: int = setting(
        1, "parts that see only their own channels; as many as channels: depthwise", ge=1, le=4096
    )
    activation: ActivationName = setting("none", "what happens to each output")
    initializer: InitializerName = setting(
        "auto", "how the weights start; auto goes by the activation"
    )
    algorithm: Literal["auto", "gemm", "fft", "einsum"] = setting(
        "auto", "how it is computed: the results are the same, and auto takes the fastest"
    )

    @property
    def grid(self) -> Grid:
        """Which inputs meet which weights."""
        return Grid(self.stride, self.dilation, self.groups)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The maps' new height and width, and one channel a filter."""
        height, width, channels = require_map(input_shape)
        for count, what in ((channels, "input channels"), (self.filters, "filters")):
            if count % self.groups:
                raise InputError(
                    f"its {count} {what} do not divide into {self.groups} groups; "
                    f"use groups that divide both {channels} channels and {self.filters} filters"
                )
        if self.algorithm == "fft" and self.grid != Grid():
            raise InputError(
                "its algorithm fft needs stride 1, dilation 1 and one group; use auto or gemm"
            )
        covered = extent(self.kernel_size, self.dilation)
        rows, columns = output_size((height, width), covered, self.stride, self.padding)
        if rows < 1 or columns < 1:
            apart = "" if covered == self.kernel_size else f", spread over {show_size(covered)},"
            raise InputError(
                f"its {show_size(self.kernel_size)} kernel{apart} does not fit into its "
                f"{show_size((height, width))} input; use a smaller kernel or padding same"
            )
        return rows, columns, self.filters

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights and biases."""
        return {
            "weights": (self.filters, *self.kernel_size, input_shape[2] // self.groups),
            "biases": (self.filters,),
        }

    def multiply_adds(self, input_shape: Shape) -> int:
        """One for each weight at each output position."""
        rows, columns, _ = self.output_shape(input_shape)
        return rows * columns * prod(self.parameter_shapes(input_shape)["weights"])

    def values_kept(self, input_shape: Shape) -> int:
        """The output, and once more what the activation makes of it."""
        return prod(self.output_shape(input_shape)) * (1 if self.activation == "none" else 2)

    def describe(self) -> str:
        """For example: 32 of 5×5, same."""
        words = [f"{self.filters} of {show_size(self.kernel_size)}", str(self.padding)]
        if self.stride != (1, 1):
            words.append(f"stride {show_size(self.stride)}")
        if self.dilation != (1, 1):
            words.append(f"dilation {show_size(self.dilation)}")
        if self.groups > 1:
            words.append(f"{self.groups} groups")
        if self.activation != "none":
            words.append(self.activation)
        return ", ".join(words)

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Conv2D(self, input_shape, dtype)


class _Conv2D(PiecewiseLayer):
    def __init__(self, config: Conv2D, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._config = config
        height, width, channels = input_shape
        covered = extent(config.kernel_size, config.dilation)
        around = frame((height, width), covered, config.stride, config.padding)
        geometry = Geometry(around, config.grid, config.kernel_size, channels, config.filters)
        convolution = choose(config.algorithm, geometry, self.buffers)
        last = activation(config.activation).build(self.output_shape, dtype)
        self._made_of = _Convolve(self, convolution), Bias(self), *last.operations

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self._made_of

    def initialize(self, rng: np.random.Generator) -> None:
        weights = self.parameters["weights"]
        filters, *kernel, channels = weights.shape
        fans = prod(kernel) * channels, prod(kernel) * filters // self._config.groups
        initialize(weights, self._config.initializer, self._config.activation, fans, rng)


class _Convolve(Source):
    def __init__(self, layer: Layer, convolution: Convolution) -> None:
        self.output_shape = layer.output_shape
        self.convolution = convolution
        self._weights, self._gradient = layer.parameters["weights"], layer.gradients["weights"]

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        self.convolution.forward(x, self._weights, tail)

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        return self.convolution.backward(
            tail, self._weights, self._gradient, wants_input=wants_input
        )
