"""Which algorithm is taken, and that any of them may follow any other."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.ops import costs
from nn.ops.algorithms import WINDOWS, Convolution, Fastest, OverWindows, choose
from nn.ops.buffers import Buffers
from nn.ops.convolution import Geometry, Grid
from nn.ops.costs import by_frequencies, by_windows, prefers_frequencies
from nn.ops.frequencies import ByFrequencies
from nn.ops.windows import frame
from nn.types import Array

PLAIN = Grid()


def layer(size: int, kernel: int, channels: int, filters: int, grid: Grid = PLAIN) -> Geometry:
    around = frame((size, size), (kernel, kernel), grid.stride, "same")
    return Geometry(around, grid, (kernel, kernel), channels, filters)


def step(convolution: Convolution, geometry: Geometry, n: int) -> tuple[Array, Array, Array]:
    """The output and both gradients, for values that depend on the shapes only."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((*geometry.frame.map_size, geometry.channels, n))
    w = rng.standard_normal((geometry.filters, *geometry.kernel, geometry.channels))
    y = np.empty((*geometry.output_size, geometry.filters, n))
    dy, dw = rng.standard_normal(y.shape), np.empty_like(w)
    convolution.forward(x, w, y)
    convolution.weight_gradient(dy, dw)
    return y, dw, convolution.input_gradient(dy, w)


def test_a_name_forces_one() -> None:
    geometry, buffers = layer(5, 3, 2, 2), Buffers(np.float64)
    assert isinstance(choose("fft", geometry, buffers), ByFrequencies)
    assert isinstance(choose("auto", geometry, buffers), Fastest)
    for name in WINDOWS:
        assert isinstance(choose(name, geometry, buffers), OverWindows)


@pytest.mark.parametrize("grid", [Grid(stride=(2, 1)), Grid(dilation=(1, 2)), Grid(groups=2)])
def test_auto_goes_over_windows_where_frequencies_do_not_apply(grid: Grid) -> None:
    geometry = layer(8, 5, 64, 64, grid)
    assert isinstance(choose("auto", geometry, Buffers(np.float64)), OverWindows)


def test_auto_chooses_anew_for_each_size_of_batch() -> None:
    geometry = layer(6, 5, 16, 16)
    assert [prefers_frequencies(geometry, n) for n in (1, 32)] == [False, True]
    fastest = choose("auto", geometry, Buffers(np.float64))
    for n in (32, 1, 32):
        definition = OverWindows(WINDOWS["einsum"], geometry, Buffers(np.float64))
        found = step(fastest, geometry, n)
        for value, expected in zip(found, step(definition, geometry, n), strict=True):
            assert_allclose(value, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("geometry", "frequencies"),
    [
        (layer(14, 5, 32, 64), True),
        (layer(14, 7, 32, 32), True),
        (layer(7, 5, 128, 128), True),
        (layer(28, 5, 1, 32), False),
        (layer(28, 3, 3, 16), False),
        (layer(14, 1, 64, 64), False),
    ],
)
def test_frequencies_are_for_kernels_of_some_size_and_many_channels(
    geometry: Geometry, frequencies: bool
) -> None:
    assert prefers_frequencies(geometry, 128) is frequencies


@pytest.mark.parametrize(
    "geometry", [layer(14, 5, 3, 4), layer(9, 4, 2, 5), layer(5, 3, 1, 1)], ids=str
)
def test_what_is_counted_as_arithmetic_is_what_is_computed(
    geometry: Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for constant in ("MOVED", "WINDOWS_COPIED", "WINDOWS_MET", "WINDOWS_ADDED"):
        monkeypatch.setattr(costs, constant, 0)
    counted: list[int] = []
    multiply = np.matmul

    def counting(a: Array, b: Array, out: Array, **options: Any) -> Array:
        counted.append(prod(out.shape) * a.shape[-1])
        result: Array = multiply(a, b, out=out, **options)
        return result

    monkeypatch.setattr(np, "matmul", counting)
    n = 6
    step(ByFrequencies(geometry, Buffers(np.float64)), geometry, n)
    assert by_frequencies(geometry, n) == sum(counted)
    counted.clear()
    step(OverWindows(WINDOWS["gemm"], geometry, Buffers(np.float64)), geometry, n)
    assert by_windows(geometry, n) == sum(counted)
