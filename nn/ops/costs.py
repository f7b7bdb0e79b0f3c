"""What a convolution costs over windows and by frequencies: counted, so that one can be chosen.

The unit is the time of one multiply-add in a large matrix product. What is not arithmetic is moving
values: into and out of matrix products, from and to memory that is slower than they are. The
constants below say how many multiply-adds that is worth; `tests/benchmarks/convolution.py` compares
what follows from them with times. The same shapes give the same choice on every machine, and with
it, the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
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

CLEARLY = 0.7
"""Frequencies are taken below this part of the other cost: counting is not exact, and they take
more memory."""


@dataclass(frozen=True)
class Cost:
    """Of a batch: forward only, with weights as they were before, and of a whole training step."""

    inference: float
    training: float


def prefers_frequencies(geometry: Geometry, n: int, *, training: bool) -> bool:
    """Whether frequencies are clearly the better way for n images."""
    fft, windows = by_frequencies(geometry, n), by_windows(geometry, n)
    if training:
        return fft.training < CLEARLY * windows.training
    return fft.inference < CLEARLY * windows.inference


def by_windows(geometry: Geometry, n: int) -> Cost:
    """Of `Gemm`, without groups: the same products in each direction, and windows moved."""
    values = prod(geometry.output_size) * prod(geometry.kernel) * geometry.channels
    products, windows = values * geometry.filters * n, values * n
    summed = values * geometry.filters
    forward = products + WINDOWS_COPIED * windows
    weights = products + WINDOWS_MET * (windows + summed)
    inputs = products + WINDOWS_ADDED * windows
    return Cost(forward, forward + weights + inputs)


def by_frequencies(geometry: Geometry, n: int) -> Cost:
    """Of `ByFrequencies`: the transforms' matrix products, and those at each frequency."""
    channels, filters, size = geometry.channels, geometry.filters, circles(geometry)
    frequencies = (size[0] // 2 + 1) * size[1]
    pairs = channels * filters
    inputs = channels * n * _transform(size, geometry.frame.map_size)
    outputs = filters * n * _transform(size, geometry.output_size)
    # Between a spectrum and blocks, six values are read or written for each pair and frequency.
    weights = pairs * (_transform(size, geometry.kernel) + MOVED * 6 * frequencies)
    moved = 4 * pairs + 2 * (channels + filters) * n
    products = frequencies * (4 * pairs * n + MOVED * moved)
    forward = inputs + products + outputs
    return Cost(forward, 2 * forward + 2 * weights + products)


def _transform(size: Pair, values: Pair) -> float:
    """Of the values at so many rows and columns, one channel of one image."""
    (rows, columns), bins = values, size[0] // 2 + 1
    first, second = 2 * bins * rows * columns, bins * 2 * size[1] * 2 * columns
    half = 2 * bins * columns
    return first + second + MOVED * (rows * columns + 2 * half + 2 * bins * size[1])
