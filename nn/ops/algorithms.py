"""The ways to compute one layer's convolution, and which of them is taken.

Each is made for one layer, knows its geometry and keeps what the gradients need in its buffers.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from nn.ops.buffers import Buffers
from nn.ops.convolution import Einsum, Gemm, Geometry, Grid, PaddedConvolution
from nn.ops.costs import prefers_frequencies
from nn.ops.frequencies import ByFrequencies
from nn.types import Array

WINDOWS: dict[str, PaddedConvolution] = {"einsum": Einsum(), "gemm": Gemm()}


class Convolution(Protocol):
    """One layer's convolution, which keeps what its gradients need of the last input."""

    def forward(self, x: Array, w: Array, y: Array) -> None:
        """Write the output y (rows, columns, F, N) for the input x (H, W, C, N)."""

    def weight_gradient(self, dy: Array, dw: Array) -> None:
        """Write the loss's gradient with respect to the weights; follows `forward`."""

    def input_gradient(self, dy: Array, w: Array) -> Array:
        """The loss's gradient with respect to the input; follows `weight_gradient` for this dy."""


class OverWindows:
    """By an algorithm that wants the padding to be there."""

    def __init__(self, algorithm: PaddedConvolution, geometry: Geometry, buffers: Buffers) -> None:
        self._algorithm, self._geometry, self._buffers = algorithm, geometry, buffers
        self._padded: Array | None = None

    def forward(self, x: Array, w: Array, y: Array) -> None:
        """Pad, and keep the padded input."""
        self._padded = self._geometry.frame.pad(x, 0, self._buffers)
        self._algorithm.forward(self._padded, w, self._geometry.grid, self._buffers, y)

    def weight_gradient(self, dy: Array, dw: Array) -> None:
        """From the padded input that was kept."""
        assert self._padded is not None, "gradients follow forward"
        self._algorithm.weight_gradient(self._padded, dy, self._geometry.grid, self._buffers, dw)

    def input_gradient(self, dy: Array, w: Array) -> Array:
        """That of the padded input, without its frame."""
        frame = self._geometry.frame
        dx = self._buffers("input gradient", *frame.size, self._geometry.channels, dy.shape[-1])
        self._algorithm.input_gradient(dy, w, self._geometry.grid, self._buffers, dx)
        return dx[frame.inside]


class Fastest:
    """By frequencies where that is clearly faster for a batch of this size, else by `Gemm`."""

    def __init__(self, geometry: Geometry, buffers: Buffers) -> None:
        self._geometry, self._buffers = geometry, buffers
        self._gemm = OverWindows(WINDOWS["gemm"], geometry, buffers)
        self._chosen: Convolution = self._gemm

    @cached_property
    def _frequencies(self) -> ByFrequencies:
        """Made when it is first chosen: most layers never need its matrices."""
        return ByFrequencies(self._geometry, self._buffers)

    def forward(self, x: Array, w: Array, y: Array) -> None:
        """Choose, and compute so."""
        fft = prefers_frequencies(self._geometry, x.shape[-1])
        self._chosen = self._frequencies if fft else self._gemm
        self._chosen.forward(x, w, y)

    def weight_gradient(self, dy: Array, dw: Array) -> None:
        """In the way that forward took."""
        self._chosen.weight_gradient(dy, dw)

    def input_gradient(self, dy: Array, w: Array) -> Array:
        """In the way that forward took."""
        return self._chosen.input_gradient(dy, w)


def choose(algorithm: str, geometry: Geometry, buffers: Buffers) -> Convolution:
    """The way of that name; `auto` is the fastest that applies."""
    if algorithm == "fft":
        return ByFrequencies(geometry, buffers)
    if algorithm == "auto" and geometry.grid == Grid():
        return Fastest(geometry, buffers)
    return OverWindows(WINDOWS["gemm" if algorithm == "auto" else algorithm], geometry, buffers)
