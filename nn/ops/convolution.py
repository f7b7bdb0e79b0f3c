"""The convolution of deep learning (a cross-correlation), and what is common to all ways to it.

    y[i, j, f, n] = sum over a, b, c of  x[i s + a d, j t + b e, c, n] * w[f, a, b, c]

x is the padded input (H, W, C, N), w the weights (F, kernel height, kernel width, C), y the output
(rows, columns, F, N), (s, t) the stride and (d, e) the dilation. With groups, channels and filters
are dealt into as many equal parts, and each part of the filters sees its part of the channels only:
w is then (F, kernel height, kernel width, C / groups). See Dumoulin and Visin, "A guide to
convolution arithmetic for deep learning" (2016), and for the gradients Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 9.5.

`Einsum` is the definition, and the truth that tests hold the others to: `nn.ops.gemm` and
`nn.ops.frequencies`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np

from nn.ops.buffers import Buffers
from nn.ops.pieces import Piece, Tail
from nn.ops.windows import Frame, Pair, extent, sliding_windows, tap
from nn.types import Array


@dataclass(frozen=True)
class Grid:
    """Which inputs meet which weights."""

    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    groups: int = 1

    def parts(self, channels: int, filters: int) -> Iterator[tuple[slice, slice]]:
        """The channels and the filters of each group."""
        c, f = channels // self.groups, filters // self.groups
        for g in range(self.groups):
            yield slice(g * c, (g + 1) * c), slice(g * f, (g + 1) * f)


@dataclass(frozen=True)
class Geometry:
    """What one layer's convolution is of, whatever the batch."""

    frame: Frame
    grid: Grid
    kernel: Pair
    channels: int
    filters: int

    @property
    def output_size(self) -> Pair:
        """Rows and columns of the output."""
        covered = extent(self.kernel, self.grid.dilation)
        (height, width), (down, right) = self.frame.size, self.grid.stride
        return (height - covered[0]) // down + 1, (width - covered[1]) // right + 1


class Convolution(Protocol):
    """One way to compute one layer's convolution, which keeps what its gradients need."""

    def forward(self, x: Array, w: Array, tail: Tail) -> None:
        """Give the output (rows, columns, F, N) for the input x (H, W, C, N) to what follows."""

    def backward(self, tail: Tail, w: Array, dw: Array, *, wants_input: bool) -> Array | None:
        """Write the loss's gradient with respect to the weights into dw; return the one with
        respect to the input, if it is wanted. Follows `forward`."""


class Einsum:
    """The formulas as they stand, over a view of all windows."""

    def __init__(self, geometry: Geometry, buffers: Buffers) -> None:
        self._geometry, self._buffers = geometry, buffers
        rows, columns = geometry.output_size
        whole = slice(0, rows), slice(0, columns), slice(0, geometry.filters)
        self._all = Piece(0, *whole)
        self._x: Array | None = None

    def forward(self, x: Array, w: Array, tail: Tail) -> None:
        """The sum over every window, group by group."""
        self._x = self._geometry.frame.pad(x, 0, self._buffers)
        windows, y = self._windows(self._x), tail.room(self._all)
        for c, f in self._groups():
            seen = windows[:, :, :, :, c]
            np.einsum("ijabcn,fabc->ijfn", seen, w[f], out=y[:, :, f], optimize=True)
        tail.finish(self._all, y)

    def backward(self, tail: Tail, w: Array, dw: Array, *, wants_input: bool) -> Array | None:
        """Every weight meets each input that it was multiplied with, and every input gets back
        what it gave to each window that it was in."""
        assert self._x is not None, "gradients follow forward"
        windows, dy = self._windows(self._x), tail.gradient(self._all)
        for c, f in self._groups():
            seen = windows[:, :, :, :, c]
            np.einsum("ijabcn,ijfn->fabc", seen, dy[:, :, f], out=dw[f], optimize=True)
        return self._input_gradient(dy, w) if wants_input else None

    def _input_gradient(self, dy: Array, w: Array) -> Array:
        grid, frame = self._geometry.grid, self._geometry.frame
        shape = *frame.size, self._geometry.channels, dy.shape[-1]
        dx: Array = self._buffers("input gradient", *shape)
        dx.fill(0)
        for c, f in self._groups():
            for a, b in product(*map(range, self._geometry.kernel)):
                share = np.einsum("ijfn,fc->ijcn", dy[:, :, f], w[f, a, b], optimize=True)
                position = a * grid.dilation[0], b * grid.dilation[1]
                tap(dx[:, :, c], position, (dy.shape[0], dy.shape[1]), grid.stride)[...] += share
        return dx[frame.inside]

    def _windows(self, x: Array) -> Array:
        geometry = self._geometry
        grid = geometry.grid
        return sliding_windows(x, geometry.kernel, grid.stride, grid.dilation)

    def _groups(self) -> Iterator[tuple[slice, slice]]:
        return self._geometry.grid.parts(self._geometry.channels, self._geometry.filters)
