"""What every layer is: a configuration that can be judged without computing, and its live twin.

A layer's configuration says which output it has for which input, how many parameters and
multiplications that takes, and builds the live layer, which owns parameters, gradients and buffers.

Inside the network values are batch-last: maps (H, W, C, N), vectors (features, N). Every window,
pooling position and slice of channels is then made of long runs of contiguous memory.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cached_property
from math import prod
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, PlainSerializer

from nn.layers.stages import Named, Operation, Stages
from nn.ops.buffers import Buffers
from nn.schema import InputError, Schema
from nn.types import Array, Shape

_MAX_EXTENT = 64


def _pair(value: Any) -> tuple[int, ...]:
    """Both numbers of `5`, `"5"`, `"3x5"` or `[3, 5]`."""
    listed = isinstance(value, (list, tuple))
    parts = [str(part) for part in value] if listed else re.split("[x×]", str(value))
    numbers = [int(part) for part in parts if part.strip().isdecimal()]
    fit = all(1 <= number <= _MAX_EXTENT for number in numbers)
    if len(numbers) != len(parts) or len(parts) not in (1, 2) or not fit:
        raise ValueError(
            f"{value!r} is no size; give a number from 1 to {_MAX_EXTENT}, or two as in 3x5"
        )
    return tuple(numbers * 2)[:2]


def _unpair(value: tuple[int, int]) -> int | list[int]:
    return value[0] if value[0] == value[1] else list(value)


Size = Annotated[tuple[int, int], BeforeValidator(_pair), PlainSerializer(_unpair)]
"""Height and width; one number means a square."""


def _padding(value: Any) -> str | int:
    text = str(value).strip()
    if text in ("same", "valid"):
        return text
    if text.isdecimal() and int(text) <= _MAX_EXTENT:
        return int(text)
    raise ValueError(
        f"{value!r} is no padding; give same, valid or a number from 0 to {_MAX_EXTENT}"
    )


Padding = Annotated[str | int, BeforeValidator(_padding)]
"""`same`, `valid` or the number of zeros on each side."""


def show_size(size: tuple[int, int]) -> str:
    """A size as people write it: 5×5."""
    return f"{size[0]}×{size[1]}"


def show_shape(shape: Shape) -> str:
    """A shape as people write it: 28×28×1."""
    return "×".join(str(extent) for extent in shape)


def require_map(shape: Shape) -> tuple[int, int, int]:
    """Height, width and channels.

    Raises:
        InputError: if the input is no map.
    """
    if len(shape) != 3:
        raise InputError(
            f"needs maps (height, width, channels), but its input is {show_shape(shape)}; "
            "put it before flatten"
        )
    return shape[0], shape[1], shape[2]


class LayerConfig(Schema, ABC):
    """A layer as it is written down. Subclasses add a `kind` and their fields."""

    kind: str

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one example's output, found without computing.

        Raises:
            InputError: if the layer cannot take such an input.
        """

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The parameters by name, with their shapes."""
        return {}

    def state_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """What training gathers besides the parameters, by name, with its shapes."""
        return {}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Multiplications (each with its addition) for one example, forward."""
        return 0

    def values_kept(self, input_shape: Shape) -> int:
        """About how many values one example leaves in memory in training."""
        return prod(self.output_shape(input_shape))

    def describe(self) -> str:
        """The fields in a few words, as a line of a list shows them."""
        return ""

    @abstractmethod
    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer, its parameters zero until `initialize`."""


class Layer(ABC):
    """A live layer.

    `parameters` and `gradients` hold arrays under the same names; `state` holds those that
    `forward` changes in training by itself, such as running means. All of them stay the same
    objects for the layer's whole life and are changed in place. What `forward` and `backward`
    return belongs to the layer and is valid until its next call. Inputs are left untouched.
    """

    def __init__(self, config: LayerConfig, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        self.input_shape = input_shape
        self.output_shape = config.output_shape(input_shape)
        shapes = config.parameter_shapes(input_shape)
        self.parameters: dict[str, Array] = {k: np.zeros(s, dtype) for k, s in shapes.items()}
        self.gradients: dict[str, Array] = {k: np.zeros(s, dtype) for k, s in shapes.items()}
        states = config.state_shapes(input_shape)
        self.state: dict[str, Array] = {k: np.zeros(s, dtype) for k, s in states.items()}
        self.buffers = Buffers(dtype)

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the starting parameters; layers without parameters have nothing to draw."""
        return

    def draw_from(self, rng: np.random.Generator) -> None:
        """Take the generator for what the next training step leaves to chance: mostly nothing."""
        return

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What it is made of: one whole."""
        return (self,)

    @abstractmethod
    def forward(self, x: Array, *, training: bool) -> Array:
        """The output (*output_shape, N) for an input (*input_shape, N).

        With `training` it keeps what `backward` needs.
        """

    @abstractmethod
    def backward(self, dy: Array) -> Array:
        """The gradient with respect to the input, given the one with respect to the output.

        Writes `gradients`. Follows a `forward` in training.
        """

    def backward_parameters(self, dy: Array) -> None:
        """Write `gradients` only: the first layer's input needs no gradient."""
        self.backward(dy)


class PiecewiseLayer(Layer):
    """A layer made of operations that work piece by piece, and so share stages with others.

    It may be one of them itself. By itself it runs in stages of its own.
    """

    @cached_property
    def _stages(self) -> Stages:
        return Stages([Named("", each) for each in self.operations], self.buffers.dtype)

    def forward(self, x: Array, *, training: bool) -> Array:
        """The output of its last stage."""
        return self._stages.forward(x, training=training)

    def backward(self, dy: Array) -> Array:
        """Back through all stages."""
        return self._stages.backward(dy)

    def backward_parameters(self, dy: Array) -> None:
        """Without the first stage's input."""
        self._stages.backward_parameters(dy)
