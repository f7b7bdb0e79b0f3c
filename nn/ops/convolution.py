"""The convolution of deep learning (a cross-correlation), by different algorithms.

    y[i, j, f, n] = sum over a, b, c of  x[i s + a d, j t + b e, c, n] * w[f, a, b, c]

x is the padded input (H, W, C, N), w the weights (F, kernel height, kernel width, C), y the output
(rows, columns, F, N), (s, t) the stride and (d, e) the dilation. With groups, channels and filters
are dealt into as many equal parts, and each part of the filters sees its part of the channels only:
w is then (F, kernel height, kernel width, C / groups). See Dumoulin and Visin, "A guide to
convolution arithmetic for deep learning" (2016), and for the gradients Goodfellow, Bengio and
Courville, "Deep Learning" (2016), section 9.5.

`Einsum` is the definition, and the truth that tests hold the others to. `Gemm` is fast. A third way
is in `nn.ops.frequencies`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np

from nn.ops.buffers import Buffers
from nn.ops.windows import Frame, Pair, extent, sliding_windows, tap
from nn.types import Array


@dataclass(frozen=True)
class Grid:
    """Which inputs meet which weights."""

    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    groups: int = 1

    def windows(self, x: Array, w: Array) -> Array:
        """Every window of the padded input, as `sliding_windows` gives them."""
        return sliding_windows(x, (w.shape[1], w.shape[2]), self.stride, self.dilation)

    def taps(self, kernel: Pair) -> Iterator[tuple[int, int, Pair]]:
        """Each position of a kernel, and where in the map it lies for the first window."""
        for a, b in product(range(kernel[0]), range(kernel[1])):
            yield a, b, (a * self.dilation[0], b * self.dilation[1])

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


class PaddedConvolution(Protocol):
    """One way to compute a convolution and its two gradients; results go into the last argument."""

    def forward(self, x: Array, w: Array, grid: Grid, buffers: Buffers, y: Array) -> None:
        """Write the output y for the padded input x."""

    def weight_gradient(self, x: Array, dy: Array, grid: Grid, buffers: Buffers, dw: Array) -> None:
        """Write the loss's gradient with respect to the weights."""

    def input_gradient(self, dy: Array, w: Array, grid: Grid, buffers: Buffers, dx: Array) -> None:
        """Write the loss's gradient with respect to the padded input."""


class Einsum:
    """The formulas as they stand, over a view of all windows."""

    def forward(self, x: Array, w: Array, grid: Grid, buffers: Buffers, y: Array) -> None:
        """Write the output y for the padded input x."""
        windows = grid.windows(x, w)
        for c, f in grid.parts(x.shape[2], len(w)):
            seen, out = windows[:, :, :, :, c], y[:, :, f]
            np.einsum("ijabcn,fabc->ijfn", seen, w[f], out=out, optimize=True)

    def weight_gradient(self, x: Array, dy: Array, grid: Grid, buffers: Buffers, dw: Array) -> None:
        """Every weight meets each input that it was multiplied with."""
        windows = grid.windows(x, dw)
        for c, f in grid.parts(x.shape[2], len(dw)):
            seen = windows[:, :, :, :, c]
            np.einsum("ijabcn,ijfn->fabc", seen, dy[:, :, f], out=dw[f], optimize=True)

    def input_gradient(self, dy: Array, w: Array, grid: Grid, buffers: Buffers, dx: Array) -> None:
        """Every input gets back what it gave to each window that it was in."""
        dx.fill(0)
        for c, f in grid.parts(dx.shape[2], len(w)):
            for a, b, position in grid.taps((w.shape[1], w.shape[2])):
                share = np.einsum("ijfn,fc->ijcn", dy[:, :, f], w[f, a, b], optimize=True)
                tap(dx[:, :, c], position, (dy.shape[0], dy.shape[1]), grid.stride)[...] += share


class Gemm:
    """Matrix products over the windows of one output row at a time ("im2col").

    In the layout (H, W, C, N) a row of a window is one run of contiguous memory. Working row by
    row keeps the copied windows in the cache and the memory bounded, where copying all windows
    would need kernel height x kernel width times the input. Groups are one more axis of the same
    matrix products.
    """

    def forward(self, x: Array, w: Array, grid: Grid, buffers: Buffers, y: Array) -> None:
        """Write the output y for the padded input x."""
        matrix = w.reshape(grid.groups, len(w) // grid.groups, -1)
        for row, out in zip(grid.windows(x, w), _dealt(y, grid.groups), strict=True):
            np.matmul(matrix, _columns(row, grid.groups, buffers), out=out)

    def weight_gradient(self, x: Array, dy: Array, grid: Grid, buffers: Buffers, dw: Array) -> None:
        """Write the loss's gradient with respect to the weights."""
        total = dw.reshape(grid.groups, len(dw) // grid.groups, -1)
        total.fill(0)
        each = buffers("weight gradient by column", dy.shape[1], *total.shape)
        summed = buffers("weight gradient of a row", *total.shape)
        for row, dy_row in zip(grid.windows(x, dw), _dealt(dy, grid.groups), strict=True):
            columns = _columns(row, grid.groups, buffers)
            np.matmul(dy_row, columns.transpose(0, 1, 3, 2), out=each)
            total += np.sum(each, axis=0, out=summed)

    def input_gradient(self, dy: Array, w: Array, grid: Grid, buffers: Buffers, dx: Array) -> None:
        """Write the loss's gradient with respect to the padded input."""
        _, *kernel, channels = w.shape
        _, columns, _, n = dy.shape
        groups = grid.groups
        matrix = w.reshape(groups, len(w) // groups, -1).transpose(0, 2, 1)
        share = buffers("windows of a row", columns, groups, *kernel, channels, n)
        products = share.reshape(columns, groups, -1, n)
        dx.fill(0)
        dealt, top = _dealt(dx, groups), grid.stride[0]
        for i, dy_row in enumerate(_dealt(dy, groups)):
            np.matmul(matrix, dy_row, out=products)
            for a, b, position in grid.taps((kernel[0], kernel[1])):
                seen = tap(dealt[i * top :], position, (1, columns), grid.stride)
                seen[0] += share[:, :, a, b]


def _dealt(maps: Array, groups: int) -> Array:
    """Maps (H, W, C, N) as (H, W, groups, C / groups, N), a view."""
    return maps.reshape(*maps.shape[:2], groups, -1, maps.shape[-1])


def _columns(row: Array, groups: int, buffers: Buffers) -> Array:
    """A row's windows, copied: (columns, groups, kernel height * width * C / groups, N)."""
    columns, height, width, _, n = row.shape
    dealt = row.reshape(columns, height, width, groups, -1, n).transpose(0, 3, 1, 2, 4, 5)
    copy = buffers("windows of a row", *dealt.shape)
    np.copyto(copy, dealt)
    return copy.reshape(columns, groups, -1, n)
