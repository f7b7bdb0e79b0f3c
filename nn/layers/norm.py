"""Normalisation: values of mean 0 and variance 1, then scaled and shifted as is learned.

    x̂ = (x - mean) / √(variance + ε),  y = γ x̂ + β

With g = γ dy, the gradient through mean and variance is, for means over the same values as theirs,

    dx = (g - mean(g) - x̂ mean(g x̂)) / √(variance + ε)

γ (`scale`) and β (`shift`) have one value a channel of a map, or a feature of a vector.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig, PiecewiseLayer
from nn.layers.stages import Source
from nn.ops.pieces import Piece, Tail, as_maps, by_channel, channel_sums
from nn.ops.threads import each, scratch
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


class BatchNorm(Norm):
    """Each channel (or feature) normalised by its mean and variance over the batch.

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


class _BatchNorm(PiecewiseLayer, Source):
    """Some channels at a time, all of each: their mean, variance and output in one go."""

    _x: Array | None = None

    def __init__(self, config: BatchNorm, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._momentum, self._epsilon = config.momentum, config.epsilon
        self.state["running_variance"].fill(1)
        self._mean, self._deviation = (np.zeros(input_shape[-1], dtype) for _ in range(2))

    def initialize(self, rng: np.random.Generator) -> None:
        self.parameters["scale"].fill(1)

    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        maps = self._x = as_maps(x)

        def work(at: Piece) -> None:
            piece, given, some = tail.room(at), at.of(maps), at.channels
            if training:
                self._normalize(given, piece, some)
            else:
                np.subtract(given, self.state["running_mean"][some, None], out=piece)
                self._mean[some] = self.state["running_mean"][some]
                variance = self.state["running_variance"][some]
                piece *= self._factor(some, np.sqrt(variance + self._epsilon))
            piece += self.parameters["shift"][some, None]
            tail.finish(at, piece)

        each(work, self._pieces(maps))

    def _normalize(self, x: Array, y: Array, some: slice) -> None:
        """Take the statistics of some channels; write y without the shift."""
        height, width, _, n = x.shape
        count = height * width * n
        mean = channel_sums(x) / count
        np.subtract(x, mean[:, None], out=y)
        squares = np.square(y, out=scratch(y.dtype)("squares", *y.shape))
        variance = channel_sums(squares) / count
        self._mean[some], self._deviation[some] = mean, np.sqrt(variance + self._epsilon)
        y *= self._factor(some, self._deviation[some])
        variance *= count / max(count - 1, 1)
        for name, seen in (("running_mean", mean), ("running_variance", variance)):
            running = self.state[name][some]
            running *= self._momentum
            running += (1 - self._momentum) * seen

    def _factor(self, some: slice, deviation: Array) -> Array:
        """γ / √(variance + ε), (channels, 1)."""
        factor: Array = (self.parameters["scale"][some] / deviation)[:, None]
        return factor

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        assert self._x is not None, "backward follows a forward in training"
        maps = self._x
        dx = as_maps(self.buffers("input gradient", *self.input_shape, maps.shape[-1]))

        def work(at: Piece) -> None:
            dy, out, some = tail.gradient(at), at.of(dx), at.channels
            height, width, _, n = dy.shape
            normal = np.subtract(
                at.of(maps), self._mean[some, None], out=scratch(dy.dtype)("normal", *dy.shape)
            )
            normal /= self._deviation[some, None]
            np.multiply(dy, normal, out=out)
            scale, shift = channel_sums(out), channel_sums(dy)
            self.gradients["scale"][some], self.gradients["shift"][some] = scale, shift
            count = height * width * n
            normal *= (scale / count)[:, None]
            np.subtract(dy, normal, out=out)
            out -= (shift / count)[:, None]
            out *= self._factor(some, self._deviation[some])

        each(work, self._pieces(maps))
        whole: Array = dx.reshape(*self.input_shape, -1)
        return whole

    def _pieces(self, maps: Array) -> list[Piece]:
        height, width, channels, n = maps.shape
        return by_channel((height, width), channels, height * width * n * maps.itemsize)


class LayerNorm(Norm):
    """Each position normalised by its mean and variance over the channels (or features).

    It knows nothing of the batch, so training and inference are the same. On maps it works at each
    position by itself, as in Keras and in ConvNeXt. Ba, Kiros and Hinton, "Layer Normalization"
    (2016), section 3.
    """

    kind: Literal["layer_norm"] = "layer_norm"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _LayerNorm(self, input_shape, dtype)


class _LayerNorm(Layer):
    _deviation: Array | None = None

    def __init__(self, config: LayerNorm, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._epsilon = config.epsilon
        others = set(range(len(input_shape) + 1)) - {len(input_shape) + 1 + _CHANNELS}
        self._others = tuple(sorted(others))

    def initialize(self, rng: np.random.Generator) -> None:
        self.parameters["scale"].fill(1)

    def forward(self, x: Array, *, training: bool) -> Array:
        mean = self._mean(x, "mean")
        normal = np.subtract(x, mean, out=self.buffers("normal", *x.shape))
        y: Array = np.square(normal, out=self.buffers("output", *x.shape))
        deviation = self._deviation = self._mean(y, "deviation")
        deviation += self._epsilon
        np.sqrt(deviation, out=deviation)
        normal /= deviation
        np.multiply(normal, self.parameters["scale"][:, None], out=y)
        y += self.parameters["shift"][:, None]
        return y

    def backward(self, dy: Array) -> Array:
        assert self._deviation is not None, "backward follows a forward in training"
        normal = self.buffers("normal", *dy.shape)
        dx: Array = np.multiply(dy, normal, out=self.buffers("input gradient", *dy.shape))
        np.sum(dx, axis=self._others, out=self.gradients["scale"])
        np.sum(dy, axis=self._others, out=self.gradients["shift"])
        scale = self.parameters["scale"][:, None]
        dx *= scale
        along_normal = self._mean(dx, "along normal")
        np.multiply(dy, scale, out=dx)
        dx -= self._mean(dx, "mean")
        normal *= along_normal
        dx -= normal
        dx /= self._deviation
        return dx

    def _mean(self, x: Array, name: str) -> Array:
        """Over the channels, at each position."""
        mean: Array = self.buffers(name, *x.shape[:_CHANNELS], 1, x.shape[-1])
        return np.mean(x, axis=_CHANNELS, keepdims=True, out=mean)
