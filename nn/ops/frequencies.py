"""Convolution by frequencies: why sliding becomes multiplying, for a reader who knows matrices.

A 5×5 kernel over a 14×14 map takes 25 products at each of 196 positions: 4,900 for every pair of a
channel and a filter. By frequencies it takes 520 (below), and the ways there and back are paid once
for a channel or a filter, not for each pair. So it pays where there are many of both.

**A circle.** Let positions be counted modulo S: after S - 1 comes 0 again. Convolution there,

    y[i] = sum over t of  w[t] x[i - t],

is a product with a matrix each row of which is the row above, moved on by one. All such matrices
("circulant") have the same eigenvectors, the waves exp(2πi k j / S) over the positions j, one for
each frequency k. Written in these waves, they are diagonal. The discrete Fourier transform
F[k, j] = exp(-2πi k j / S) writes a vector so; with capitals for transformed vectors (X = F x),

    Y[k] = W[k] X[k].

This is the convolution theorem. The waves are orthogonal and have squared length S: the way back is
the conjugate transpose, x = Fᴴ X / S.

**From the line to the circle.** A layer computes y[i] = sum over a of w[a] x[i + a - p], with p
zeros before the map (positions 0 to H - 1) and q behind it. That is the sum above, with weight a at
the position p - a, if no output that should read a zero reads the map's other end instead. Outputs
read positions -p to H - 1 + q, so

    S = H + max(p, q)

is enough: the zeros behind the map are those before it, too. A 14×14 map with two zeros on each
side takes S = 16. Where there are more outputs or weights than positions, they go around a second
time and still read what they should. Maps are transformed along the rows' axis, then the columns'.

**Channels, filters, images.** At each frequency there are a matrix W (filters × channels) and a
matrix X (channels × images). The convolution and its gradients are one matrix product each:

    Y = W X        dX = Wᴴ dY        dW = dY Xᴴ

The transforms of x, w and dy are each used twice.

**Half of it is enough.** Maps are real, so X[-k] is the conjugate of X[k]: along the first axis the
frequencies 0 to S // 2 say everything. On the way back, each of them counts twice, for the one that
was left out, but for 0 and, with S even, S / 2, which are their own mirror images, and so are real:
along the second axis half of the frequencies is enough for these, too. The other (S - 1) // 2 are
complex there and need all S. For S = 16 that makes 7 × 16 + 2 × 9 = 130 frequencies.

**Real numbers only.** A complex vector is kept as its real parts, then its imaginary parts, and a
complex matrix A as [[Re A, -Im A], [Im A, Re A]]. The products of these are the complex ones in the
same form, at four real products for one (hence 4 × 130 = 520), and the conjugate transpose is the
transpose. So all is done by products of real matrices, which is what the library below NumPy does
fastest. That goes for the transform, too: for maps of such sizes the product with F is as fast as
the fast Fourier transform, and takes any S, prime or not.

**No transposed copies.** A matrix product over one axis leaves the others as they are, and its rows
may come in any order. With rows (frequency, part), part being real or imaginary, for both axes, and
columns (part, position) for the second, each product writes what the next one reads. In shapes,
with K = (S - 1) // 2 for the rows' S:

    (H, W C N)  →  (K 2, W C N) = (K, 2 W, C N)  →  (K, S 2, C N) = (K S, 2 C, N)

The last one is X at each frequency; the rows of the mirror images, of one part each, come after the
others and go the same way. The way back is the same, backwards, with transposed matrices.

Sources: Gray, "Toeplitz and Circulant Matrices: A Review" (2006), chapter 3; Oppenheim and Schafer,
"Discrete-Time Signal Processing" (2010), chapter 8; Mathieu, Henaff and LeCun, "Fast Training of
Convolutional Networks through FFTs" (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from nn.ops.buffers import Buffers
from nn.ops.convolution import Geometry
from nn.ops.pieces import Piece, Tail, by_channel, by_work
from nn.ops.products import multiply
from nn.ops.threads import each, scratch
from nn.ops.windows import Pair
from nn.types import Array

PARTS = 16
"""The frequencies are dealt into so many parts at most, of which each is a thread's work."""


