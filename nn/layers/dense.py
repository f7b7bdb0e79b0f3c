"""Fully connected layers."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.initializers import InitializerName, initialize
from nn.layers.activation import ActivationName, activation
from nn.layers.base import Layer, LayerConfig, show_shape
from nn.schema import InputError, setting
from nn.types import Array, Shape


class Dense(LayerConfig):
    """Every output sums over every input: y = W x + b.

    Vectors (features,) become (units,); weights are (units, features). Goodfellow, Bengio and
    Courville, "Deep Learning" (2016), section 6.1.
    """

    kind: Literal["dense"] = "dense"
    units: int = setting(128, "how many outputs", ge=1, le=65536)
    activation: ActivationName = setting("none", "what happens to each output")
    initializer: InitializerName = setting(
        "auto", "how the weights start; auto goes by the activation"
    )

    def output_shape(self, input_shape: Shape) -> Shape:
        """One value a unit."""
        if len(input_shape) != 1:
            raise InputError(
                f"needs a vector, but its input is {show_shape(input_shape)}; "
                "put a flatten layer before it"
            )
        return (self.units,)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights and biases."""
        return {"weights": (self.units, *input_shape), "biases": (self.units,)}

    def multiply_adds(self, input_shape: Shape) -> int:
        """One for each weight."""
        return prod(self.parameter_shapes(input_shape)["weights"])

    def values_kept(self, input_shape: Shape) -> int:
        """The output, and once more what the activation makes of it."""
        return self.units * (1 if self.activation == "none" else 2)

    def describe(self) -> str:
        """For example: 128, relu."""
        return str(self.units) + ("" if self.activation == "none" else f", {self.activation}")

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Dense(self, input_shape, dtype)


class _Dense(Layer):
    _x: Array | None = None

    def __init__(self, config: Dense, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._config = config
        self._activation = activation(config.activation).build(self.output_shape, dtype)

    def initialize(self, rng: np.random.Generator) -> None:
        weights = self.parameters["weights"]
        units, features = weights.shape
        initialize(
            weights, self._config.initializer, self._config.activation, (features, units), rng
        )

    def forward(self, x: Array, *, training: bool) -> Array:
        self._x = x
        y = self.buffers("output", *self.output_shape, x.shape[-1])
        np.matmul(self.parameters["weights"], x, out=y)
        y += self.parameters["biases"][:, None]
        return self._activation.forward(y, training=training)

    def backward_parameters(self, dy: Array) -> None:
        self._write_gradients(self._activation.backward(dy))

    def backward(self, dy: Array) -> Array:
        dy = self._activation.backward(dy)
        self._write_gradients(dy)
        dx = self.buffers("input gradient", *self.input_shape, dy.shape[-1])
        return np.matmul(self.parameters["weights"].T, dy, out=dx)

    def _write_gradients(self, dy: Array) -> None:
        assert self._x is not None, "backward follows forward"
        np.matmul(dy, self._x.T, out=self.gradients["weights"])
        np.sum(dy, axis=1, out=self.gradients["biases"])
