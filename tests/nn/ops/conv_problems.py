"""A layer's convolution with values to compute it of, and what comes out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

from nn.ops.algorithms import choose
from nn.ops.buffers import Buffers
from nn.ops.convolution import Convolution, Geometry, Grid
from nn.ops.pieces import Plain
from nn.ops.windows import Pair, extent, frame
from nn.types import Array

Results = tuple[Array, Array, Array]
"""The output, the weights' and the input's gradient."""

PLAIN = Grid()


def layer(
    size: int,
    kernel: int,
    channels: int,
    filters: int,
    padding: str | int = "same",
    grid: Grid = PLAIN,
) -> Geometry:
    """That of a square map and kernel."""
    covered = extent((kernel, kernel), grid.dilation)
    around = frame((size, size), covered, grid.stride, padding)
    return Geometry(around, grid, (kernel, kernel), channels, filters)


@dataclass(frozen=True)
class Problem:
    """An input, weights and an upstream gradient, all in float64."""

    geometry: Geometry
    x: Array
    w: Array
    dy: Array


def problem_of(geometry: Geometry, n: int, seed: int = 0) -> Problem:
    """Random values for n images."""
    rng = np.random.default_rng(seed)
    channels = geometry.channels // geometry.grid.groups
    return Problem(
        geometry,
        rng.standard_normal((*geometry.frame.map_size, geometry.channels, n)),
        rng.standard_normal((geometry.filters, *geometry.kernel, channels)),
        rng.standard_normal((*geometry.output_size, geometry.filters, n)),
    )


def results(
    convolution: Convolution,
    given: Problem,
    dtype: type[np.floating[Any]] = np.float64,
    align: Pair = (1, 1),
) -> Results:
    """A step, with nothing behind it, into arrays full of rubbish."""
    x, w, dy = (values.astype(dtype) for values in (given.x, given.w, given.dy))
    y, dw = np.full_like(dy, np.nan), np.full_like(w, np.nan)
    tail = Plain(y, dy, align)
    convolution.forward(x, w, tail)
    dx = convolution.backward(tail, w, dw, wants_input=True)
    assert dx is not None
    assert {y.dtype, dw.dtype, dx.dtype} == {np.dtype(dtype)}
    return y, dw, dx.copy()


def by_einsum(given: Problem) -> Results:
    """The formulas as they stand."""
    return results(choose("einsum", given.geometry, Buffers(np.float64)), given)


def assert_close(
    found: Iterable[Array], expected: Iterable[Array], tolerance: float = 1e-10
) -> None:
    """To within a part of the greatest value: sums of many terms leave small ones inexact."""
    for value, truth in zip(found, expected, strict=True):
        assert value.shape == truth.shape
        assert_allclose(value, truth, rtol=0, atol=tolerance * max(np.abs(truth).max(), 1))
