"""Activations: what happens to each value by itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from math import pi, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig
from nn.schema import setting
from nn.types import Array, Shape


class Activation(LayerConfig):
    """A function of each value by itself, given with its derivative."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own shape."""
        return input_shape

    @abstractmethod
    def apply(self, x: Array, y: Array) -> None:
        """Write y = f(x)."""

    @abstractmethod
    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """Write f'(x), where y = f(x)."""

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Activation(self, input_shape, dtype)


class _Activation(Layer):
    _x: Array | None = None
    _y: Array | None = None

    def __init__(self, config: Activation, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._function = config

    def forward(self, x: Array, *, training: bool) -> Array:
        y = self.buffers("output", *x.shape)
        for parts in _rows(x, y):
            self._function.apply(*parts)
        self._x, self._y = x, y
        return y

    def backward(self, dy: Array) -> Array:
        assert self._x is not None, "backward follows forward"
        assert self._y is not None
        dx = self.buffers("input gradient", *dy.shape)
        for x, y, dy_row, dx_row in _rows(self._x, self._y, dy, dx):
            self._function.derive(x, y, dx_row)
            dx_row *= dy_row
        return dx


def _rows(*maps: Array) -> Iterable[tuple[Array, ...]]:
    """Maps a row at a time, so that every pass after the first finds the values in the cache."""
    return zip(*maps, strict=True) if maps[0].ndim == 4 else [maps]


class ReLU(Activation):
    """Negative values become zero: y = max(x, 0), with gradient 1 where x > 0, else 0.

    Glorot, Bordes and Bengio, "Deep Sparse Rectifier Neural Networks" (2011).
    """

    kind: Literal["relu"] = "relu"

    def apply(self, x: Array, y: Array) -> None:
        """y = max(x, 0)."""
        np.maximum(x, 0, out=y)

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """1 where x > 0, else 0."""
        np.greater(y, 0, out=slope)


class LeakyReLU(Activation):
    """Negative values shrink: y = x where x > 0, else s x.

    Maas, Hannun and Ng, "Rectifier Nonlinearities Improve Neural Network Acoustic Models" (2013).
    """

    kind: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: float = setting(0.01, "s: the slope of negative values", ge=0, lt=1)

    def describe(self) -> str:
        """For example: 0.01."""
        return f"{self.negative_slope:g}"

    def apply(self, x: Array, y: Array) -> None:
        """The larger of x and s x, as s < 1."""
        np.multiply(x, self.negative_slope, out=y)
        np.maximum(x, y, out=y)

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """1 where x > 0, else s."""
        np.greater(x, 0, out=slope)
        np.maximum(slope, self.negative_slope, out=slope)


class ELU(Activation):
    """Negative values saturate: y = x where x > 0, else α (exp(x) - 1).

    Clevert, Unterthiner and Hochreiter, "Fast and Accurate Deep Network Learning by Exponential
    Linear Units" (2016), equation 15.
    """

    kind: Literal["elu"] = "elu"
    alpha: float = setting(1.0, "α: how far negative values go down", gt=0, le=100)

    def describe(self) -> str:
        """For example: α 1."""
        return f"α {self.alpha:g}"

    def apply(self, x: Array, y: Array) -> None:
        """Exponentials of what is not positive: those of large values would overflow."""
        np.minimum(x, 0, out=y)
        np.exp(y, out=y)
        y -= 1
        y *= self.alpha
        y += np.maximum(x, 0)

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """1 where x > 0, else α exp(x) = y + α."""
        np.greater(x, 0, out=slope)
        slope *= 1 - self.alpha
        slope += self.alpha
        slope += np.minimum(y, 0)


class GELU(Activation):
    """Each value times the normal distribution's share below it: y ≈ x Φ(x).

    y = ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), the approximation of Hendrycks and Gimpel,
    "Gaussian Error Linear Units" (2016), section 2: within 0.0005 of x Φ(x), for which NumPy has no
    function. PyTorch calls it `approximate="tanh"`, Keras `approximate=True`.
    """

    kind: Literal["gelu"] = "gelu"

    def apply(self, x: Array, y: Array) -> None:
        """½ x (1 + t), with t the hyperbolic tangent."""
        _gelu_tanh(x, y)
        y += 1
        y *= x
        y *= 0.5

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """½ (1 + t) + ½ x (1 - t²) u', where t = tanh(u) and u' = √(2/π) (1 + 3 · 0.044715 x²)."""
        _gelu_tanh(x, slope)
        inner = x * x
        inner *= 3 * GELU_CUBE
        inner += 1
        inner *= GELU_SCALE
        inner *= x
        inner *= 1 - slope * slope
        slope += 1
        slope += inner
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

    def apply(self, x: Array, y: Array) -> None:
        """x σ(x)."""
        _sigmoid(x, y)
        y *= x

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """σ + y (1 - σ), where σ = σ(x)."""
        _sigmoid(x, slope)
        slope += y * (1 - slope)


class Tanh(Activation):
    """The hyperbolic tangent: y = tanh(x), between -1 and 1, with gradient 1 - y².

    LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), section 4.4.
    """

    kind: Literal["tanh"] = "tanh"

    def apply(self, x: Array, y: Array) -> None:
        """tanh(x)."""
        np.tanh(x, out=y)

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """1 - y²."""
        np.multiply(y, y, out=slope)
        np.subtract(1, slope, out=slope)


class Sigmoid(Activation):
    """The logistic function: y = σ(x) = 1 / (1 + exp(-x)), with gradient y (1 - y).

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), section 6.3.2.
    """

    kind: Literal["sigmoid"] = "sigmoid"

    def apply(self, x: Array, y: Array) -> None:
        """σ(x)."""
        _sigmoid(x, y)

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """y (1 - y)."""
        np.subtract(1, y, out=slope)
        slope *= y


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

    def derive(self, x: Array, y: Array, slope: Array) -> None:
        """1."""
        slope.fill(1)

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """A live layer that hands on what it gets."""
        return _NoActivation(self, input_shape, dtype)


class _NoActivation(Layer):
    def forward(self, x: Array, *, training: bool) -> Array:
        return x

    def backward(self, dy: Array) -> Array:
        return dy


ActivationName = Literal["none", "relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
"""An activation as a field of another layer: a kind of the above, with its defaults."""

_BY_NAME: dict[str, type[Activation]] = {
    each.model_fields["kind"].default: each
    for each in (NoActivation, ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid)
}


def activation(name: ActivationName) -> Activation:
    """The activation of that name, for a layer to end with."""
    return _BY_NAME[name](kind=name)
