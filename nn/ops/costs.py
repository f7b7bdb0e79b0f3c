"""What a training step's convolution costs, over windows and by frequencies: counted, to choose.

The unit is the time of one multiply-add in a large matrix product. Over windows there are these,
and values to copy; by frequencies, all is matrix products, but of smaller matrices, between which
more is moved. The two constants say how much that is worth; `tests/benchmarks/convolution.py` holds
what follows from them against times. The same shapes give the same choice on every machine. It is
one for all directions, which share their transforms, and for inference, which so answers with the
bits of training.
"""

from __future__ import annotations

from math import prod

from nn.ops.convolution import Geometry
from nn.ops.frequencies import circles, frequencies, paired
from nn.ops.windows import Pair

COPIED = 40
"""For each value that is gathered into windows."""

SMALLER = 2.0
"""For each multiply-add by frequencies."""


def prefers_frequencies(geometry: Geometry, n: int) -> bool:
    """Whether frequencies are the faster way for n images."""
    return by_frequencies(geometry, n) < by_windows(geometry, n)


def by_windows(geometry: Geometry, n: int) -> float:
    """Of `Gemm`, with stride 1 and without groups: the same products in each direction, and one of
    the kernel's axes gathered for each."""
    outputs, inputs = prod(geometry.output_size), prod(geometry.frame.map_size)
    channels, filters, tall = geometry.channels, geometry.filters, geometry.kernel[0]
    products = (2 * outputs + inputs) * prod(geometry.kernel) * channels * filters
    gathered = tall * (2 * outputs * channels + inputs * filters)
    return n * (products + COPIED * gathered)


def by_frequencies(geometry: Geometry, n: int) -> float:
    """Of `ByFrequencies`: six transforms, and three products at each frequency."""
    return SMALLER * frequency_products(geometry, n)


def frequency_products(geometry: Geometry, n: int) -> int:
    """The multiply-adds of a step by frequencies."""
    channels, filters, size = geometry.channels, geometry.filters, circles(geometry)
    inputs = channels * n * _transform(size, geometry.frame.map_size)
    outputs = filters * n * _transform(size, geometry.output_size)
    weights = channels * filters * _transform(size, geometry.kernel)
    at_each = 3 * 4 * channels * filters * n
    return 2 * (inputs + outputs + weights) + frequencies(size) * at_each


def _transform(size: Pair, values: Pair) -> int:
    """Of the values at so many rows and columns, one channel of one image."""
    (rows, columns), pairs = values, paired(size[0])
    along_columns = pairs * 4 * size[1] + (size[0] - 2 * pairs) * 2 * (size[1] // 2 + 1)
    return size[0] * rows * columns + along_columns * columns
