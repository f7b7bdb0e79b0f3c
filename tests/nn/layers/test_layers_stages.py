"""Which operations share a stage, in which order, and that this changes no result."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import TypeAdapter

from nn.layers import AnyLayer, LayerConfig
from nn.layers.chain import Chain
from nn.layers.stages import Local, Named, Operation, Stages
from nn.ops.pieces import Piece
from nn.types import Array, Shape

ADAPTER: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)
Cut = Callable[[], AbstractContextManager[None]]
MAPS = (12, 10, 4)

conv = {"kind": "conv2d", "filters": 4, "kernel_size": 3}
pool, relu, norm = {"kind": "max_pool2d"}, {"kind": "relu"}, {"kind": "batch_norm"}
overlapping = pool | {"pool_size": 3}
padded = pool | {"pool_size": 3, "stride": 3, "padding": 1}
average, flatten = {"kind": "avg_pool2d"}, {"kind": "flatten"}
dropout = {"kind": "dropout", "rate": 0.3}
gelu, dense = {"kind": "gelu"}, {"kind": "dense", "units": 5}
block: dict[str, Any] = {"kind": "residual", "layers": [conv, relu, conv]}
everywhere = {"kind": "global_avg_pool2d"}


def chain(*layers: dict[str, Any], shape: Shape = MAPS) -> Chain:
    made = Chain([ADAPTER.validate_python(layer) for layer in layers], shape, np.float64)
    rng = np.random.default_rng(0)
    for value in made.parameters.values():
        value[...] = rng.standard_normal(value.shape)
    return made


def stages(*layers: dict[str, Any], shape: Shape = MAPS) -> list[str]:
    """The numbers of the layers whose operations each stage does, one after the other."""
    made = chain(*layers, shape=shape).stages.stages
    return [" ".join(named.layer.split(".")[0] for named in stage.operations) for stage in made]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        # A convolution and a dense layer are two operations: their products, and the bias.
        ([conv], ["1 1"]),
        ([conv, relu], ["1 1 2"]),
        ([conv | {"activation": "relu"}], ["1 1 1"]),
        # Pooling goes before bias and ReLU ...
        ([conv, relu, pool], ["1 3 1 2"]),
        ([conv | {"activation": "tanh"}, pool], ["1 2 1 1"]),
        ([conv, pool, relu], ["1 2 1 3"]),
        ([relu, {"kind": "sigmoid"}, pool], ["3 1 2"]),
        ([conv, relu, pool, relu, pool], ["1 3 5 1 2 4"]),
        # ... but not before what may fall as its argument grows, or leaves it to chance,
        ([conv, gelu, pool], ["1 1 2 3"]),
        ([conv, {"kind": "silu"}, pool], ["1 1 2 3"]),
        ([conv, dropout, pool], ["1 1 2 3"]),
        ([conv, gelu, relu, pool], ["1 1 2 4 3"]),
        ([conv, average, pool], ["1 1 2 3"]),
        # and no mean does, nor windows that share values or reach over the edge.
        ([conv, relu, average], ["1 1 2 3"]),
        ([conv, relu, overlapping], ["1 1 2", "3"]),
        ([conv, relu, padded], ["1 1 2", "3"]),
        ([conv, relu, padded, relu], ["1 1 2", "3 4"]),
        ([conv, relu, overlapping, relu, pool], ["1 1 2", "3 5 4"]),
        # Norms need all of their input first; what follows joins them.
        ([conv, norm, relu], ["1 1", "2 3"]),
        ([conv, norm, relu, pool], ["1 1", "2 4 3"]),
        ([conv, relu, norm, relu], ["1 1 2", "3 4"]),
        ([{"kind": "layer_norm"}, relu, relu], ["1", "2 3"]),
        ([block, relu], ["1 2"]),
        ([block, relu, pool], ["1 3 2"]),
        ([block, norm, relu], ["1", "2 3"]),
        ([everywhere, dense, relu, dropout], ["1", "2 2 3 4"]),
        ([flatten, dense, relu, dropout, dense], ["1", "2 2 3 4", "5 5"]),
        ([conv, relu, {"kind": "spatial_dropout"}, pool], ["1 1 2 3 4"]),
        ([conv, flatten, relu], ["1 1", "2", "3"]),
        ([relu, gelu, dropout], ["1 2 3"]),
    ],
)
def test_what_shares_a_stage(layers: list[dict[str, Any]], expected: list[str]) -> None:
    assert stages(*layers) == expected


def test_a_field_without_an_activation_takes_no_part() -> None:
    assert stages(conv | {"activation": "none"}, pool) == ["1 2 1"]


def run(made: Chain, x: Array, dy: Array) -> tuple[Array, Array, dict[str, Array]]:
    made.draw_from(np.random.default_rng(4))
    y = made.forward(x, training=True).copy()
    dx = made.backward(dy).copy()
    return y, dx, {name: value.copy() for name, value in made.gradients.items()}


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize(
    "layers",
    [
        [conv, relu, pool],
        [conv | {"algorithm": "fft"}, relu, pool],
        [conv | {"algorithm": "einsum"}, relu, pool],
        [conv, relu, pool | {"stride": 3}],
        [conv, pool | {"pool_size": "2x1", "stride": "3x2"}, {"kind": "tanh"}, average],
        [conv, gelu, pool | {"pool_size": 5, "stride": 5}],
        [conv, gelu, average | {"pool_size": "1x2", "stride": "2x3"}, pool, relu],
        [pool | {"stride": 4}, average, relu],
        [conv, norm, relu, pool],
        [block, relu, pool, dropout],
        [overlapping, relu, dropout, average | {"pool_size": 2, "stride": 3}],
        [conv, dropout, pool, dropout, relu, flatten, dense, relu, dropout, dense],
        [everywhere, dense, {"kind": "elu"}, norm, relu],
        [{"kind": "layer_norm"}, {"kind": "leaky_relu"}, pool],
    ],
    ids=lambda layers: " ".join(layer["kind"] for layer in layers),
)
def test_results_are_those_of_each_layer_by_itself(
    layers: list[dict[str, Any]], in_pieces: bool, small_pieces: Cut
) -> None:
    """Among them: windows with gaps and a rest at the edge."""
    with small_pieces() if in_pieces else nullcontext():
        assert_as_layer_by_layer(layers)


def assert_as_layer_by_layer(layers: list[dict[str, Any]]) -> None:
    together, apart = chain(*layers), chain(*layers)
    rng = np.random.default_rng(1)
    for n in (5, 2, 5):
        x = rng.standard_normal((*MAPS, n))
        dy = rng.standard_normal((*together.layers[-1].output_shape, n))
        y, dx, gradients = run(together, x, dy)
        apart.draw_from(np.random.default_rng(4))
        value: Array = x
        for layer in apart.layers:
            value = layer.forward(value, training=True)
        assert_allclose(y, value, rtol=1e-12, atol=1e-12)
        value = dy
        for layer in reversed(apart.layers):
            value = layer.backward(value)
        assert_allclose(dx, value, rtol=1e-11, atol=1e-11)
        for name, gradient in apart.gradients.items():
            assert_allclose(gradients[name], gradient, rtol=1e-10, atol=1e-10)
        for name, state in apart.state.items():
            assert_allclose(together.state[name], state, rtol=1e-12)
        value = x
        for layer in apart.layers:
            value = layer.forward(value, training=False)
        assert_allclose(together.forward(x, training=False), value, rtol=1e-12, atol=1e-12)


def test_inputs_and_gradients_that_are_given_stay_untouched() -> None:
    for layers in ([relu, {"kind": "tanh"}, dropout], [conv, relu, pool, dropout], [block, relu]):
        made = chain(*layers)
        x = np.random.default_rng(0).standard_normal((*MAPS, 3))
        dy = np.random.default_rng(1).standard_normal((*made.layers[-1].output_shape, 3))
        before = x.copy(), dy.copy()
        run(made, x, dy)
        made.forward(x, training=False)
        assert_array_equal(x, before[0])
        assert_array_equal(dy, before[1])


def test_the_parameters_gradients_alone_are_the_same() -> None:
    for first in (conv, block, norm, relu, overlapping):
        made = chain(first, relu, flatten, dense, dropout)
        x = np.random.default_rng(0).standard_normal((*MAPS, 3))
        dy = np.random.default_rng(1).standard_normal((*made.layers[-1].output_shape, 3))
        _, _, expected = run(made, x, dy)
        for gradient in made.gradients.values():
            gradient.fill(np.nan)
        made.draw_from(np.random.default_rng(4))
        made.forward(x, training=True)
        made.backward_parameters(dy)
        for name, gradient in made.gradients.items():
            assert_array_equal(gradient, expected[name])


class _Recorder:
    """Hands on what it gets, and writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def forward(self, x: Array, *, training: bool) -> Array:
        self.asked.append("forward")
        return x

    def backward(self, dy: Array) -> Array:
        self.asked.append("input gradient")
        return dy

    def backward_parameters(self, dy: Array) -> None:
        self.asked.append("gradients")


