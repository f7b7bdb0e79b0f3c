"""Activations: what happens to each value by itself."""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache
from math import pi, sqrt
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig, PiecewiseLayer
from nn.layers.stages import Local, Operation
from nn.ops.pieces import Piece
from nn.ops.threads import scratch
from nn.schema import setting
from nn.types import Array, Shape


class Activation(LayerConfig):
    """A function of each value by itself, given with its derivative.

    `rises`: it never falls as its argument grows. `in_place`: `apply` may write over its argument.
    `derived_from`: of what `derive` makes the derivative, the argument or the value.
    """

    rises: ClassVar[bool] = False
    in_place: ClassVar[bool] = False
    derived_from: ClassVar[Literal["input", "output"]] = "output"

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own shape."""
        return input_shape

    @abstractmethod
    def apply(self, x: Array, y: Array) -> None:
        """Write y = f(x)."""

    @abstractmethod
    def derive(self, kept: Array, slope: Array) -> None:
        """Write f'(x), given x or f(x) as `derived_from` says."""

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Activation(self, input_shape, dtype)


class _Activation(PiecewiseLayer, Local):
    def __init__(self, config: Activation, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._function = config
        self.keeps, self.rises, self.in_place = config.derived_from, config.rises, config.in_place

    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        self._function.apply(x, y)

    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        assert self.kept is not None, "backward follows forward"
        slope = scratch(dy.dtype)("slope", *dy.shape)
        self._function.derive(at.of(self.kept), slope)
        np.multiply(dy, slope, out=dx)


class ReLU(Activation):
    """Negative values become zero: y = max(x, 0), with gradient 1 where x > 0, else 0.

    Glorot, Bordes and Bengio, "Deep Sparse Rectifier Neural Networks" (2011).
    """

    kind: Literal["relu"] = "relu"
    rises: ClassVar[bool] = True
    in_place: ClassVar[bool] = True

    def apply(self, x: Array, y: Array) -> None:
        """y = max(x, 0)."""
        np.maximum(x, _zeros(x.shape[-2:], x.dtype), out=y)

    def derive(self, kept: Array, slope: Array) -> None:
        """1 where y > 0, else 0."""
        np.greater(kept, 0, out=slope)


@lru_cache(maxsize=32)
def _zeros(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """NumPy takes the maximum of two arrays several times as fast as that of an array and 0."""
    return np.zeros(shape, dtype)


class LeakyReLU(Activation):
    """Negative values shrink: y = x where x > 0, else s x.

    Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (2013).
    """

    kind: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: float = setting(0.01, "s: the slope of negative values", ge=0, lt=1)
    rises: ClassVar[bool] = True

    def describe(self) -> str:
        """For example: 0.01."""
        return f"{self.negative_slope:g}"

    def apply(self, x: Array, y: Array) -> None:
        """The larger of x and s x, as s < 1."""
        np.multiply(x, self.negative_slope, out=y)
        np.maximum(x, y, out=y)

    def derive(self, kept: Array, slope: Array) -> None:
        """1 where y > 0, else s."""
        np.greater(kept, 0, out=slope)
        np.maximum(slope, self.negative_slope, out=slope)


class ELU(Activation):
    """Negative values saturate: y = x where x > 0, else α (exp(x) - 1).

    Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential
    Linear Units" (2016), equation 15.
    """

    kind: Literal["elu"] = "elu"
    alpha: float = setting(1.0, "α: how far negative values go down", gt=0, le=100)
    rises: ClassVar[bool] = True

    def describe(self) -> str:
        """For example: α 1."""
        return f"α {self.alpha:g}"

    def apply(self, x: Array, y: Array) -> None:
        """Exponentials of what is not positive: those of large values would overflow."""
        np.minimum(x, 0, out=y)
        np.exp(y, out=y)
        y -= 1
        y *= self.alpha
        y += np.maximum(x, 0, out=_other(x))

    def derive(self, kept: Array, slope: Array) -> None:
        """1 where y > 0, else α exp(x) = y + α."""
        np.greater(kept, 0, out=slope)
        slope *= 1 - self.alpha
        slope += self.alpha
        slope += np.minimum(kept, 0, out=_other(kept))


def _other(x: Array, name: str = "other") -> Array:
    """Room for values that are needed on the way."""
    return scratch(x.dtype)(name, *x.shape)


class GELU(Activation):
    """Each value times the normal distribution's share below it: y ≈ x Φ(x).

    y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the approximation of Hendrycks and Gimpel,
    "Gaussian Error Linear Units" (2016), section 2: within 0.0005 of x Φ(x), for which NumPy has no
    function. PyTorch calls it `approximate="tanh"`, Keras `approximate=True`.
    """

    kind: Literal["gelu"] = "gelu"
    derived_from: ClassVar[Literal["input", "output"]] = "input"

    def apply(self, x: Array, y: Array) -> None:
        """½ x (1 + t), with t the hyperbolic tangent."""
        _gelu_tanh(x, y)
        y += 1
        y *= x
        y *= 0.5

    def derive(self, kept: Array, slope: Array) -> None:
        """½ (1 + t) (1 + x (1 - t) u'), where t = tanh(u), u' = √(2/π) (1 + 3 · 0.044715 x²)."""
        x, inner = kept, _other(kept)
        np.multiply(x, x, out=inner)
        inner *= 3 * GELU_CUBE
        inner += 1
        inner *= GELU_SCALE
        inner *= x
        _gelu_tanh(x, slope)
        inner *= np.subtract(1, slope, out=_other(kept, "1 - t"))
        inner += 1
        slope += 1
        slope *= inner
        slope *= 0.5


GELU_SCALE, GELU_CUBE = sqrt(2 / pi), 0.044715
"""The constants of its formula."""


def _gelu_tanh(x: Array, t: Array) -> None:
    np.multiply(x, x, out=t)
    t *= GELU_CUBE
    t += 1
    t *= x
    t *= GELU_SCALE
    np.tanh(t, out=t)


class SiLU(Activation):
    """Each value times its own sigmoid: y = x σ(x), also known as swish.

    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning" (2018), equation 4.
    """

    kind: Literal["silu"] = "silu"
    derived_from: ClassVar[Literal["input", "output"]] = "input"

    def apply(self, x: Array, y: Array) -> None:
        """x σ(x)."""
        _sigmoid(x, y)
        y *= x

    def derive(self, kept: Array, slope: Array) -> None:
        """σ (1 + x (1 - σ)), where σ = σ(x)."""
        _sigmoid(kept, slope)
        inner = np.subtract(1, slope, out=_other(kept))
        inner *= kept
        inner += 1
        slope *= inner


class Tanh(Activation):
    """The hyperbolic tangent: y = tanh(x), between -1 and 1, with gradient 1 - y².

    LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), section 4.4.
    """

    kind: Literal["tanh"] = "tanh"
    rises: ClassVar[bool] = True
    in_place: ClassVar[bool] = True

    def apply(self, x: Array, y: Array) -> None:
        """tanh(x)."""
        np.tanh(x, out=y)

    def derive(self, kept: Array, slope: Array) -> None:
        """1 - y²."""
        np.multiply(kept, kept, out=slope)
        np.subtract(1, slope, out=slope)


class Sigmoid(Activation):
    """The logistic function: y = σ(x) = 1 / (1 + exp(-x)), with gradient y (1 - y).

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.3.2.
    """

    kind: Literal["sigmoid"] = "sigmoid"
    rises: ClassVar[bool] = True
    in_place: ClassVar[bool] = True

    def apply(self, x: Array, y: Array) -> None:
        """σ(x)."""
        _sigmoid(x, y)

    def derive(self, kept: Array, slope: Array) -> None:
        """y (1 - y)."""
        np.subtract(1, kept, out=slope)
        slope *= kept


def _sigmoid(x: Array, y: Array) -> None:
    """σ(x) = ½ (1 + tanh(x / 2)), which no x makes overflow."""
    np.multiply(x, 0.5, out=y)
    np.tanh(y, out=y)
    y += 1
    y *= 0.5


class NoActivation(Activation):
    """Every value as it is: what `none` means as a field of another layer."""

    kind: Literal["none"] = "none"

    def apply(self, x: Array, y: Array) -> None:
        """y = x."""
        np.copyto(y, x)

    def derive(self, kept: Array, slope: Array) -> None:
        """1."""
        slope.fill(1)

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """A live layer that hands on what it gets."""
        return _NoActivation(self, input_shape, dtype)


class _NoActivation(PiecewiseLayer):
    @property
    def operations(self) -> tuple[Operation, ...]:
        return ()


ActivationName = Literal["none", "relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
"""An activation as a field of another layer: a kind of the above, with its defaults."""

_BY_NAME: dict[str, type[Activation]] = {
    each.model_fields["kind"].default: each
    for each in (NoActivation, ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid)
}


def activation(name: ActivationName) -> Activation:
    """The activation of that name, for a layer to end with."""
    return _BY_NAME[name](kind=name)
