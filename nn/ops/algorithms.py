"""The ways to compute one layer's convolution, and which of them is taken."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from nn.ops.buffers import Buffers
from nn.ops.convolution import Convolution, Einsum, Geometry, Grid
from nn.ops.costs import prefers_frequencies
from nn.ops.frequencies import ByFrequencies
from nn.ops.gemm import Gemm
from nn.ops.pieces import Tail
from nn.types import Array

ALGORITHMS: dict[str, Callable[[Geometry, Buffers], Convolution]] = {
    "einsum": Einsum,
    "gemm": Gemm,
    "fft": ByFrequencies,
}


class Fastest:
    """By frequencies where that is faster for a batch of this size, else by `Gemm`."""

    def __init__(self, geometry: Geometry, buffers: Buffers) -> None:
        self._geometry, self._buffers = geometry, buffers
        self._gemm = Gemm(geometry, buffers)
        self._chosen: Convolution = self._gemm

    @cached_property
    def _frequencies(self) -> ByFrequencies:
        """Made when it is first chosen: most layers never need its matrices."""
        return ByFrequencies(self._geometry, self._buffers)

    def forward(self, x: Array, w: Array, tail: Tail) -> None:
        """Choose, and compute so."""
        fft = prefers_frequencies(self._geometry, x.shape[-1])
        self._chosen = self._frequencies if fft else self._gemm
        self._chosen.forward(x, w, tail)

    def backward(self, tail: Tail, w: Array, dw: Array, *, wants_input: bool) -> Array | None:
        """In the way that forward took."""
        return self._chosen.backward(tail, w, dw, wants_input=wants_input)


def choose(algorithm: str, geometry: Geometry, buffers: Buffers) -> Convolution:
    """The way of that name; `auto` is the fastest that applies."""
    if algorithm != "auto":
        return ALGORITHMS[algorithm](geometry, buffers)
    if geometry.grid == Grid():
        return Fastest(geometry, buffers)
    return Gemm(geometry, buffers)
