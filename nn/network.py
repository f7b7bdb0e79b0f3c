"""A stack of layers: what it will look like, and the live thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from nn.layers import Layer, LayerConfig
from nn.layers.base import show_shape
from nn.layers.chain import Chain, links
from nn.layers.stages import Alone, Stage
from nn.losses import softmax
from nn.ops.buffers import Buffers
from nn.ops.pieces import pieces_of
from nn.ops.threads import each
from nn.schema import InputError
from nn.types import Array, Bytes, Shape

PREDICTION_BATCH = 256
"""Images that go through the network at once in prediction: enough for the speed of matrix
products, and a bound on memory for any number of images."""


@dataclass(frozen=True)
class LayerPlan:
    """What one layer will be, found without computing."""

    name: str
    config: LayerConfig
    output_shape: Shape
    parameters: int
    multiply_adds: int
    values_kept: int


@dataclass(frozen=True)
class Plan:
    """What a network will be: its layers, up to the first that does not fit.

    `problem` says what is wrong with the layer after the last of `layers`, or with the whole.
    """

    input_shape: Shape
    layers: tuple[LayerPlan, ...]
    problem: str | None = None

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiplications (each with its addition) for one example, forward."""
        return sum(layer.multiply_adds for layer in self.layers)

    def training_bytes(self, batch_size: int) -> int:
        """About how much memory training takes: activations and their gradients, and for each
        parameter its value, its gradient and two moments, all in float32.
        """
        activations = sum(2 * layer.values_kept for layer in self.layers)
        return 4 * (batch_size * (activations + prod(self.input_shape)) + 4 * self.parameters)


def plan(layers: Sequence[LayerConfig], input_shape: Shape, classes: int) -> Plan:
    """Judge a network without building it."""
    planned: list[LayerPlan] = []
    shape = input_shape
    try:
        for link in links(layers, input_shape):
            given, config, shape = link.input_shape, link.config, link.output_shape
            parameters = sum(map(prod, config.parameter_shapes(given).values()))
            sizes = parameters, config.multiply_adds(given), config.values_kept(given)
            planned.append(LayerPlan(link.name, config, shape, *sizes))
    except InputError as error:
        return Plan(input_shape, tuple(planned), str(error))
    problem = None
    if shape != (classes,):
        wrong = "×".join(map(str, shape))
        problem = (
            f"the last layer gives {wrong}; end with a dense layer of {classes} units, one a class"
        )
    return Plan(input_shape, tuple(planned), problem)


def batches(count: int, batch_size: int = PREDICTION_BATCH) -> Iterator[slice]:
    """Where each batch of so many images stands; the last may be a short one."""
    for start in range(0, count, batch_size):
        yield slice(start, min(start + batch_size, count))


def copy_arrays(stored: Mapping[str, Array], into: Mapping[str, Array]) -> None:
    """Fill arrays from stored ones of the same names.

    Raises:
        InputError: naming the first that is missing or has another shape.
    """
    for name, value in into.items():
        found = stored.get(name)
        if found is None or found.shape != value.shape:
            given = "is missing" if found is None else f"has the shape {found.shape}"
            raise InputError(f"{name} {given}; the network needs it in the shape {value.shape}")
        value[...] = found


class Network:
    """Layers in a row.

    Images come as (N, H, W, C), uint8 or floats in [0, 1]; logits leave as (classes, N).
    `parameters` and `gradients` are by name, as in `1.conv2d.weights`; `state` holds what training
    gathers besides, as in `2.batch_norm.running_mean`. The arrays are changed in place and never
    replaced.

    Raises:
        InputError: if the layers do not fit together.
    """

    def __init__(
        self,
        layers: Sequence[LayerConfig],
        input_shape: Shape,
        classes: int,
        rng: np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.plan = plan(layers, input_shape, classes)
        if self.plan.problem is not None:
            raise InputError(f"network.layers: {self.plan.problem}")
        self.dtype = np.dtype(dtype)
        self._chain = Chain(layers, input_shape, dtype)
        if rng is not None:
            self._chain.initialize(rng)
        self.layers: list[Layer] = self._chain.layers
        self.parameters: dict[str, Array] = self._chain.parameters
        self.gradients: dict[str, Array] = self._chain.gradients
        self.state: dict[str, Array] = self._chain.state
        self._buffers = Buffers(dtype)

    @property
    def stored(self) -> dict[str, Array]:
        """Parameters and state: what a file keeps so that the network answers as it does now."""
        return self.parameters | self.state

    @property
    def stages(self) -> Sequence[Stage | Alone]:
        """What is carried out, one after the other: layers, or several of them at once."""
        return self._chain.stages.stages

    @property
    def first_learning(self) -> int:
        """The number of the first stage with parameters: a training step goes back to there."""
        return self._chain.stages.first_learning

    def summary(self) -> str:
        """Its layers as a table, in the order in which they are carried out.

        What begins with + is carried out together with what stands above it.
        """
        plans = {layer.name: layer for layer in self.plan.layers}
        rows = [("layer", "", "output", "parameters", "multiply-adds")]
        for stage in self.stages:
            together = dict.fromkeys(named.layer for named in stage.operations)
            shape: Shape | None = None
            for number, layer in enumerate(plans.pop(name) for name in together if name in plans):
                # What came before the pooling and now follows it has fewer values.
                shape = min(shape or layer.output_shape, layer.output_shape, key=prod)
                rows.append(
                    (
                        f"{'+ ' if number else ''}{layer.name}",
                        layer.config.describe(),
                        show_shape(shape),
                        f"{layer.parameters:,}",
                        f"{layer.multiply_adds:,}",
                    )
                )
        rows.append(("", "", "", f"{self.plan.parameters:,}", f"{self.plan.multiply_adds:,}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if number > 2 else cell.ljust(width)
                for number, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        )

    def draw_from(self, rng: np.random.Generator) -> None:
        """Give the next training step its generator, which layers such as dropout draw from."""
        self._chain.draw_from(rng)

    def forward(self, images: Bytes | Array, *, training: bool = False) -> Array:
        """Logits (classes, N) of images (N, H, W, C); valid until the next call."""
        return self._chain.forward(self.enter(images), training=training)

    def backward(self, logits_gradient: Array) -> None:
        """Write `gradients`, given the loss's gradient with respect to the logits."""
        self._chain.backward_parameters(logits_gradient)

    def predict(self, images: Bytes | Array, batch_size: int = PREDICTION_BATCH) -> Array:
        """Probabilities (N, classes) of images (N, H, W, C), in bounded memory."""
        probabilities = np.empty((len(images), *self.layers[-1].output_shape), self.dtype)
        for part in batches(len(images), batch_size):
            probabilities[part] = softmax(self.forward(images[part])).T
        return probabilities

    def enter(self, images: Bytes | Array) -> Array:
        """As the first stage takes them: batch last, as floats; bytes become values in [0, 1]."""
        turned = images.transpose(1, 2, 3, 0)
        entered: Array = self._buffers("images", *turned.shape)
        white = self.dtype.type(255 if images.dtype == np.uint8 else 1)
        each(
            lambda at: np.divide(at.of(turned), white, out=at.of(entered)),
            pieces_of(entered.shape, entered.itemsize),
        )
        return entered