def test_what_precedes_the_first_parameters_needs_no_gradients() -> None:
    made = [_Recorder() for _ in range(4)]
    learns = False, True, False, True
    named = [Named("", each, which) for each, which in zip(made, learns, strict=True)]
    whole, x = Stages(named, np.float64), np.ones((4, 4, 2, 3))
    whole.backward_parameters(whole.forward(x, training=True))
    assert [each.asked[1:] for each in made] == [
        [],
        ["gradients"],
        ["input gradient"],
        ["input gradient"],
    ]
    idle = Stages(named[:1], np.float64)
    idle.backward_parameters(idle.forward(x, training=True))
    assert made[0].asked == ["forward", "forward"]


def test_nothing_at_all_hands_on_what_it_gets() -> None:
    none = Stages([], np.float64)
    x = np.ones((2, 3))
    assert none.forward(x, training=True) is x
    assert none.backward(x) is x
    none.backward_parameters(x)


class _Watching(Local):
    """Writes down which places it sees."""

    def __init__(self) -> None:
        self.seen: list[Piece] = []
        self.ended = 0

    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        self.seen.append(at)
        np.copyto(y, x)

    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        self.seen.append(at)
        np.copyto(dx, dy)

    def end(self) -> None:
        self.ended += 1


@pytest.mark.parametrize(
    "layers",
    [
        [conv | {"filters": 16}, pool],
        [conv | {"filters": 16, "algorithm": "fft"}, pool | {"stride": "3x2"}],
        [norm, pool],
        [block, pool | {"pool_size": "3x2", "stride": "4x3"}, average],
        [overlapping, gelu],
        [gelu, pool],
    ],
    ids=lambda layers: " ".join(layer["kind"] for layer in layers),
)
def test_every_place_is_seen_once_forward_and_once_backward(layers: list[dict[str, Any]]) -> None:
    shape, n, watching = (31, 26, 4), 64, _Watching()
    made = chain(*layers, shape=shape).layers
    operations: list[Operation] = [each for layer in made for each in layer.operations]
    whole = Stages([*(Named("", each) for each in operations), Named("", watching)], np.float64)
    x = np.random.default_rng(0).standard_normal((*shape, n))

    def assert_once() -> None:
        times = np.zeros(made[-1].output_shape, int)
        for at in watching.seen:
            at.of(times)[...] += 1
        assert (times == 1).all()
        assert len(watching.seen) > 1
        watching.seen.clear()

    y = whole.forward(x, training=True)
    assert_once()
    whole.backward(np.ones_like(y))
    assert_once()
    assert watching.ended == 1
