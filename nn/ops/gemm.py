"""Convolution by matrix products over windows, which are gathered by rows alone.

The usual way ("im2col") copies every window: kernel height x kernel width times the input. In the
layout (H, W, C, N) half of that is superfluous. For one row of outputs, the rows of the input that
its windows see are laid side by side, for each column of the padded map:

    z (columns, kernel height, C, N)

The window of an output is then `kernel width` neighbours along z's first axis, which are one block
of memory: a matrix (kernel width · kernel height · C, N), ready for a product with the weights in
that order. Windows of neighbours overlap in memory, as they do in the map, and nothing is copied
for them. For a 3×3 kernel that is a third of the copying, and none at all for a 1×1 kernel.

With windows X (K, N) and weights W (F, K) the three products are

    Y = W X,   dW = sum over all positions of dY Xᵀ,   dX = a convolution, too

The input's gradient gathers, for each input, the outputs that saw it, with the weights that they
saw it by. So it is a convolution of dy with the kernel turned by 180°, and goes the same way. With
a stride, inputs differ in which weights have met them: those of each remainder of (row, column) by
the stride have a convolution of their own, with every s-th row and t-th column of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil, gcd

import numpy as np

from nn.ops.buffers import Buffers
from nn.ops.convolution import Geometry
from nn.ops.pieces import CACHED, Piece, Plain, Tail, by_position, pieces_of, spans
from nn.ops.products import multiply
from nn.ops.threads import each, scratch
from nn.ops.windows import Borders, Frame, Pair, frame_of, view
from nn.types import Array

SUMS = 8
"""In so many parts, each by itself, the weights' gradient is summed over the positions."""


@dataclass(frozen=True)
class Lattice:
    """Which positions of a padded map make the windows: the first one's `start`, how far the next
    window is, and how far the kernel's positions are apart."""

    kernel: Pair
    start: Pair = (0, 0)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)

    def windows(self, x: Array, at: Piece, groups: int) -> Array:
        """Windows of the padded map x (H, W, C, N) for the outputs at a piece's rows and columns:
        (groups, rows, columns, kernel width · kernel height · C / groups, N)."""
        (tall, wide), (s, t), (d, e) = self.kernel, self.stride, self.dilation
        rows, columns, _ = at.shape
        channels, n = x.shape[2] // groups, x.shape[3]
        by_row, by_column, by_channel, each_value = x.strides
        corner = self.start[0] + at.rows.start * s, self.start[1] + at.columns.start * t
        over_rows, of_channel = (channels * by_channel, s * by_row), (by_channel, each_value)
        if self.kernel == (1, 1):
            shape = groups, rows, columns, channels, n
            return view(x, corner, shape, (*over_rows, t * by_column, *of_channel))
        buffers, inner = scratch(x.dtype), (tall, channels, n)
        if e > 1:
            z = buffers("windows", groups, rows, columns, wide, *inner)
            apart = *over_rows, t * by_column, e * by_column, d * by_row, *of_channel
            np.copyto(z, view(x, corner, z.shape, apart))
            return z.reshape(groups, rows, columns, wide * tall * channels, n)
        z = buffers("windows", groups, rows, (columns - 1) * t + wide, *inner)
        strides = *over_rows, by_column, d * by_row, *of_channel
        np.copyto(z, view(x, corner, z.shape, strides))
        shape = groups, rows, columns, wide * tall * channels, n
        return view(z, (0, 0), shape, (*z.strides[:2], t * z.strides[2], *z.strides[4:]))


