"""What a training step's convolution costs, over windows and by frequencies: counted, to choose.

The unit is the time of one multiply-add in a large matrix product. What is not arithmetic is moving
values: into and out of matrix products, from and to memory that is slower than they are. The
constants below say how many multiply-adds that is worth; `tests/benchmarks/convolution.py` holds
what follows from them against times. The same shapes give the same choice on every machine. It is
one for all directions, which share their transforms, and for inference, which so answers with the
bits of training.
"""

from __future__ import annotations

from math import prod

from nn.ops.convolution import Geometry
from nn.ops.frequencies import circles
from nn.ops.windows import Pair

MOVED = 8
"""For each value that goes into or out of a matrix product, or through an elementwise step."""

WINDOWS_COPIED = 10
"""For each value of each window that is copied for the output's matrix products."""

WINDOWS_MET = 25
"""For each that is copied for the weights' gradient, which is a sum over the columns, too."""

WINDOWS_ADDED = 20
"""For each that is added to the input's gradient."""

CLEARLY = 0.4
"""Frequencies are taken below this part of the other cost: counting is not exact, they take more
memory, and a second thread of BLAS helps their many small products less."""


def prefers_frequencies(geometry: Geometry, n: int) -> bool:
    """Whether frequencies are clearly the better way for n images."""
    return by_frequencies(geometry, n) < CLEARLY * by_windows(geometry, n)


def by_windows(geometry: Geometry, n: int) -> float:
    """Of `Gemm`, without groups and strides: the same products for the output and the weights, as
    many for each input as for an output, and windows moved."""
    taps = prod(geometry.kernel) * geometry.channels
    values, inputs = prod(geometry.output_size) * taps, prod(geometry.frame.map_size) * taps
    copied = WINDOWS_COPIED * n + WINDOWS_MET * (n + geometry.filters) + WINDOWS_ADDED * n
    return (2 * values + inputs) * geometry.filters * n + values * copied


def by_frequencies(geometry: Geometry, n: int) -> float:
    """Of `ByFrequencies`: six transforms, and three products at each frequency."""
    channels, filters, size = geometry.channels, geometry.filters, circles(geometry)
    frequencies = (size[0] // 2 + 1) * size[1]
    pairs = channels * filters
    inputs = channels * n * _transform(size, geometry.frame.map_size)
    outputs = filters * n * _transform(size, geometry.output_size)
    # Between a spectrum and blocks, six values are read or written for each pair and frequency.
    weights = pairs * (_transform(size, geometry.kernel) + MOVED * 6 * frequencies)
    moved = 4 * pairs + 2 * (channels + filters) * n
    products = frequencies * (4 * pairs * n + MOVED * moved)
    return 2 * (inputs + outputs + weights) + 3 * products


def _transform(size: Pair, values: Pair) -> float:
    """Of the values at so many rows and columns, one channel of one image."""
    (rows, columns), bins = values, size[0] // 2 + 1
    first, second = 2 * bins * rows * columns, bins * 2 * size[1] * 2 * columns
    half = 2 * bins * columns
    return first + second + MOVED * (rows * columns + 2 * half + 2 * bins * size[1])
