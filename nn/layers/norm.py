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
from nn.ops.pieces import Piece, Tail, as_maps, channel_sums, for_each_image, pieces_of
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


class _BatchNorm(PiecewiseLayer, Source):
    """It goes over the maps twice in either direction: for the statistics, then with them."""

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
        if training:
            mean, variance = self._statistics(maps)
            self._follow(mean, variance, maps.size // maps.shape[_CHANNELS])
        else:
            mean, variance = self.state["running_mean"], self.state["running_variance"]
        self._mean[:], self._deviation[:] = mean, np.sqrt(variance + self._epsilon)
        factor = self._factor
        summand = self.parameters["shift"] - self._mean * factor

        def work(at: Piece) -> None:
            piece, some, n = tail.room(at), at.channels, maps.shape[-1]
            np.multiply(at.of(maps), for_each_image("factor", factor[some], n), out=piece)
            piece += for_each_image("summand", summand[some], n)
            tail.finish(at, piece)

        each(work, pieces_of(maps.shape, maps.itemsize, tail.align))

    def _statistics(self, x: Array) -> tuple[Array, Array]:
        """Mean and variance of each channel.

        Those of the pieces are put together as in Chan, Golub and LeVeque, "Updating Formulae and a
        Pairwise Algorithm for Computing Sample Variances" (1979): nowhere are squares of large
        means subtracted from each other.
        """
        pieces = pieces_of(x.shape, x.itemsize)
        shape = pieces[-1].number + 1, x.shape[_CHANNELS]
        counts, means, squares = np.zeros((shape[0], 1)), np.zeros(shape), np.zeros(shape)

        def look(at: Piece) -> None:
            piece, place = at.of(x), (at.number, at.channels)
            counts[at.number] = count = piece.size // piece.shape[_CHANNELS]
            mean = channel_sums(piece) / count
            apart = scratch(x.dtype)("apart", *piece.shape)
            middle = for_each_image("mean", mean.astype(x.dtype), x.shape[-1])
            np.subtract(piece, middle, out=apart)
            means[place], squares[place] = mean, _products(apart, apart)

        each(look, pieces)
        total = counts.sum()
        mean = (counts * means).sum(axis=0) / total
        squares += counts * np.square(means - mean)
        return mean, squares.sum(axis=0) / total

    def _follow(self, mean: Array, variance: Array, count: int) -> None:
        """Move the running statistics."""
        unbiased = variance * (count / max(count - 1, 1))
        for name, seen in (("running_mean", mean), ("running_variance", unbiased)):
            running = self.state[name]
            running *= self._momentum
            running += (1 - self._momentum) * seen

    @property
    def _factor(self) -> Array:
        """γ / √(variance + ε), (channels,)."""
        factor: Array = self.parameters["scale"] / self._deviation
        return factor

    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        assert self._x is not None, "backward follows a forward in training"
        maps, mean = self._x, self._mean
        n = maps.shape[-1]
        dx = as_maps(self.buffers("input gradient", *self.input_shape, n))
        pieces = pieces_of(maps.shape, maps.itemsize, tail.align)
        shape = pieces[-1].number + 1, maps.shape[_CHANNELS]
        shifts, scales = np.zeros(shape), np.zeros(shape)

        def look(at: Piece) -> None:
            dy, place = tail.gradient(at), (at.number, at.channels)
            np.copyto(at.of(dx), dy)
            apart = scratch(dy.dtype)("apart", *dy.shape)
            np.subtract(at.of(maps), for_each_image("mean", mean[at.channels], n), out=apart)
            shifts[place], scales[place] = channel_sums(dy), _products(dy, apart)

        each(look, pieces)
        shift, scale = shifts.sum(axis=0), scales.sum(axis=0) / self._deviation
        self.gradients["scale"][:], self.gradients["shift"][:] = scale, shift
        count, factor = maps.size // maps.shape[_CHANNELS], self._factor
        along = (-factor * scale / (count * self._deviation)).astype(maps.dtype)
        summand = (-factor * shift / count - along * mean).astype(maps.dtype)

        def work(at: Piece) -> None:
            out, some = at.of(dx), at.channels
            share = scratch(maps.dtype)("share", *out.shape)
            np.multiply(at.of(maps), for_each_image("along", along[some], n), out=share)
            out *= for_each_image("factor", factor[some], n)
            out += share
            out += for_each_image("summand", summand[some], n)

        if wants_input:
            each(work, pieces)
        whole: Array = dx.reshape(*self.input_shape, -1)
        return whole


def _products(x: Array, y: Array) -> Array:
    """The sum of x y over each channel, in float64."""
    total: Array = np.vecdot(x, y).sum(axis=(0, 1), dtype=np.float64)
    return total


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
