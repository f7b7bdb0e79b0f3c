"""Random small stacks of layers: shapes, gradients and algorithms agree whatever is combined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pydantic import TypeAdapter

from nn.layers import LAYERS, AnyLayer, LayerConfig
from nn.layers.chain import Chain, links
from nn.schema import InputError
from nn.types import Array, Shape

ADAPTER: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)
BATCH = 4
NUDGE = 1e-7
ONES = (1, 1), (1, 1)

small = st.integers(1, 3)
pairs = st.tuples(small, small)
paddings = st.sampled_from(["same", "valid", 0, 1, 2])
activations = st.sampled_from(["none", "relu", "elu", "gelu", "silu", "tanh", "sigmoid"])


def a(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), **fields})


@st.composite
def convolutions(draw: st.DrawFn) -> dict[str, Any]:
    """Mostly such that the channels that come in divide: a stack of 2 or 4 channels is common."""
    groups = draw(st.sampled_from([1, 1, 2, 4]))
    values = a("conv2d", kernel_size=pairs, stride=pairs, dilation=pairs, padding=paddings)
    others = {"groups": groups, "filters": groups * draw(st.sampled_from([1, 2, 4]))}
    return {**draw(values), **others, "activation": draw(activations)}


pool = {"pool_size": pairs, "stride": pairs, "padding": paddings}
plain = st.sampled_from(
    ["relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
    + 2 * ["flatten", "global_avg_pool2d"]
).map(lambda kind: {"kind": kind})
simple = st.one_of(
    convolutions(),
    convolutions(),
    a("max_pool2d", **pool),
    a("avg_pool2d", **pool),
    a("dense", units=st.integers(1, 5), activation=activations),
    a("batch_norm", epsilon=st.just(0.1)),
    a("layer_norm", epsilon=st.just(0.1)),
    a("dropout", rate=st.sampled_from([0.0, 0.4])),
    a("spatial_dropout", rate=st.just(0.3)),
    plain,
)
layers = simple | a("residual", layers=st.lists(simple, min_size=1, max_size=3))


@st.composite
def stacks(draw: st.DrawFn) -> tuple[list[dict[str, Any]], Shape]:
    """Up to five layers that fit together: what does not fit is left out."""
    start: Shape = (
        draw(st.integers(1, 6)),
        draw(st.integers(1, 6)),
        draw(st.sampled_from([1, 2, 4])),
    )
    chosen: list[dict[str, Any]] = []
    for values in draw(st.lists(layers, min_size=3, max_size=9)):
        try:
            list(links(configs([*chosen, values]), start))
        except InputError:
            continue
        chosen.append(values)
    return chosen[:5], start


def algorithm_of(values: dict[str, Any], wanted: str | None) -> dict[str, str]:
    """The wanted algorithm, where there is one and it can do what the layer says."""
    plain = (values.get("stride"), values.get("dilation"), values.get("groups")) == (*ONES, 1)
    able = values["kind"] == "conv2d" and (wanted != "fft" or plain)
    return {"algorithm": wanted} if wanted and able else {}


def configs(stack: Sequence[dict[str, Any]], algorithm: str | None = None) -> list[LayerConfig]:
    def with_algorithm(values: dict[str, Any]) -> dict[str, Any]:
        inner = [with_algorithm(each) for each in values.get("layers", ())]
        chosen = algorithm_of(values, algorithm)
        return values | chosen | ({"layers": inner} if inner else {})

    return [ADAPTER.validate_python(with_algorithm(values)) for values in stack]


def build(stack: Sequence[dict[str, Any]], start: Shape, algorithm: str) -> Chain:
    chain = Chain(configs(stack, algorithm), start, np.float64)
    rng = np.random.default_rng(0)
    for value in chain.parameters.values():
        value[...] = rng.standard_normal(value.shape)
    return chain


def forward(chain: Chain, x: Array) -> Array:
    chain.draw_from(np.random.default_rng(2))
    return chain.forward(x, training=True)


def test_every_layer_takes_part() -> None:
    seen: set[str] = set()

    @settings(max_examples=300, derandomize=True, database=None)
    @given(layers)
    def look(values: dict[str, Any]) -> None:
        seen.add(values["kind"])

    look()
    assert seen == {layer.model_fields["kind"].default for layer in LAYERS}


@pytest.mark.parametrize("algorithm", ["gemm", "fft"])
@settings(max_examples=300, derandomize=True, deadline=None)
@given(problem=stacks(), seed=st.integers(0, 2**32 - 1))
def test_shapes_gradients_and_algorithms_agree(
    algorithm: str, problem: tuple[list[dict[str, Any]], Shape], seed: int
) -> None:
    stack, start = problem
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((*start, BATCH))
    chain, definition = build(stack, start, algorithm), build(stack, start, "einsum")

    y = forward(chain, x).copy()
    *_, last = [start, *(link.output_shape for link in links(configs(stack), start))]
    assert y.shape == (*last, BATCH)
    assert_allclose(y, forward(definition, x), rtol=1e-9, atol=1e-9)

    dy = rng.standard_normal(y.shape)
    dx = chain.backward(dy).copy()
    assert dx.shape == x.shape
    assert_allclose(dx, definition.backward(dy), rtol=1e-8, atol=1e-8)
    for name, value in chain.gradients.items():
        assert_allclose(value, definition.gradients[name], rtol=1e-8, atol=1e-8)

    # Along one direction through all inputs and parameters at once.
    values = {"input": x, **chain.parameters}
    gradients = {"input": dx, **{name: g.copy() for name, g in chain.gradients.items()}}
    direction = {name: rng.standard_normal(value.shape) for name, value in values.items()}
    expected = sum(float(np.sum(gradients[name] * direction[name])) for name in values)

    def moved(by: float) -> float:
        for name, value in values.items():
            value += by * direction[name]
        result = float(np.sum(dy * forward(chain, x)))
        for name, value in values.items():
            value -= by * direction[name]
        return result

    size = sum(float(np.sum(np.abs(gradients[name] * direction[name]))) for name in values)
    slope = (moved(NUDGE) - moved(-NUDGE)) / (2 * NUDGE)
    assert abs(slope - expected) <= 1e-5 * (size + 1)


class _Steady(np.random.Generator):
    """Draws the same for one shape, whatever was drawn before: in a stage, a layer may draw before
    what is inside the block in front of it."""

    def random(self, *, dtype: Any, out: Array) -> Array:  # type: ignore[override]
        return np.random.default_rng(out.shape).random(dtype=dtype, out=out)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(problem=stacks(), in_pieces=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_layers_together_are_layers_one_by_one(
    small_pieces: Callable[[], AbstractContextManager[None]],
    problem: tuple[list[dict[str, Any]], Shape],
    in_pieces: bool,
    seed: int,
) -> None:
    stack, start = problem
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((*start, BATCH))
    with small_pieces() if in_pieces else nullcontext():
        together, apart = build(stack, start, "gemm"), build(stack, start, "gemm")
        for chain in (together, apart):
            chain.draw_from(_Steady(np.random.PCG64(2)))
        y = together.forward(x, training=True).copy()
        value: Array = x
        for layer in apart.layers:
            value = layer.forward(value, training=True)
        assert_allclose(y, value, rtol=1e-11, atol=1e-11)
        dy = rng.standard_normal(y.shape)
        dx, value = together.backward(dy).copy(), dy
        for layer in reversed(apart.layers):
            value = layer.backward(value)
        assert_allclose(dx, value, rtol=1e-9, atol=1e-9)
        for name, gradient in apart.gradients.items():
            assert_allclose(together.gradients[name], gradient, rtol=1e-9, atol=1e-9)
        for name, state in apart.state.items():
            assert_allclose(together.state[name], state, rtol=1e-11, atol=1e-11)
