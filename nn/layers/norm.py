"""Normalisation: values of mean 0 and variance 1, then scaled and shifted as is learned.

    x̂ = (x - mean) / √(variance + ε),  y = γ x̂ + β

With g = γ dy, the gradient through mean and variance is, for means over the same values as theirs,

    dx = (g - mean(g) - x̂ mean(g x̂)) / √(variance + ε)

γ (`scale`) and β (`shift`) have one value a channel of a map, or a feature of a vector.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig
from nn.schema import setting
from nn.types import Array, Shape

_CHANNELS = -2
"""The axis of channels in maps (H, W, C, N), and of features in vectors (features, N)."""


class Norm(LayerConfig):
    """A normalisation with a scale and a shift for each channel or feature."""

    epsilon: float = setting(1e-5, "ε: keeps the division finite", gt=0, le=1)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own shape."""
        return input_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """γ and β."""
        return {"scale": input_shape[-1:], "shift": input_shape[-1:]}

    def multiply_adds(self, input_shape: Shape) -> int:
        """None: like additions, they vanish beside those of a convolution."""
        return 0


class _Norm(Layer):
    _deviation: Array | None = None

    def __init__(self, config: Norm, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._epsilon = config.epsilon
        others = set(range(len(input_shape) + 1)) - {len(input_shape) + 1 + _CHANNELS}
        self._others = tuple(sorted(others))

    def initialize(self, rng: np.random.Generator) -> None:
        self.parameters["scale"].fill(1)

    @property
    @abstractmethod
    def _averaged(self) -> tuple[int, ...]:
        """The axes over which mean and variance are taken."""

    def _normalize(self, x: Array) -> tuple[Array, Array, Array]:
        """The output, and the mean and the variance with which it was made."""
        mean = np.mean(x, axis=self._averaged, keepdims=True)
        normal = np.subtract(x, mean, out=self.buffers("normal", *x.shape))
        y = np.square(normal, out=self.buffers("output", *x.shape))
        variance = np.mean(y, axis=self._averaged, keepdims=True)
        self._deviation = np.sqrt(variance + self._epsilon)
        normal /= self._deviation
        np.multiply(normal, self.parameters["scale"][:, None], out=y)
        y += self.parameters["shift"][:, None]
        return y, mean, variance

    def backward(self, dy: Array) -> Array:
        assert self._deviation is not None, "backward follows a forward in training"
        normal = self.buffers("normal", *dy.shape)
        dx: Array = np.multiply(dy, normal, out=self.buffers("input gradient", *dy.shape))
        np.sum(dx, axis=self._others, out=self.gradients["scale"])
        np.sum(dy, axis=self._others, out=self.gradients["shift"])
        scale = self.parameters["scale"][:, None]
        dx *= scale
        along_normal = np.mean(dx, axis=self._averaged, keepdims=True)
        np.multiply(dy, scale, out=dx)
        mean = np.mean(dx, axis=self._averaged, keepdims=True)
        dx -= mean
        normal *= along_normal
        dx -= normal
        dx /= self._deviation
        return dx


class BatchNorm(Norm):
    """Each channel (or feature) normalised over the batch: y = γ (x - mean) / √(variance + ε) + β.

    Inference takes running ones: r ← m r + (1 - m) batch, from mean 0 and variance 1. As in
    PyTorch, whose `momentum` is 1 - m, the batch is normalised by its own (biased) variance, and
    the unbiased one goes into the running variance. Ioffe and Szegedy, "Batch Normalization"
    (2015), algorithms 1 and 2.
    """

    kind: Literal["batch_norm"] = "batch_norm"
    momentum: float = setting(0.9, "m: how much of the running statistics is kept", ge=0, lt=1)

    def state_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """The running statistics."""
        return {"running_mean": input_shape[-1:], "running_variance": input_shape[-1:]}

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _BatchNorm(self, input_shape, dtype)


class _BatchNorm(_Norm):
    def __init__(self, config: BatchNorm, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._momentum = config.momentum
        self.state["running_variance"].fill(1)

    @property
    def _averaged(self) -> tuple[int, ...]:
        return self._others

    def forward(self, x: Array, *, training: bool) -> Array:
        if not training:
            return self._infer(x)
        y, mean, variance = self._normalize(x)
        count = x.size // x.shape[_CHANNELS]
        variance *= count / max(count - 1, 1)
        for name, seen in (("running_mean", mean), ("running_variance", variance)):
            running = self.state[name]
            running *= self._momentum
            running += (1 - self._momentum) * seen.reshape(-1)
        return y

    def _infer(self, x: Array) -> Array:
        deviation = np.sqrt(self.state["running_variance"] + self._epsilon)
        y: Array = np.subtract(
            x, self.state["running_mean"][:, None], out=self.buffers("output", *x.shape)
        )
        y *= (self.parameters["scale"] / deviation)[:, None]
        y += self.parameters["shift"][:, None]
        return y


class LayerNorm(Norm):
    """Each position normalised over its channels: y = γ (x - mean) / √(variance + ε) + β.

    A vector's features are its channels. It knows nothing of the batch, so training and inference
    are the same. On maps it works at each position by itself, as in Keras and in ConvNeXt. Ba,
    Kiros and Hinton, "Layer Normalization" (2016), section 3.
    """

    kind: Literal["layer_norm"] = "layer_norm"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _LayerNorm(self, input_shape, dtype)


class _LayerNorm(_Norm):
    @property
    def _averaged(self) -> tuple[int, ...]:
        return (_CHANNELS,)

    def forward(self, x: Array, *, training: bool) -> Array:
        return self._normalize(x)[0]
