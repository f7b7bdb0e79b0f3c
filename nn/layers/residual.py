"""Blocks of layers with a way around them."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from nn.layers.activation import NoActivation, ReLU
from nn.layers.base import Layer, LayerConfig, PiecewiseLayer, show_shape
from nn.layers.chain import Chain, Link, links, named
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.stages import Source
from nn.ops.pieces import Piece, Tail, as_maps, pieces_of
from nn.ops.threads import each
from nn.schema import InputError, setting
from nn.types import Array, Shape

if TYPE_CHECKING:
    from nn.layers import AnyLayer


class Residual(LayerConfig):
    """Layers F and a shortcut S around them: y = F(x) + S(x).

    S(x) = x where F keeps the shape; otherwise S is a learned projection: a 1×1 convolution, with a
    stride where maps shrink, or a dense layer for vectors. He, Zhang, Ren and Sun, "Deep Residual
    Learning for Image Recognition" (2016), equations 1 and 2. Their blocks have a ReLU after the
    sum: put one behind this layer.
    """

    kind: Literal["residual"] = "residual"
    layers: tuple[AnyLayer, ...] = setting(
        (Conv2D(kernel_size=(3, 3)), ReLU(), Conv2D(kernel_size=(3, 3))),
        "the layers that the shortcut goes around, as in a configuration (JSON)",
        min_length=1,
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        """What comes out of the last of its layers."""
        return self.parts(input_shape)[-1].output_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Those of its layers and of the shortcut."""
        shapes: dict[str, Shape] = {}
        for part in self.parts(input_shape):
            shapes |= named(part.name, part.config.parameter_shapes(part.input_shape))
        return shapes

    def state_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Those of its layers."""
        shapes: dict[str, Shape] = {}
        for part in self.parts(input_shape):
            shapes |= named(part.name, part.config.state_shapes(part.input_shape))
        return shapes

    def multiply_adds(self, input_shape: Shape) -> int:
        """Those of its layers and of the shortcut."""
        return sum(part.config.multiply_adds(part.input_shape) for part in self.parts(input_shape))

    def values_kept(self, input_shape: Shape) -> int:
        """Those of its layers and of the shortcut."""
        return sum(part.config.values_kept(part.input_shape) for part in self.parts(input_shape))

    def describe(self) -> str:
        """For example: conv2d, relu, conv2d."""
        return shorten(", ".join(layer.kind for layer in self.layers), 40, placeholder=" …")

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Residual(self, input_shape, dtype)

    def shortcut(self, input_shape: Shape) -> LayerConfig:
        """The layer that goes around the others."""
        return self.parts(input_shape)[-1].config

    def parts(self, input_shape: Shape) -> list[Link]:
        """Its layers, and last the shortcut; their names stand before those of their arrays."""
        inner = list(links(self.layers, input_shape))
        output = inner[-1].output_shape
        return [*inner, Link("shortcut", _shortcut(input_shape, output), input_shape, output)]


def _shortcut(given: Shape, wanted: Shape) -> LayerConfig:
    """The layer that makes one shape of the other.

    Raises:
        InputError: if neither a dense layer nor a 1×1 convolution can.
    """
    if given == wanted:
        return NoActivation()
    if len(given) == len(wanted) == 1:
        return Dense(units=wanted[0], initializer="lecun_normal")
    if len(given) == len(wanted) == 3:
        # The smallest stride that makes ceil(size / stride) what is wanted, if any does.
        stride = -(-given[0] // wanted[0]), -(-given[1] // wanted[1])
        projection = Conv2D(
            filters=wanted[2],
            kernel_size=(1, 1),
            stride=stride,
            padding="valid",
            initializer="lecun_normal",
        )
        if projection.output_shape(given) == wanted:
            return projection
    raise InputError(
        f"its layers make {show_shape(wanted)} of {show_shape(given)}, which no shortcut can; "
        "use padding same in them, and flatten behind this layer"
    )


class _Residual(PiecewiseLayer, Source):
    def __init__(self, config: Residual, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._inner = Chain(config.layers, input_shape, dtype)
        self._shortcut = config.shortcut(input_shape).build(input_shape, dtype)
        self.parameters = self._inner.parameters | named("shortcut", self._shortcut.parameters)
        self.gradients = self._inner.gradients | named("shortcut", self._shortcut.gradients)
        self.state = self._inner.state

    def initialize(self, rng: np.random.Generator) -> None:
        self._inner.initialize(rng)
        self._shortcut.initialize(rng)

    def draw_from(self, rng: np.random.Generator) -> None:
        self._inner.draw_from(rng)

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        inner = as_maps(self._inner.forward(x, training=training))
        around = as_maps(self._shortcut.forward(x, training=training))
        self._n = x.shape[-1]

        def work(at: Piece) -> None:
            piece = tail.room(at)
            np.add(at.of(inner), at.of(around), out=piece)
            tail.finish(at, piece)

        each(work, pieces_of(inner.shape, inner.itemsize, tail.align))

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        dy = self.buffers("output gradient", *self.output_shape, self._n)
        maps = as_maps(dy)
        cut = pieces_of(maps.shape, maps.itemsize, tail.align)
        each(lambda at: np.copyto(at.of(maps), tail.gradient(at)), cut)
        if not wants_input:
            self._inner.backward_parameters(dy)
            self._shortcut.backward_parameters(dy)
            return None
        inner, around = self._inner.backward(dy), self._shortcut.backward(dy)
        dx: Array = self.buffers("input gradient", *inner.shape)
        total, shares = as_maps(dx), (as_maps(inner), as_maps(around))
        each(
            lambda at: np.add(at.of(shares[0]), at.of(shares[1]), out=at.of(total)),
            pieces_of(total.shape, total.itemsize),
        )
        return dx
