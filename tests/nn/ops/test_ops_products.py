"""Products in blocks: the plain definition, for any shapes, strides and stacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.ops import products as module
from nn.ops.products import multiplies_in_place, multiply
from nn.types import Array

SHAPES = [
    (64, 128, 64),
    (128, 64, 128),
    (28, 32, 2048),
    (32, 28, 2500),
    (16, 144, 512),
    (64, 576, 128),
    (75, 600, 130),
    (127, 101, 97),
    (7, 1900, 130),
    (3, 3000, 200),
    (1, 1, 1_000_001),
    (1_000_001, 1, 1),
]


@pytest.fixture(params=[True, False], ids=["in place", "copying"])
def _in_place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "multiplies_in_place", lambda: request.param)


def whole(rng: np.random.Generator, *shape: int) -> Array:
    """Small whole numbers: their products and sums are exact in any order."""
    return rng.integers(-3, 4, shape).astype(np.float32)


@pytest.mark.usefixtures("_in_place")
@pytest.mark.parametrize("transposed", ["neither", "first", "second", "both"])
@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
def test_a_product_is_what_it_is_by_definition(m: int, k: int, n: int, transposed: str) -> None:
    rng = np.random.default_rng(0)
    a = whole(rng, k, m).T if transposed in ("first", "both") else whole(rng, m, k)
    b = whole(rng, n, k).T if transposed in ("second", "both") else whole(rng, k, n)
    out = np.full((m, n), np.nan, np.float32)
    multiply(a, b, out)
    assert np.array_equal(out, np.einsum("mk,kn->mn", a.astype(int), b.astype(int)))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 300),
    st.integers(1, 400),
    st.booleans(),
    st.sampled_from([np.float32, np.float64]),
)
def test_stacks_with_one_factor_for_all(
    m: int, k: int, n: int, transposed: bool, kind: Any
) -> None:
    """As windows are multiplied: neighbours overlap, what is written has gaps between its rows."""
    rng = np.random.default_rng(m + k + n)
    a, values = whole(rng, 1, m, k).astype(kind), whole(rng, 3 * k, n).astype(kind)
    step = values.strides[0]
    b = np.lib.stride_tricks.as_strided(values, (3, k, n), (k // 2 * step, *values.strides))
    if transposed:
        b = np.ascontiguousarray(b.swapaxes(1, 2)).swapaxes(1, 2)
    room = np.full((3, m, n + 5), np.nan, kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "multiplies_in_place", lambda: True)
        multiply(a, b, room[:, :, 2:-3])
    expected = np.einsum("mk,skn->smn", a[0].astype(int), b.astype(int))
    assert np.array_equal(room[:, :, 2:-3], expected)
    assert np.isnan(room[:, :, :2]).all()
    assert np.isnan(room[:, :, -3:]).all()


@pytest.fixture
def _asked_anew() -> Iterator[None]:
    multiplies_in_place.cache_clear()
    yield
    multiplies_in_place.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
@pytest.mark.parametrize(
    ("libraries", "expected"),
    [
        ([("blas", "SkylakeX")], True),
        ([("openmp", None), ("blas", "Cooperlake")], True),
        ([("blas", "Haswell")], False),
        ([("blas", "SkylakeX"), ("blas", "Zen")], False),
        ([("blas", None)], False),
        ([], False),
    ],
)
def test_only_some_processors_multiply_in_place(
    monkeypatch: pytest.MonkeyPatch, libraries: list[tuple[str, str | None]], expected: bool
) -> None:
    found = [
        {"user_api": kind, **({} if architecture is None else {"architecture": architecture})}
        for kind, architecture in libraries
    ]
    monkeypatch.setattr(module, "threadpool_info", lambda: found)
    assert multiplies_in_place() is expected


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(("m", "k", "n"), SHAPES)
def test_blocks_are_small_or_there_is_one(m: int, k: int, n: int, transposed: bool) -> None:
    rows, columns = module._block(m, k, n, transposed)
    if (rows, columns) != (m, n):
        assert rows * columns * k <= module.SMALL
        assert not transposed or rows * columns <= 1200
