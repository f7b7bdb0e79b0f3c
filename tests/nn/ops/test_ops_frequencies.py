"""Convolution by frequencies against the definition, and its transforms against NumPy's."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from conv_problems import Problem, assert_close, by_einsum, problem_of, results
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from nn.ops import pieces
from nn.ops.buffers import Buffers
from nn.ops.convolution import Geometry, Grid
from nn.ops.frequencies import (
    ByFrequencies,
    Transform,
    circles,
    complex_axis,
    frequencies,
    packed_axis,
    real_axis,
)
from nn.ops.pieces import Plain, by_channel
from nn.ops.windows import Pair, frame

SIZES = [1, 2, 3, 4, 7, 8, 16, 17, 30]
PADDINGS: st.SearchStrategy[str | int] = st.sampled_from(["same", "valid", 0, 1, 2, 3, 7])
DOUBLE = np.dtype(np.float64)

every_dtype = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)], ids=["float64", "float32"]
)


def problem(
    size: Pair, kernel: Pair, padding: str | int, channels: int, filters: int, n: int, seed: int = 0
) -> Problem:
    around = frame(size, kernel, (1, 1), padding)
    return problem_of(Geometry(around, Grid(), kernel, channels, filters), n, seed)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    padding: str | int = draw(PADDINGS)
    # With a number around it, a map may be smaller than the kernel.
    fewest = (1, 1) if padding == "same" else [max(k - 2 * int_of(padding), 1) for k in kernel]
    size = draw(st.tuples(*(st.integers(least, least + 6) for least in fewest)))
    channels, filters, n = (draw(st.integers(1, 4)) for _ in range(3))
    seed = draw(st.integers(0, 2**32 - 1))
    return problem(size, kernel, padding, channels, filters, n, seed)


def int_of(padding: str | int) -> int:
    return padding if isinstance(padding, int) else 0


@every_dtype
@settings(max_examples=200, deadline=None)
@given(given=problems())
def test_the_definition(dtype: type[np.floating[Any]], tolerance: float, given: Problem) -> None:
    found = results(ByFrequencies(given.geometry, Buffers(dtype)), given, dtype)
    assert_close(found, by_einsum(given), tolerance)


@every_dtype
@pytest.mark.parametrize(
    ("size", "kernel", "padding"),
    [
        ((14, 14), (5, 5), "same"),
        ((14, 14), (5, 5), "valid"),
        ((9, 12), (3, 7), "same"),
        ((8, 8), (8, 8), "same"),
        ((8, 8), (8, 8), "valid"),
        ((13, 7), (4, 2), "same"),
        ((6, 5), (1, 1), "same"),
        ((3, 4), (2, 3), 6),
        ((1, 1), (9, 9), 8),
        ((32, 28), (3, 5), "same"),
    ],
)
def test_layers_of_real_size(
    dtype: type[np.floating[Any]], tolerance: float, size: Pair, kernel: Pair, padding: str | int
) -> None:
    given = problem(size, kernel, padding, channels=16, filters=24, n=20)
    found = results(ByFrequencies(given.geometry, Buffers(dtype)), given, dtype)
    assert_close(found, by_einsum(given), tolerance)


def test_a_shorter_batch_after_a_full_one() -> None:
    full, short = (problem((6, 7), (3, 3), "same", 2, 3, n, seed=n) for n in (5, 2))
    convolution = ByFrequencies(full.geometry, Buffers(DOUBLE))
    for batch in (full, short, full):
        assert_close(results(convolution, batch), by_einsum(batch))


def test_weights_that_were_changed_in_place() -> None:
    given = problem((6, 7), (3, 3), "same", 2, 3, 4)
    convolution = ByFrequencies(given.geometry, Buffers(DOUBLE))
    results(convolution, given)
    given.w[1, 2, 0, 1] += 1e-3
    assert_close(results(convolution, given), by_einsum(given))
    given.w[:] = 0
    assert_close(results(convolution, given), by_einsum(given))


def test_weights_that_are_changed_between_forward_and_backward_count_as_they_are() -> None:
    given = problem((6, 7), (3, 3), "same", 2, 3, 4)
    convolution = ByFrequencies(given.geometry, Buffers(DOUBLE))
    tail = Plain(np.empty_like(given.dy), given.dy)
    convolution.forward(given.x, given.w, tail)
    given.w[...] *= -2
    dx = convolution.backward(tail, given.w, np.empty_like(given.w), wants_input=True)
    _, _, expected = by_einsum(given)
    assert dx is not None
    assert_close((dx,), (expected,))


@every_dtype
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("filters", [1, 2, 3, 4, 8])
def test_channels_one_at_a_time(
    dtype: type[np.floating[Any]],
    tolerance: float,
    channels: int,
    filters: int,
    small_pieces: Callable[[], AbstractContextManager[None]],
) -> None:
    given = problem((3, 4), (2, 2), "same", channels, filters, 2)
    with small_pieces():
        found = results(ByFrequencies(given.geometry, Buffers(dtype)), given, dtype)
    assert_close(found, by_einsum(given), tolerance)


def test_weights_that_are_no_numbers_show() -> None:
    given = problem((4, 4), (3, 3), "same", 1, 1, 2)
    convolution = ByFrequencies(given.geometry, Buffers(DOUBLE))
    results(convolution, given)
    given.w[0, 0, 0, 0] = np.nan
    assert np.isnan(results(convolution, given)[0]).any()


def test_a_step_after_the_first_allocates_nothing_that_grows_with_the_batch() -> None:
    def peak(n: int) -> int:
        given = problem((14, 14), (5, 5), "same", 8, 16, n)
        convolution = ByFrequencies(given.geometry, Buffers(DOUBLE))
        tail, dw = Plain(np.empty_like(given.dy), given.dy), np.empty_like(given.w)

        def step() -> None:
            convolution.forward(given.x, given.w, tail)
            convolution.backward(tail, given.w, dw, wants_input=True)
            np.multiply(given.w, 0.99, out=given.w)

        step()
        tracemalloc.start()
        try:
            step()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(128) < peak(8) + 10_000


@pytest.mark.parametrize("size", SIZES)
def test_real_values_along_an_axis(size: int) -> None:
    values = np.random.default_rng(size).standard_normal((size, 3))
    to, back = real_axis(size, range(size), DOUBLE)
    parts = (to @ values).reshape(-1, 2, 3)
    assert_allclose(parts[:, 0] + 1j * parts[:, 1], np.fft.rfft(values, axis=0), atol=1e-12)
    assert_allclose(back @ parts.reshape(-1, 3), values, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_complex_values_along_an_axis(size: int) -> None:
    values = np.random.default_rng(size).standard_normal((2, size, 3))
    to, back = complex_axis(size, range(size), DOUBLE)
    parts = (to @ values.reshape(-1, 3)).reshape(-1, 2, 3)
    expected = np.fft.fft(values[0] + 1j * values[1], axis=0)
    assert_allclose(parts[:, 0] + 1j * parts[:, 1], expected, atol=1e-12)
    assert_allclose(back @ parts.reshape(-1, 3), values.reshape(-1, 3), atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_real_values_along_an_axis_without_what_is_always_zero(size: int) -> None:
    values = np.random.default_rng(size).standard_normal((size, 3))
    to, back = packed_axis(size, range(size), DOUBLE)
    full = np.fft.rfft(values, axis=0)
    pairs = full[1 : (size + 1) // 2]
    found = to @ values
    assert_allclose(found[: 2 * len(pairs) : 2], pairs.real, atol=1e-12)
    assert_allclose(found[1 : 2 * len(pairs) : 2], pairs.imag, atol=1e-12)
    mirrors = [full[0], full[-1]] if size % 2 == 0 else [full[0]]
    assert_allclose(found[2 * len(pairs) :], np.real(mirrors), atol=1e-12)
    assert_allclose(back @ found, values, atol=1e-12)


@pytest.mark.parametrize("size", [(4, 4), (5, 6), (8, 3), (30, 33), (2, 4), (3, 3)])
def test_a_plane_to_frequencies_and_back(size: Pair) -> None:
    """All channels at once, as the transform itself cuts them, and a few at a time."""
    rows, columns = size[0] - 1, size[1] - 2
    values = np.random.default_rng(0).standard_normal((rows, columns, 70, 9))
    transform = Transform(size, range(rows), range(columns), DOUBLE)
    every = np.fft.fft2(values, size, axes=(0, 1))
    mirrors = every[:: size[0] // 2] if size[0] % 2 == 0 else every[:1]
    full = np.concatenate(
        [
            every[1 : (size[0] + 1) // 2].reshape(-1, 70, 9),
            mirrors[:2, : size[1] // 2 + 1].reshape(-1, 70, 9),
        ]
    )
    assert len(full) == frequencies(size)
    for cut in (
        by_channel((rows, columns), 70, 1),
        transform.pieces(70, 9),
        by_channel((rows, columns), 70, pieces.CACHED // 3),
    ):
        spectrum = np.full((len(full), 140, 9), np.nan)
        for at in cut:
            transform.to_frequencies(at.of(values), spectrum, at)
        assert_allclose(spectrum[:, :70] + 1j * spectrum[:, 70:], full, atol=1e-11)
        again = np.full_like(values, np.nan)
        for at in cut:
            transform.from_frequencies(spectrum, at.of(again), at)
        assert_allclose(again, values, atol=1e-12)


def test_positions_are_counted_around_the_circle() -> None:
    around, _ = real_axis(5, range(-2, 8), DOUBLE)
    once, _ = real_axis(5, range(5), DOUBLE)
    assert_array_equal(around, once[:, [3, 4, 0, 1, 2, 3, 4, 0, 1, 2]])


def test_matrices_are_shared_and_cannot_be_changed() -> None:
    for axis in (real_axis, packed_axis, complex_axis):
        first, again = axis(6, range(4), DOUBLE), axis(6, range(4), DOUBLE)
        assert first is again
        for matrix in first:
            with pytest.raises(ValueError, match="read-only"):
                matrix[0, 0] = 1


@pytest.mark.parametrize(
    ("size", "kernel", "padding", "expected"),
    [
        ((14, 14), (5, 5), "same", (16, 16)),
        ((14, 14), (5, 5), "valid", (14, 14)),
        ((14, 9), (4, 1), "same", (16, 9)),
        ((7, 7), (3, 3), 5, (12, 12)),
        ((7, 7), (1, 1), "same", (7, 7)),
    ],
)
def test_zeros_serve_both_sides(
    size: Pair, kernel: Pair, padding: str | int, expected: Pair
) -> None:
    assert circles(problem(size, kernel, padding, 1, 1, 1).geometry) == expected
