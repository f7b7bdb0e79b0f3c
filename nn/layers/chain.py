"""Layers in a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig
from nn.layers.stages import Named, Stages
from nn.schema import InputError
from nn.types import Array, Shape

Value = TypeVar("Value")


@dataclass(frozen=True)
class Link:
    """A layer at its place in a row; its name is as in `1.conv2d`."""

    name: str
    config: LayerConfig
    input_shape: Shape
    output_shape: Shape


def links(layers: Sequence[LayerConfig], input_shape: Shape) -> Iterator[Link]:
    """Each layer with what goes in and what comes out, found without computing.

    Raises:
        InputError: at the first layer that cannot take what comes out of the one before.
    """
    shape = input_shape
    for number, layer in enumerate(layers, 1):
        try:
            output = layer.output_shape(shape)
        except InputError as error:
            raise InputError(f"layer {number} ({layer.kind}): {error}") from None
        yield Link(f"{number}.{layer.kind}", layer, shape, output)
        shape = output


class Chain:
    """Live layers in a row.

    `parameters`, `gradients` and `state` are those of the layers, as in `1.conv2d.weights`.
    """

    def __init__(
        self, layers: Sequence[LayerConfig], input_shape: Shape, dtype: npt.DTypeLike
    ) -> None:
        self.layers: list[Layer] = []
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.state: dict[str, Array] = {}
        operations: list[Named] = []
        for link in links(layers, input_shape):
            layer = link.config.build(link.input_shape, dtype)
            self.layers.append(layer)
            self.parameters |= named(link.name, layer.parameters)
            self.gradients |= named(link.name, layer.gradients)
            self.state |= named(link.name, layer.state)
            learns = bool(layer.parameters)
            operations += [Named(link.name, each, learns) for each in layer.operations]
        self.stages = Stages(operations, dtype)

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the starting parameters of one layer after the other."""
        for layer in self.layers:
            layer.initialize(rng)

    def draw_from(self, rng: np.random.Generator) -> None:
        """Give every layer the generator of the next training step."""
        for layer in self.layers:
            layer.draw_from(rng)

    def forward(self, x: Array, *, training: bool) -> Array:
        """The last layer's output."""
        return self.stages.forward(x, training=training)

    def backward(self, dy: Array) -> Array:
        """The gradient with respect to the input; writes `gradients`."""
        return self.stages.backward(dy)

    def backward_parameters(self, dy: Array) -> None:
        """Write `gradients` only."""
        self.stages.backward_parameters(dy)


def named(name: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """The same values, with a name before their own."""
    return {f"{name}.{key}": value for key, value in values.items()}
