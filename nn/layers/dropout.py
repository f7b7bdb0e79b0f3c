"""Dropout: in training some values are zero by chance, so that none is relied upon alone."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

import numpy as np
import numpy.typing as npt

from nn.layers.base import Layer, LayerConfig, PiecewiseLayer, require_map
from nn.layers.stages import Local
from nn.ops.pieces import Piece
from nn.schema import setting
from nn.types import Array, Shape


class AnyDropout(LayerConfig):
    """Something is dropped with probability p, the rest becomes x / (1 - p).

    The expectation so stays what it was, and inference leaves everything alone. Srivastava,
    Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout: A Simple Way to Prevent Neural
    Networks from Overfitting" (2014), section 10 for the scaling.
    """

    rate: float = setting(0.5, "p: the share that is dropped", ge=0, lt=1)

    @abstractmethod
    def lots(self, input_shape: Shape) -> Shape:
        """For how much of one example lots are drawn, in a shape that fits its own."""

    def describe(self) -> str:
        """For example: 0.5."""
        return f"{self.rate:g}"

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        """The live layer."""
        return _Dropout(self, input_shape, dtype)


class Dropout(AnyDropout):
    """Each value is dropped with probability p in training, the others become x / (1 - p).

    Srivastava et al., "Dropout" (2014), section 4.
    """

    kind: Literal["dropout"] = "dropout"

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own shape."""
        return input_shape

    def lots(self, input_shape: Shape) -> Shape:
        """One for each value."""
        return input_shape


class SpatialDropout(AnyDropout):
    """Whole channels are dropped in training: neighbours in a map say much the same.

    Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient Object Localization Using Convolutional
    Networks" (2015), section 3.2.
    """

    kind: Literal["spatial_dropout"] = "spatial_dropout"

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own shape."""
        return require_map(input_shape)

    def lots(self, input_shape: Shape) -> Shape:
        """One for each channel."""
        return 1, 1, input_shape[2]


class _Dropout(PiecewiseLayer, Local):
    idle = True
    _rng: np.random.Generator | None = None
    _factors: Array | None = None

    def __init__(self, config: AnyDropout, input_shape: Shape, dtype: npt.DTypeLike) -> None:
        super().__init__(config, input_shape, dtype)
        self._rate = config.rate
        self._lots = config.lots(input_shape)

    def draw_from(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def begin(self, shape: Shape, *, training: bool) -> None:
        assert self._rng is not None, "a step of training is given its generator first"
        one = (1, 1, *self._lots)[-3:]
        lots = self.buffers("lots", *one, shape[-1], dtype=np.float32)
        self._rng.random(dtype=np.float32, out=lots)
        factors = self.buffers("factors", *lots.shape)
        np.greater_equal(lots, self._rate, out=factors)
        factors /= 1 - self._rate
        self._factors = np.broadcast_to(factors, shape)

    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        assert self._factors is not None, "it begins before its pieces"
        np.multiply(x, at.of(self._factors), out=y)

    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        assert self._factors is not None, "backward follows a forward in training"
        np.multiply(dy, at.of(self._factors), out=dx)
