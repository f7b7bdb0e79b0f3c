"""Every algorithm against plain nested loops over the definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from nn.ops.buffers import Buffers
from nn.ops.convolution import ALGORITHMS, Convolution, choose
from nn.types import Array


@dataclass(frozen=True)
class Problem:
    """A padded input, weights, an upstream gradient, all in float64, and the stride."""

    x: Array
    w: Array
    dy: Array
    stride: tuple[int, int]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    few = st.integers(1, 3)
    kernel = draw(st.tuples(few, few))
    stride = draw(st.tuples(few, few))
    rows, columns, filters, channels, n = (draw(few) for _ in range(5))
    # What is left over at the edge belongs to no window: its gradient must be zero.
    rest = draw(st.integers(0, stride[0] - 1)), draw(st.integers(0, stride[1] - 1))
    height = (rows - 1) * stride[0] + kernel[0] + rest[0]
    width = (columns - 1) * stride[1] + kernel[1] + rest[1]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Problem(
        rng.standard_normal((height, width, channels, n)),
        rng.standard_normal((filters, *kernel, channels)),
        rng.standard_normal((rows, columns, filters, n)),
        stride,
    )


def by_loops(problem: Problem) -> tuple[Array, Array, Array]:
    """The output, the weights' and the input's gradient: the definition, one product at a time."""
    x, w, dy, (s, t) = problem.x, problem.w, problem.dy, problem.stride
    y, dw, dx = np.zeros_like(dy), np.zeros_like(w), np.zeros_like(x)
    for i, j, f in np.ndindex(dy.shape[:3]):
        for a, b, c in np.ndindex(w.shape[1:]):
            for n in range(x.shape[3]):
                at = i * s + a, j * t + b, c, n
                y[i, j, f, n] += x[at] * w[f, a, b, c]
                dw[f, a, b, c] += dy[i, j, f, n] * x[at]
                dx[at] += dy[i, j, f, n] * w[f, a, b, c]
    return y, dw, dx


def by(
    algorithm: Convolution, problem: Problem, dtype: type[np.floating[Any]]
) -> tuple[Array, Array, Array]:
    """The same by an algorithm, into arrays full of rubbish."""
    x, w, dy = (each.astype(dtype) for each in (problem.x, problem.w, problem.dy))
    y, dw, dx = (np.full_like(each, np.nan) for each in (dy, w, x))
    buffers = Buffers(dtype)
    algorithm.forward(x, w, problem.stride, buffers, y)
    algorithm.weight_gradient(x, dy, problem.stride, buffers, dw)
    algorithm.input_gradient(dy, w, problem.stride, buffers, dx)
    return y, dw, dx


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)], ids=["float64", "float32"]
)
@pytest.mark.parametrize("name", ALGORITHMS)
@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_the_definition(
    name: str, dtype: type[np.floating[Any]], tolerance: float, problem: Problem
) -> None:
    found = by(ALGORITHMS[name], problem, dtype)
    for value, expected in zip(found, by_loops(problem), strict=True):
        assert value.dtype == dtype
        assert_allclose(value, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", set(ALGORITHMS) - {"einsum"})
def test_a_layer_of_real_size_agrees_with_einsum(name: str) -> None:
    rng = np.random.default_rng(0)
    problem = Problem(
        rng.standard_normal((18, 18, 16, 20)),
        rng.standard_normal((24, 5, 5, 16)),
        rng.standard_normal((14, 14, 24, 20)),
        (1, 1),
    )
    found = by(ALGORITHMS[name], problem, np.float64)
    for value, expected in zip(found, by(choose("einsum"), problem, np.float64), strict=True):
        assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


def test_inputs_that_are_no_single_block_of_memory() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((4, 4, 2, 6))
    dy = rng.standard_normal((3, 3, 2, 6))
    w = rng.standard_normal((2, 2, 2, 2))
    every_second = Problem(wide[..., ::2], w, dy[..., ::2], (1, 1))
    x, y = every_second.x, np.empty((3, 3, 2, 3))
    dw, dx = np.empty_like(w), np.empty(x.shape)
    buffers = Buffers(np.float64)
    choose("gemm").forward(x, w, (1, 1), buffers, y)
    choose("gemm").weight_gradient(x, every_second.dy, (1, 1), buffers, dw)
    choose("gemm").input_gradient(every_second.dy, w, (1, 1), buffers, dx)
    for value, expected in zip((y, dw, dx), by_loops(every_second), strict=True):
        assert_allclose(value, expected, rtol=1e-10, atol=1e-10)


def test_auto_is_one_of_the_algorithms() -> None:
    assert choose("auto") in ALGORITHMS.values()
    assert choose("einsum") is ALGORITHMS["einsum"]