class Gemm:
    """One layer's convolution by matrix products, with what is kept from forward to backward."""

    def __init__(self, geometry: Geometry, buffers: Buffers) -> None:
        self._geometry, self._buffers = geometry, buffers
        grid = geometry.grid
        self._groups = grid.groups
        self._lattice = Lattice(geometry.kernel, (0, 0), grid.stride, grid.dilation)
        self._input = Padding(geometry.frame, geometry.channels, buffers, "padded input")
        self._back = _ways_back(geometry)
        self._borders = _borders(self._back, geometry.output_size)
        around = frame_of(geometry.output_size, self._borders)
        self._output = Padding(around, geometry.filters, buffers, "padded gradient")
        self._x: Array | None = None

    def forward(self, x: Array, w: Array, tail: Tail) -> None:
        """Y = W X for each window."""
        self._x = self._input.around(x)
        self._multiply(self._matrix(w), self._x, self._lattice, self._geometry.output_size, tail)

    def backward(self, tail: Tail, w: Array, dw: Array, *, wants_input: bool) -> Array | None:
        """dW first, which asks for the output's gradient piece by piece; then dX from all of it."""
        assert self._x is not None, "gradients follow forward"
        n, geometry = self._x.shape[-1], self._geometry
        if not wants_input:
            self._weight_gradient(self._x, tail, None, dw)
            return None
        self._weight_gradient(self._x, tail, self._output.inside(n), dw)
        dy = self._output.whole(n)
        dx: Array = self._buffers("input gradient", *geometry.frame.map_size, geometry.channels, n)
        for way in self._back:
            target = dx[way.phase]
            if way.met:
                lattice, matrix = way.lattice(self._borders), self._turned(w, way.taps)
                self._multiply(matrix, dy, lattice, target.shape[:2], Plain(target))
            else:
                target.fill(0)
        return dx

    def _multiply(
        self, matrix: Array, x: Array, lattice: Lattice, size: tuple[int, ...], tail: Tail
    ) -> None:
        """Products of a matrix (groups, F / groups, K) with all windows, to what follows."""
        groups, filters, k = matrix.shape
        values = groups * (filters + k // lattice.kernel[1])
        position = values * x.shape[-1] * x.itemsize
        factor = matrix[:, np.newaxis, np.newaxis]

        def work(at: Piece) -> None:
            piece = tail.room(at)
            multiply(factor, lattice.windows(x, at, groups), _dealt(piece, groups))
            tail.finish(at, piece)

        each(work, by_position((size[0], size[1]), groups * filters, position, tail.align))

    def _weight_gradient(self, x: Array, tail: Tail, kept: Array | None, dw: Array) -> None:
        """The sum of X dYᵀ, its transpose, over all positions; dy goes into `kept`, too."""
        groups, geometry = self._groups, self._geometry
        filters, k = geometry.filters // groups, dw[0].size
        values = groups * (filters + k // geometry.kernel[1])
        position = values * x.shape[-1] * x.itemsize
        pieces = by_position(geometry.output_size, geometry.filters, position, tail.align)
        parts = spans(len(pieces), ceil(len(pieces) / SUMS))
        sums = self._buffers("weight gradients", len(parts), groups, k, filters)

        def work(part: tuple[Array, slice]) -> None:
            total, chosen = part
            total.fill(0)
            for at in pieces[chosen]:
                dy = tail.gradient(at)
                if kept is not None:
                    np.copyto(at.of(kept), dy)
                _add_products(self._lattice.windows(x, at, groups), _dealt(dy, groups), total)

        each(work, list(zip(sums, parts, strict=True)))
        summed = np.add.reduce(sums, axis=0)
        by_tap = summed.reshape(groups, geometry.kernel[1], geometry.kernel[0], -1, filters)
        np.copyto(_by_group(dw, groups), by_tap.transpose(0, 4, 2, 1, 3))

    def _matrix(self, w: Array) -> Array:
        """Weights in the order of the windows: (groups, F / groups, K)."""
        turned = _by_group(w, self._groups).transpose(0, 1, 3, 2, 4)
        matrix = self._buffers("weights in order", *turned.shape)
        np.copyto(matrix, turned)
        return matrix.reshape(*turned.shape[:2], -1)

    def _turned(self, w: Array, taps: tuple[slice, slice]) -> Array:
        """Weights from filters to channels, of some taps in reverse: (groups, C / groups, K)."""
        some = _by_group(w, self._groups)[:, :, taps[0], taps[1]][:, :, ::-1, ::-1]
        turned = some.transpose(0, 4, 3, 2, 1)
        matrix = self._buffers("turned weights", *turned.shape)
        np.copyto(matrix, turned)
        return matrix.reshape(*turned.shape[:2], -1)


def _add_products(x: Array, dy: Array, total: Array) -> None:
    """Add x dyᵀ of each position, (groups, rows, columns, K or F, N), to (groups, K, F)."""
    turned = dy.swapaxes(3, 4)
    groups, rows, columns = dy.shape[:3]
    for i, some in product(range(rows), spans(columns, max(CACHED // total.nbytes, 1))):
        products = scratch(x.dtype)("products", groups, some.stop - some.start, *total.shape[1:])
        multiply(x[:, i, some], turned[:, i, some], products)
        total += np.add.reduce(products, axis=1)


class Padding:
    """Maps in the middle of a buffer whose border is zero."""

    def __init__(self, frame: Frame, channels: int, buffers: Buffers, name: str) -> None:
        self._frame, self._channels, self._buffers, self._name = frame, channels, buffers, name
        self._cleared = 0

    def whole(self, n: int) -> Array:
        """All of it, for a batch of n."""
        padded: Array = self._buffers(self._name, *self._frame.size, self._channels, n)
        if self._cleared != n:
            padded.fill(0)
            self._cleared = n
        return padded

    def inside(self, n: int) -> Array:
        """Where the maps stand."""
        return self.whole(n)[self._frame.inside]

    def around(self, x: Array) -> Array:
        """x with zeros around it; x itself where none are added."""
        if self._frame.size == x.shape[:2]:
            return x
        inside = self.inside(x.shape[-1])
        each(lambda at: np.copyto(at.of(inside), at.of(x)), pieces_of(x.shape, x.itemsize))
        return self.whole(x.shape[-1])


@dataclass(frozen=True)
class _Axis:
    """Along one axis: every `step`-th input from `first` on was met by every `apart`-th tap from
    `tap` on, `taps` of them, and the outputs where that was are `dilation` apart; the first input's
    last one is `output`, which may lie outside."""

    first: int
    step: int
    inputs: int
    tap: int
    apart: int
    taps: int
    output: int
    dilation: int

    @property
    def start(self) -> int:
        """The first output of the first input's window."""
        return self.output - (self.taps - 1) * self.dilation

    @property
    def stop(self) -> int:
        """Behind the last output of the last input's window."""
        return self.output + self.inputs


def _along(size: int, before: int, kernel: int, stride: int, dilation: int) -> Iterator[_Axis]:
    """One for each remainder of the inputs by the stride.

    Tap a met input i at output o where o · stride + a · dilation = i + before, the padding.
    """
    common = gcd(stride, dilation)
    apart = stride // common
    for first in range(min(stride, size)):
        tap = next(
            (a for a in range(apart) if (first + before - a * dilation) % stride == 0), kernel
        )
        taps = max(ceil((kernel - tap) / apart), 0)
        output = (first + before - tap * dilation) // stride
        inputs = ceil((size - first) / stride)
        yield _Axis(first, stride, inputs, tap, apart, taps, output, dilation // common)


@dataclass(frozen=True)
class _WayBack:
    """How the inputs of one remainder in rows and columns get their gradient."""

    rows: _Axis
    columns: _Axis

    @property
    def phase(self) -> tuple[slice, slice]:
        """Where these inputs are."""
        return slice(self.rows.first, None, self.rows.step), slice(
            self.columns.first, None, self.columns.step
        )

    @property
    def taps(self) -> tuple[slice, slice]:
        """The taps that have met them."""
        return slice(self.rows.tap, None, self.rows.apart), slice(
            self.columns.tap, None, self.columns.apart
        )

    @property
    def met(self) -> bool:
        """Whether there are any."""
        return self.rows.taps > 0 and self.columns.taps > 0

    def lattice(self, borders: Borders) -> Lattice:
        """Their windows in the output's gradient, with these borders around it."""
        (above, _), (left, _) = borders
        return Lattice(
            (self.rows.taps, self.columns.taps),
            (above + self.rows.start, left + self.columns.start),
            dilation=(self.rows.dilation, self.columns.dilation),
        )


def _ways_back(geometry: Geometry) -> list[_WayBack]:
    (height, width), grid = geometry.frame.map_size, geometry.grid
    (above, _), (left, _) = geometry.frame.borders
    (tall, wide), (s, t), (d, e) = geometry.kernel, grid.stride, grid.dilation
    rows, columns = _along(height, above, tall, s, d), list(_along(width, left, wide, t, e))
    return [_WayBack(*both) for both in product(rows, columns)]


def _borders(ways: list[_WayBack], size: Pair) -> Borders:
    """What must stand around an output of that size, so that all windows lie inside."""
    met = [way for way in ways if way.met]

    def along(axes: list[_Axis], outputs: int) -> Pair:
        before = max([0, *(-axis.start for axis in axes)])
        return before, max([0, *(axis.stop - outputs for axis in axes)])

    return along([way.rows for way in met], size[0]), along([way.columns for way in met], size[1])


def _by_group(w: Array, groups: int) -> Array:
    return w.reshape(groups, len(w) // groups, *w.shape[1:])


def _dealt(maps: Array, groups: int) -> Array:
    """Maps (H, W, C, N) as (groups, H, W, C / groups, N), a view."""
    height, width, channels, n = maps.shape
    return maps.reshape(height, width, groups, channels // groups, n).transpose(2, 0, 1, 3, 4)
