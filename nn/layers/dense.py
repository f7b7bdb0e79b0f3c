"""Fully connected layers."""

from __future__ import annotations

from math import prod
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.initializers import InitializerName, initialize
from nn.layers.activation import ActivationName, activation
from nn.layers.base import Layer, LayerConfig, PiecewiseLayer, show_shape
from nn.layers.bias import Bias
from nn.layers.stages import Operation, Source
from nn.ops.pieces import Piece, Tail, by_work
from nn.ops.products import multiply
from nn.ops.threads import each
from nn.schema import InputError, setting
from nn.types import Array, Shape

SHARES = 8
"""Into how many shares a product is cut at most, ..."""

ROWS = 128
"""... if each has so many rows: BLAS rearranges the other matrix for every share ..."""

STEP = 16
"""... and computes so many rows at once."""


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


class _Dense(PiecewiseLayer):
    def __init__(self, config: Dense, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._config = config
        last = activation(config.activation).build(self.output_shape, dtype)
        self._made_of = _Multiply(self), Bias(self), *last.operations

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self._made_of

    def initialize(self, rng: np.random.Generator) -> None:
        weights = self.parameters["weights"]
        units, features = weights.shape
        initialize(
            weights, self._config.initializer, self._config.activation, (features, units), rng
        )


class _Multiply(Source):
    """y = W x by some rows of W at a time."""

    _x: Array | None = None

    def __init__(self, layer: Layer) -> None:
        self.output_shape = layer.output_shape
        self._weights, self._gradient = layer.parameters["weights"], layer.gradients["weights"]
        self._buffers = layer.buffers

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        self._x = x

        def work(at: Piece) -> None:
            piece = tail.room(at)
            multiply(self._weights[at.channels], x, piece[0, 0])
            tail.finish(at, piece)

        each(work, self._pieces(x.shape[1]))

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        assert self._x is not None, "backward follows forward"
        x, weights = self._x, self._weights
        dy = self._buffers("output gradient", *self.output_shape, x.shape[1])

        def learn(at: Piece) -> None:
            some = at.channels
            np.copyto(dy[some], tail.gradient(at)[0, 0])
            multiply(dy[some], x.T, self._gradient[some])

        each(learn, self._pieces(x.shape[1]))
        if not wants_input:
            return None
        dx: Array = self._buffers("input gradient", *x.shape)
        each(
            lambda some: np.matmul(weights[:, some].T, dy, out=dx[some]),
            _shares(len(x), dy.size * len(x)),
        )
        return dx

    def _pieces(self, n: int) -> list[Piece]:
        one, shares = slice(0, 1), _shares(len(self._weights), self._weights.size * n)
        return [Piece(0, one, one, some) for some in shares]


def _shares(rows: int, multiply_adds: int) -> list[slice]:
    return by_work(rows, multiply_adds, min(SHARES, max(rows // ROWS, 2)), STEP)