def waves(size: int, positions: range, bins: int) -> tuple[Array, Array]:
    """The real and imaginary parts of exp(-2πi k j / size): (bins, positions) each.

    Positions may be negative or beyond the size: they are counted around the circle.
    """
    turns = np.outer(np.arange(bins), np.array(positions)) % size / size
    return np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)


def paired(size: int) -> int:
    """How many of the frequencies 0 to size // 2 are not their own mirror image: 1 and on."""
    return (size - 1) // 2


def frequencies(size: Pair) -> int:
    """How many of them say everything of a plane of real values."""
    pairs = paired(size[0])
    return pairs * size[1] + (size[0] - 2 * pairs) * (size[1] // 2 + 1)


@lru_cache
def real_axis(size: int, positions: range, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Matrices from real values at these positions to frequencies 0 to size // 2, and back.

    (2 · bins, positions) with rows (frequency, part), and (positions, 2 · bins).
    """
    bins = size // 2 + 1
    to = np.stack(waves(size, positions, bins), axis=1)
    counts = np.full((bins, 1, 1), 1)
    counts[1 : 1 + paired(size)] = 2
    shape = 2 * bins, len(positions)
    back = (to * counts / size).reshape(shape).T
    return _constant(to.reshape(shape), dtype), _constant(back, dtype)


@lru_cache
def packed_axis(size: int, positions: range, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """The same without the imaginary parts that are always 0, and the mirror images last.

    (size, positions) with rows (frequency, part) for the paired frequencies, then the real parts of
    0 and, with an even size, size / 2; and (positions, size).
    """
    to, back = real_axis(size, positions, dtype)
    pairs = 2 * paired(size)
    mirrors = [0, size][: size - pairs]
    order = [*range(2, 2 + pairs), *mirrors]
    return _constant(to[order], dtype), _constant(back[:, order], dtype)


@lru_cache
def complex_axis(size: int, positions: range, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Matrices from complex values at these positions to all `size` frequencies, and back.

    (2 · size, 2 · positions) with rows (frequency, part) and columns (part, position), and the
    other way around.
    """
    re, im = waves(size, positions, size)
    to = np.array([[re, -im], [im, re]]).transpose(2, 0, 1, 3).reshape(2 * size, -1)
    return _constant(to, dtype), _constant(to.T / size, dtype)


def _constant(matrix: Array, dtype: npt.DTypeLike) -> Array:
    made = np.ascontiguousarray(matrix, dtype)
    made.flags.writeable = False
    return made


@dataclass(frozen=True)
class _Band:
    """So many frequencies of the rows' axis that are transformed alike along the columns': where
    they are after the first half of a transform and in a spectrum, and the matrices to and from."""

    count: int
    rows: slice
    frequencies: slice
    to: Array
    back: Array

    def half(self, half: Array) -> Array:
        """(count, parts and columns, values) of all that is transformed along the rows' axis."""
        return half[self.rows].reshape(self.count, -1, half.shape[-1])

    def part(self, spectrum: Array, at: Piece) -> Array:
        """(count, frequencies and parts, values) of the piece's channels."""
        channels, n = spectrum.shape[1] // 2, spectrum.shape[2]
        full = spectrum[self.frequencies].reshape(self.count, -1, channels * n)
        return full[:, :, at.channels.start * n : at.channels.stop * n]


class Transform:
    """Between values on a plane and their frequencies.

    The plane is a circle of size[0] rows by one of size[1] columns; the values stand at the
    positions `rows` and `columns`, and elsewhere are zeros (or, on the way back, of no interest).
    """

    def __init__(self, size: Pair, rows: range, columns: range, dtype: np.dtype[Any]) -> None:
        self._size = len(rows), len(columns)
        self._height = size[0]
        self._along_rows, self._back_along_rows = packed_axis(size[0], rows, dtype)
        pairs = paired(size[0])
        mirrors = size[0] - 2 * pairs
        full = pairs * size[1]
        of_pairs, of_mirrors = (
            complex_axis(size[1], columns, dtype),
            real_axis(size[1], columns, dtype),
        )
        bands = (
            _Band(pairs, slice(2 * pairs), slice(full), *of_pairs),
            _Band(mirrors, slice(2 * pairs, None), slice(full, None), *of_mirrors),
        )
        self._bands = [band for band in bands if band.count]

    def pieces(self, channels: int, n: int) -> tuple[Piece, ...]:
        """Pieces of some channels, of which half a transform stays in the cache."""
        half = self._height * self._size[1] * n * self._along_rows.itemsize
        return by_channel(self._size, channels, half)

    def to_frequencies(self, values: Array, spectrum: Array, at: Piece) -> None:
        """A piece (rows, columns, some of C, N) into its part of (frequencies, 2 C, N)."""
        by_column = _flat(values).swapaxes(0, 1)
        half = self._half(by_column)
        multiply(self._along_rows, by_column, half.swapaxes(0, 1))
        for band in self._bands:
            multiply(band.to, band.half(half), band.part(spectrum, at))

    def from_frequencies(self, spectrum: Array, values: Array, at: Piece) -> None:
        """A piece (rows, columns, some of C, N) from its part of (frequencies, 2 C, N)."""
        by_column = _flat(values).swapaxes(0, 1)
        half = self._half(by_column)
        for band in self._bands:
            multiply(band.back, band.part(spectrum, at), band.half(half))
        multiply(self._back_along_rows, half.swapaxes(0, 1), by_column)

    def _half(self, by_column: Array) -> Array:
        """What is transformed along the rows' axis: (size[0], columns, values)."""
        columns, _, values = by_column.shape
        half: Array = scratch(by_column.dtype)("half transformed", self._height, columns, values)
        return half


def _flat(values: Array) -> Array:
    """Channels and batch as one axis, a view."""
    return values.reshape(*values.shape[:2], -1)


def circles(geometry: Geometry) -> Pair:
    """How many positions the circles of rows and of columns need."""
    (height, width), (rows, columns) = geometry.frame.map_size, geometry.frame.borders
    return height + max(rows), width + max(columns)


class ByFrequencies:
    """One layer's convolution by frequencies, with what is kept from forward to backward."""

    def __init__(self, geometry: Geometry, buffers: Buffers) -> None:
        size, (height, width) = circles(geometry), geometry.frame.map_size
        (rows, columns), (tall, wide) = geometry.output_size, geometry.kernel
        (top, _), (left, _) = geometry.frame.borders
        dtype = buffers.dtype
        self._inputs = Transform(size, range(height), range(width), dtype)
        self._outputs = Transform(size, range(rows), range(columns), dtype)
        taps = range(top, top - tall, -1), range(left, left - wide, -1)
        self._weights = Transform(size, *taps, dtype)
        self._frequencies = frequencies(size)
        self._geometry, self._buffers = geometry, buffers
        self._x: Array | None = None
        self._w: Array | None = None

    def forward(self, x: Array, w: Array, tail: Tail) -> None:
        """Y = W X at each frequency."""
        n, geometry = x.shape[-1], self._geometry
        spectrum = self._x = self._spectrum("input", geometry.channels, n)
        pieces = self._inputs.pieces(geometry.channels, n)
        transforms = [partial(self._inputs.to_frequencies, at.of(x), spectrum, at) for at in pieces]
        each(_call, transforms + self._renewal(w))
        products, blocks = self._spectrum("output", geometry.filters, n), self._blocks()
        each(lambda k: multiply(blocks[k], spectrum[k], products[k]), self._parts(n))

        def give(at: Piece) -> None:
            piece = tail.room(at)
            self._outputs.from_frequencies(products, piece, at)
            tail.finish(at, piece)

        each(give, self._outputs.pieces(geometry.filters, n))

    def backward(self, tail: Tail, w: Array, dw: Array, *, wants_input: bool) -> Array | None:
        """dW = dY Xᴴ and dX = Wᴴ dY at each frequency."""
        assert self._x is not None, "gradients follow forward"
        x, n, geometry = self._x, self._x.shape[-1], self._geometry
        channels, filters = geometry.channels, geometry.filters
        dy = self._spectrum("output", filters, n)

        def transform(at: Piece) -> None:
            self._outputs.to_frequencies(tail.gradient(at), dy, at)

        transforms = [partial(transform, at) for at in self._outputs.pieces(filters, n)]
        each(_call, transforms + self._renewal(w))
        weights = self._spectrum("weights", filters, channels)
        inputs = self._spectrum("input gradient", channels, n)
        blocks = self._blocks().transpose(0, 2, 1)

        def gradients(k: slice) -> None:
            self._weight_products(dy[k], x[k], weights[k])
            if wants_input:
                multiply(blocks[k], dy[k], inputs[k])

        each(gradients, self._parts(n))
        by_tap = self._buffers("weight gradient by tap", *geometry.kernel, filters, channels)
        dx: Array = self._buffers("input gradient", *geometry.frame.map_size, channels, n)
        to_taps, to_maps = self._weights.from_frequencies, self._inputs.from_frequencies
        back = [
            partial(to_taps, weights, at.of(by_tap), at)
            for at in self._weights.pieces(filters, channels)
        ]
        if wants_input:
            back += [
                partial(to_maps, inputs, at.of(dx), at) for at in self._inputs.pieces(channels, n)
            ]
        each(_call, back)
        np.copyto(dw, by_tap.transpose(2, 0, 1, 3))
        return dx if wants_input else None

    def _parts(self, n: int) -> list[slice]:
        products = 4 * self._geometry.channels * self._geometry.filters * n
        return by_work(self._frequencies, self._frequencies * products, PARTS)

    def _weight_products(self, dy: Array, x: Array, weights: Array) -> None:
        """dY Xᴴ at some frequencies: from the blocks' form into that of a spectrum."""
        filters, channels = self._geometry.filters, self._geometry.channels
        products = scratch(x.dtype)("products", len(x), 2 * filters, 2 * channels)
        multiply(dy, x.transpose(0, 2, 1), products)
        parts = products.reshape(-1, 2, filters, 2, channels)
        re, im = weights.reshape(-1, 2, filters, channels).swapaxes(0, 1)
        np.add(parts[:, 0, :, 0], parts[:, 1, :, 1], out=re)
        np.subtract(parts[:, 1, :, 0], parts[:, 0, :, 1], out=im)

    def _spectrum(self, of: str, channels: int, n: int) -> Array:
        return self._buffers(f"spectrum of the {of}", self._frequencies, 2 * channels, n)

    def _blocks(self) -> Array:
        """W at each frequency, in block form: (frequencies, 2 · filters, 2 · channels)."""
        filters, channels = self._geometry.filters, self._geometry.channels
        blocks: Array = self._buffers(
            "weights by frequency", self._frequencies, 2 * filters, 2 * channels
        )
        return blocks

    def _renewal(self, w: Array) -> list[Callable[[], None]]:
        """What is to do for the blocks to be of these weights.

        They are kept beside the weights that they were made of, and used again for as long as w
        equals these: from forward to backward, and from batch to batch in inference.
        """
        same = self._buffers("unchanged weights", *w.shape, dtype=bool)
        if self._w is not None and np.equal(self._w, w, out=same).all():
            return []
        self._w = self._buffers("weights", *w.shape)
        np.copyto(self._w, w)
        filters, channels = self._geometry.filters, self._geometry.channels
        taps = self._buffers("weights by tap", *self._geometry.kernel, filters, channels)
        np.copyto(taps, w.transpose(1, 2, 0, 3))
        spectrum = self._spectrum("weights", filters, channels)
        re, im = spectrum.reshape(-1, 2, filters, channels).swapaxes(0, 1)
        blocks = self._blocks().reshape(-1, 2, filters, 2, channels)

        def transform(at: Piece) -> None:
            self._weights.to_frequencies(at.of(taps), spectrum, at)
            some = at.channels
            blocks[:, 0, some, 0] = blocks[:, 1, some, 1] = re[:, some]
            blocks[:, 1, some, 0] = im[:, some]
            # NumPy 2.4's `negative` mistakes some strides for none.
            np.multiply(im[:, some], -1, out=blocks[:, 0, some, 1])

        block = 4 * self._frequencies * channels * blocks.itemsize
        pieces = by_channel(self._geometry.kernel, filters, block)
        return [partial(transform, at) for at in pieces]


def _call(work: Callable[[], None]) -> None:
    work()
