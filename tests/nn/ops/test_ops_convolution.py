"""Every algorithm over windows against plain nested loops over the definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from nn.ops.algorithms import WINDOWS
from nn.ops.buffers import Buffers
from nn.ops.convolution import Grid, PaddedConvolution
from nn.types import Array


@dataclass(frozen=True)
class Problem:
    """A padded input, weights, an upstream gradient, all in float64, and how they meet."""

    x: Array
    w: Array
    dy: Array
    grid: Grid = field(default_factory=Grid)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    few = st.integers(1, 3)
    kernel = draw(st.tuples(few, few))
    stride, dilation = draw(st.tuples(few, few)), draw(st.tuples(few, few))
    rows, columns, filters, channels, n, groups = (draw(few) for _ in range(6))
    # What is left over at the edge belongs to no window: its gradient must be zero.
    rest = draw(st.integers(0, stride[0] - 1)), draw(st.integers(0, stride[1] - 1))
    height = (rows - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1 + rest[0]
    width = (columns - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1 + rest[1]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Problem(
        rng.standard_normal((height, width, channels * groups, n)),
        rng.standard_normal((filters * groups, *kernel, channels)),
        rng.standard_normal((rows, columns, filters * groups, n)),
        Grid(stride, dilation, groups),
    )


def by_loops(problem: Problem) -> tuple[Array, Array, Array]:
    """The output, the weights' and the input's gradient: the definition, one product at a time."""
    x, w, dy = problem.x, problem.w, problem.dy
    (s, t), (d, e), groups = problem.grid.stride, problem.grid.dilation, problem.grid.groups
    y, dw, dx = np.zeros_like(dy), np.zeros_like(w), np.zeros_like(x)
    for i, j, f in np.ndindex(dy.shape[:3]):
        group = f // (len(w) // groups)
        for a, b, c in np.ndindex(w.shape[1:]):
            for n in range(x.shape[3]):
                at = i * s + a * d, j * t + b * e, group * w.shape[3] + c, n
                y[i, j, f, n] += x[at] * w[f, a, b, c]
                dw[f, a, b, c] += dy[i, j, f, n] * x[at]
                dx[at] += dy[i, j, f, n] * w[f, a, b, c]
    return y, dw, dx


def by(
    algorithm: PaddedConvolution, problem: Problem, dtype: type[np.floating[Any]]
) -> tuple[Array, Array, Array]:
    """The same by an algorithm, into arrays full of rubbish."""
    x, w, dy = (each.astype(dtype) for each in (problem.x, problem.w, problem.dy))
    y, dw, dx = (np.full_like(each, np.nan) for each in (dy, w, x))
    buffers = Buffers(dtype)
    algorithm.forward(x, w, problem.grid, buffers, y)
    algorithm.weight_gradient(x, dy, problem.grid, buffers, dw)
    algorithm.input_gradient(dy, w, problem.grid, buffers, dx)
    return y, dw, dx


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)], ids=["float64", "float32"]
)
@pytest.mark.parametrize("name", WINDOWS)
@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_the_definition(
    name: str, dtype: type[np.floating[Any]], tolerance: float, problem: Problem
) -> None:
    found = by(WINDOWS[name], problem, dtype)
    for value, expected in zip(found, by_loops(problem), strict=True):
        assert value.dtype == dtype
        assert_allclose(value, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", set(WINDOWS) - {"einsum"})
def test_a_layer_of_real_size_agrees_with_einsum(name: str) -> None:
    rng = np.random.default_rng(0)
    problem = Problem(
        rng.standard_normal((18, 18, 16, 20)),
        rng.standard_normal((24, 5, 5, 16)),
        rng.standard_normal((14, 14, 24, 20)),
    )
    found = by(WINDOWS[name], problem, np.float64)
    for value, expected in zip(found, by(WINDOWS["einsum"], problem, np.float64), strict=True):
        assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


def test_inputs_that_are_no_single_block_of_memory() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((4, 4, 2, 6))
    dy = rng.standard_normal((3, 3, 2, 6))
    w = rng.standard_normal((2, 2, 2, 2))
    every_second = Problem(wide[..., ::2], w, dy[..., ::2])
    x, y = every_second.x, np.empty((3, 3, 2, 3))
    dw, dx = np.empty_like(w), np.empty(x.shape)
    buffers = Buffers(np.float64)
    WINDOWS["gemm"].forward(x, w, Grid(), buffers, y)
    WINDOWS["gemm"].weight_gradient(x, every_second.dy, Grid(), buffers, dw)
    WINDOWS["gemm"].input_gradient(every_second.dy, w, Grid(), buffers, dx)
    for value, expected in zip((y, dw, dx), by_loops(every_second), strict=True):
        assert_allclose(value, expected, rtol=1e-10, atol=1e-10)
