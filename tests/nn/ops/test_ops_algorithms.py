"""Which algorithm is taken, and that any of them may follow any other."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from conv_problems import assert_close, by_einsum, layer, problem_of, results

from nn.ops import costs
from nn.ops.algorithms import Fastest, choose
from nn.ops.buffers import Buffers
from nn.ops.convolution import Einsum, Geometry, Grid
from nn.ops.costs import by_frequencies, by_windows, prefers_frequencies
from nn.ops.frequencies import ByFrequencies
from nn.ops.gemm import Gemm
from nn.types import Array


def test_a_name_forces_one() -> None:
    geometry, buffers = layer(5, 3, 2, 2), Buffers(np.float64)
    assert isinstance(choose("fft", geometry, buffers), ByFrequencies)
    assert isinstance(choose("auto", geometry, buffers), Fastest)
    assert isinstance(choose("gemm", geometry, buffers), Gemm)
    assert isinstance(choose("einsum", geometry, buffers), Einsum)


@pytest.mark.parametrize("grid", [Grid(stride=(2, 1)), Grid(dilation=(1, 2)), Grid(groups=2)])
def test_auto_goes_over_windows_where_frequencies_do_not_apply(grid: Grid) -> None:
    geometry = layer(8, 5, 64, 64, grid=grid)
    assert isinstance(choose("auto", geometry, Buffers(np.float64)), Gemm)


def test_auto_chooses_anew_for_each_size_of_batch() -> None:
    geometry = layer(6, 5, 16, 16)
    assert [prefers_frequencies(geometry, n) for n in (1, 32)] == [False, True]
    fastest = choose("auto", geometry, Buffers(np.float64))
    for n in (32, 1, 32):
        given = problem_of(geometry, n)
        assert_close(results(fastest, given), by_einsum(given))


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
    "geometry",
    [
        layer(14, 5, 3, 4),
        layer(9, 4, 2, 5),
        layer(5, 3, 1, 1),
        layer(12, 5, 3, 4, "valid"),
        layer(4, 2, 2, 3, 3),
    ],
    ids=str,
)
def test_what_is_counted_as_arithmetic_is_what_is_computed(
    geometry: Geometry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(costs, "COPIED", 0)
    monkeypatch.setattr(costs, "SMALLER", 1)
    counted: list[int] = []
    multiply = np.matmul

    def counting(a: Array, b: Array, out: Array, **options: Any) -> Array:
        counted.append(prod(out.shape) * a.shape[-1])
        result: Array = multiply(a, b, out=out, **options)
        return result

    monkeypatch.setattr(np, "matmul", counting)
    given = problem_of(geometry, 6)
    results(ByFrequencies(geometry, Buffers(np.float64)), given)
    assert by_frequencies(geometry, 6) == sum(counted)
    counted.clear()
    results(Gemm(geometry, Buffers(np.float64)), given)
    assert by_windows(geometry, 6) == sum(counted)
