"""Every way to compute a convolution against plain nested loops over the definition."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import pytest
from conv_problems import Problem, Results, assert_close, by_einsum, layer, problem_of, results
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from nn.ops.algorithms import ALGORITHMS, choose
from nn.ops.buffers import Buffers
from nn.ops.convolution import Geometry, Grid
from nn.ops.pieces import Piece, Plain
from nn.ops.windows import Pair, frame_of
from nn.types import Array

PLAIN = Grid()
Cut = Callable[[], AbstractContextManager[None]]
NAMES = [*ALGORITHMS, "auto"]

every_dtype = pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)], ids=["float64", "float32"]
)
few = st.integers(1, 3)


class Axis(NamedTuple):
    size: int
    kernel: int
    stride: int
    dilation: int
    borders: Pair


@st.composite
def axes(draw: st.DrawFn, plain: bool) -> Axis:
    kernel, outputs = draw(few), draw(few)
    stride, dilation = (1, 1) if plain else (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    # What is left over at the edge belongs to no window: its gradient must be zero.
    rest = draw(st.integers(0, stride - 1))
    padded = (outputs - 1) * stride + (kernel - 1) * dilation + 1 + rest
    before = draw(st.integers(0, min(padded - 1, 3)))
    behind = draw(st.integers(0, min(padded - 1 - before, 3)))
    return Axis(padded - before - behind, kernel, stride, dilation, (before, behind))


@st.composite
def problems(draw: st.DrawFn, plain: bool) -> Problem:
    """Any shapes; `plain` as frequencies need them."""
    groups, channels, filters, n = 1 if plain else draw(few), draw(few), draw(few), draw(few)
    i, j = draw(axes(plain)), draw(axes(plain))
    grid = Grid((i.stride, j.stride), (i.dilation, j.dilation), groups)
    around = frame_of((i.size, j.size), (i.borders, j.borders))
    kernel = i.kernel, j.kernel
    geometry = Geometry(around, grid, kernel, channels * groups, filters * groups)
    return problem_of(geometry, n, draw(st.integers(0, 2**32 - 1)))


def problems_for(name: str) -> st.SearchStrategy[Problem]:
    return problems(plain=True) if name == "fft" else problems(plain=False)


def by_loops(problem: Problem) -> Results:
    """The definition, one product at a time."""
    geometry, w, dy = problem.geometry, problem.w, problem.dy
    (s, t), (d, e), groups = geometry.grid.stride, geometry.grid.dilation, geometry.grid.groups
    x = np.pad(problem.x, (*geometry.frame.borders, (0, 0), (0, 0)))
    y, dw, dx = np.zeros_like(dy), np.zeros_like(w), np.zeros_like(x)
    for i, j, f in np.ndindex(dy.shape[:3]):
        group = f // (len(w) // groups)
        for a, b, c in np.ndindex(w.shape[1:]):
            for n in range(x.shape[3]):
                at = i * s + a * d, j * t + b * e, group * w.shape[3] + c, n
                y[i, j, f, n] += x[at] * w[f, a, b, c]
                dw[f, a, b, c] += dy[i, j, f, n] * x[at]
                dx[at] += dy[i, j, f, n] * w[f, a, b, c]
    return y, dw, dx[geometry.frame.inside]


@every_dtype
@pytest.mark.parametrize("name", NAMES)
def test_the_definition(
    name: str, dtype: type[np.floating[Any]], tolerance: float, small_pieces: Cut
) -> None:
    @settings(max_examples=80, deadline=None)
    @given(problem=problems_for(name), align=st.tuples(few, few), in_pieces=st.booleans())
    def check(problem: Problem, align: Pair, in_pieces: bool) -> None:
        with small_pieces() if in_pieces else nullcontext():
            convolution = choose(name, problem.geometry, Buffers(dtype))
            found = results(convolution, problem, dtype, align)
        assert_close(found, by_loops(problem), tolerance)

    check()


LAYERS = {
    "5x5": layer(18, 5, 16, 24),
    "3x3 of one channel": layer(28, 3, 1, 32),
    "3x3 valid": layer(13, 3, 8, 8, "valid"),
    "1x1": layer(14, 1, 24, 16),
    "1x1 stride 2": layer(15, 1, 24, 16, "valid", Grid(stride=(2, 2))),
    "7x7 stride 3": layer(30, 7, 3, 16, 2, Grid(stride=(3, 3))),
    "stride beyond the kernel": layer(24, 2, 6, 6, 1, Grid(stride=(5, 4))),
    "stride 2 dilation 3": layer(17, 3, 8, 8, 1, Grid(stride=(2, 2), dilation=(3, 3))),
    "stride 4 dilation 6": layer(31, 3, 4, 8, 6, Grid(stride=(4, 4), dilation=(6, 6))),
    "in groups": layer(14, 3, 16, 8, grid=Grid(groups=4)),
    "depthwise": layer(14, 3, 16, 16, grid=Grid(stride=(2, 2), groups=16)),
}
every_layer = pytest.mark.parametrize("geometry", LAYERS.values(), ids=LAYERS)


@every_dtype
@every_layer
def test_layers_of_real_size_agree_with_einsum(
    geometry: Geometry, dtype: type[np.floating[Any]], tolerance: float
) -> None:
    problem = problem_of(geometry, 20)
    for name in ("gemm", "auto"):
        found = results(choose(name, geometry, Buffers(dtype)), problem, dtype)
        assert_close(found, by_einsum(problem), tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_batches_of_all_sizes_one_after_the_other(name: str) -> None:
    geometry = LAYERS["5x5"]
    convolution = choose(name, geometry, Buffers(np.float64))
    for n in (4, 1, 7, 4):
        problem = problem_of(geometry, n, seed=n)
        assert_close(results(convolution, problem), by_einsum(problem))


@pytest.mark.parametrize("name", NAMES)
def test_inputs_that_are_no_single_block_of_memory(name: str) -> None:
    wide = problem_of(layer(5, 2, 2, 3, 1), 6)
    every_second = Problem(wide.geometry, wide.x[..., ::2], wide.w, wide.dy[..., ::2])
    backwards = Problem(wide.geometry, wide.x[:, ::-1], wide.w, wide.dy[::-1])
    fortran = Problem(wide.geometry, *map(np.asfortranarray, (wide.x, wide.w, wide.dy)))
    for problem in (every_second, backwards, fortran):
        y, dw = (
            np.empty((*wide.geometry.output_size, 3, problem.x.shape[-1])),
            np.empty(wide.w.shape),
        )
        convolution = choose(name, wide.geometry, Buffers(np.float64))
        tail = Plain(y, problem.dy)
        convolution.forward(problem.x, problem.w, tail)
        dx = convolution.backward(tail, problem.w, dw, wants_input=True)
        assert dx is not None
        assert_close((y, dw, dx), by_loops(problem))


@pytest.mark.parametrize("name", NAMES)
def test_given_values_stay_untouched(name: str) -> None:
    problem = problem_of(layer(6, 3, 2, 3), 4)
    before = problem.x.copy(), problem.w.copy(), problem.dy.copy()
    x, w, dy = problem.x, problem.w, problem.dy
    convolution, tail = choose(name, problem.geometry, Buffers(np.float64)), Plain(dy * 0, dy)
    convolution.forward(x, w, tail)
    convolution.backward(tail, w, np.empty_like(w), wants_input=True)
    for value, kept in zip((x, w, dy), before, strict=True):
        assert_array_equal(value, kept)


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_gradient_alone_is_the_same(name: str) -> None:
    problem = problem_of(layer(6, 3, 2, 3), 4)
    convolution = choose(name, problem.geometry, Buffers(np.float64))
    _, expected, _ = results(convolution, problem)
    dw = np.full_like(problem.w, np.nan)
    found = convolution.backward(Plain(problem.dy, problem.dy), problem.w, dw, wants_input=False)
    assert found is None
    assert_array_equal(dw, expected)


class _Counting:
    """A tail that counts how often each value is asked for, given and gone on with."""

    def __init__(self, shape: tuple[int, ...], align: Pair) -> None:
        self.align = align
        self.whole = shape[:2]
        self.y = np.zeros(shape)
        self.rooms, self.finished, self.gradients = (np.zeros(shape, int) for _ in range(3))
        self.places: list[tuple[int, int]] = []
        self._counting = threading.Lock()

    def _count(self, at: Piece, into: np.ndarray) -> None:
        with self._counting:
            at.of(into)[...] += 1
            self.places.append((at.number, at.channels.start))
            sides = zip((at.rows, at.columns), self.align, self.whole, strict=True)
            for along, step, size in sides:
                assert along.start % step == 0
                assert along.stop % step == 0 or along.stop == size

    def room(self, at: Piece) -> Array:
        self._count(at, self.rooms)
        return at.of(self.y)

    def finish(self, at: Piece, piece: Array) -> None:
        self._count(at, self.finished)
        assert_array_equal(piece, at.of(self.y))

    def gradient(self, at: Piece) -> Array:
        self._count(at, self.gradients)
        return at.of(self.y)


@pytest.mark.parametrize("align", [(1, 1), (2, 2), (3, 1), (1, 5)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_every_piece_is_given_once_and_its_gradient_asked_for_once(name: str, align: Pair) -> None:
    problem = problem_of(LAYERS["5x5"], 9)
    tail = _Counting(problem.dy.shape, align)
    convolution = choose(name, problem.geometry, Buffers(np.float64))
    convolution.forward(problem.x, problem.w, tail)
    assert (tail.rooms == 1).all()
    assert (tail.finished == 1).all()
    assert set(tail.places) == {place for place in tail.places if tail.places.count(place) == 2}
    tail.places.clear()
    convolution.backward(tail, problem.w, np.empty_like(problem.w), wants_input=True)
    assert (tail.gradients == 1).all()
    assert len(set(tail.places)) == len(tail.places)
