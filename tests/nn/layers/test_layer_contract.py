"""What every layer promises, checked on every layer. A new layer adds its cases to CASES."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pydantic import TypeAdapter

from nn.layers import LAYERS, AnyLayer, Layer, LayerConfig
from nn.types import Array, Shape

BATCH = 3
CONV = {"kind": "conv2d", "filters": 2, "kernel_size": 3}

CASES: dict[str, tuple[dict[str, Any], Shape]] = {
    "conv 1x1": ({"kind": "conv2d", "filters": 2, "kernel_size": 1}, (3, 4, 2)),
    "conv 3x5 same": ({"kind": "conv2d", "filters": 2, "kernel_size": "3x5"}, (5, 6, 2)),
    "conv even same": ({"kind": "conv2d", "filters": 2, "kernel_size": [2, 4]}, (5, 5, 1)),
    "conv valid": (
        {"kind": "conv2d", "filters": 3, "kernel_size": 3, "padding": "valid"},
        (5, 4, 2),
    ),
    "conv number": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 3, "padding": 2},
        (4, 5, 1),
    ),
    "conv stride 2 same": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 3, "stride": 2},
        (5, 6, 2),
    ),
    "conv stride 2x1 valid": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 2, "stride": "2x1", "padding": "valid"},
        (6, 4, 2),
    ),
    "conv stride 3 number": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 2, "stride": 3, "padding": 1},
        (6, 7, 1),
    ),
    "conv einsum": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 3, "stride": 2, "algorithm": "einsum"},
        (5, 4, 2),
    ),
    "conv gemm": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 3, "algorithm": "gemm"},
        (4, 4, 2),
    ),
    "conv fft": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 3, "algorithm": "fft"},
        (4, 5, 2),
    ),
    "conv fft even valid": (
        {
            "kind": "conv2d",
            "filters": 3,
            "kernel_size": "2x4",
            "padding": "valid",
            "algorithm": "fft",
        },
        (3, 6, 2),
    ),
    "conv fft number": (
        {"kind": "conv2d", "filters": 1, "kernel_size": 2, "padding": 3, "algorithm": "fft"},
        (3, 4, 2),
    ),
    "conv dilated": (
        {"kind": "conv2d", "filters": 2, "kernel_size": "2x3", "dilation": "3x2"},
        (5, 6, 1),
    ),
    "conv dilated with stride": (
        {
            "kind": "conv2d",
            "filters": 2,
            "kernel_size": 2,
            "dilation": 2,
            "stride": 2,
            "padding": 1,
        },
        (5, 6, 2),
    ),
    "conv 1x1 stride 2": (
        {"kind": "conv2d", "filters": 3, "kernel_size": 1, "stride": 2, "padding": "valid"},
        (5, 6, 2),
    ),
    "conv stride beyond the kernel": (
        {"kind": "conv2d", "filters": 2, "kernel_size": "2x1", "stride": "4x3", "padding": 1},
        (9, 8, 2),
    ),
    "conv dilated, stride without a common divisor": (
        {
            "kind": "conv2d",
            "filters": 2,
            "kernel_size": 3,
            "dilation": "3x2",
            "stride": "2x3",
            "padding": 2,
        },
        (7, 8, 2),
    ),
    "conv dilated, stride with a common divisor": (
        {
            "kind": "conv2d",
            "filters": 2,
            "kernel_size": 2,
            "dilation": "2x6",
            "stride": "4x4",
            "padding": 3,
        },
        (8, 9, 2),
    ),
    "conv in groups": (
        {"kind": "conv2d", "filters": 6, "kernel_size": 2, "groups": 2, "padding": 1},
        (3, 4, 4),
    ),
    "conv depthwise": (
        {"kind": "conv2d", "filters": 3, "kernel_size": 3, "groups": 3, "stride": 2},
        (5, 4, 3),
    ),
    "conv depthwise of several filters": (
        {"kind": "conv2d", "filters": 6, "kernel_size": "3x2", "groups": 3, "dilation": "1x2"},
        (4, 5, 3),
    ),
    "conv 1x1 in groups": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 1, "groups": 2, "stride": "1x2"},
        (4, 5, 6),
    ),
    "conv in groups beyond the kernel": (
        {"kind": "conv2d", "filters": 4, "kernel_size": 2, "groups": 4, "stride": 3, "padding": 2},
        (5, 6, 8),
    ),
    "conv depthwise einsum": (
        {"kind": "conv2d", "filters": 4, "kernel_size": 2, "groups": 2, "algorithm": "einsum"},
        (4, 4, 2),
    ),
    "conv with gelu": (
        {"kind": "conv2d", "filters": 2, "kernel_size": 2, "activation": "gelu"},
        (3, 4, 2),
    ),
    "relu of maps": ({"kind": "relu"}, (3, 4, 2)),
    "relu of vectors": ({"kind": "relu"}, (7,)),
    "leaky relu": ({"kind": "leaky_relu", "negative_slope": 0.2}, (3, 4, 2)),
    "elu": ({"kind": "elu", "alpha": 1.5}, (3, 4, 2)),
    "gelu": ({"kind": "gelu"}, (3, 4, 2)),
    "silu": ({"kind": "silu"}, (7,)),
    "tanh": ({"kind": "tanh"}, (3, 4, 2)),
    "sigmoid": ({"kind": "sigmoid"}, (7,)),
    "pool": ({"kind": "max_pool2d"}, (4, 6, 2)),
    "pool with a rest": ({"kind": "max_pool2d"}, (5, 7, 2)),
    "pool overlapping": ({"kind": "max_pool2d", "pool_size": 3, "stride": 2}, (7, 6, 2)),
    "pool overlapping one way": (
        {"kind": "max_pool2d", "pool_size": "2x3", "stride": "2x1"},
        (5, 5, 2),
    ),
    "pool with gaps": ({"kind": "max_pool2d", "pool_size": 2, "stride": 3}, (8, 5, 1)),
    "pool of single values with gaps": (
        {"kind": "max_pool2d", "pool_size": 1, "stride": "2x3"},
        (5, 6, 2),
    ),
    "pool padded": ({"kind": "max_pool2d", "pool_size": 3, "padding": 1}, (6, 5, 2)),
    "pool same": ({"kind": "max_pool2d", "pool_size": "2x3", "padding": "same"}, (5, 5, 2)),
    "average pool": ({"kind": "avg_pool2d"}, (4, 7, 2)),
    "average pool with gaps": (
        {"kind": "avg_pool2d", "pool_size": "1x2", "stride": "2x3"},
        (5, 9, 2),
    ),
    "average pool overlapping": (
        {"kind": "avg_pool2d", "pool_size": 3, "stride": "1x2", "padding": 1},
        (4, 5, 2),
    ),
    "average pool same": ({"kind": "avg_pool2d", "pool_size": 3, "padding": "same"}, (5, 6, 1)),
    "global average pool": ({"kind": "global_avg_pool2d"}, (3, 4, 2)),
    "flatten": ({"kind": "flatten"}, (2, 3, 4)),
    "dense": ({"kind": "dense", "units": 4}, (6,)),
    "dense with tanh": ({"kind": "dense", "units": 4, "activation": "tanh"}, (6,)),
    "batch norm of maps": ({"kind": "batch_norm"}, (3, 4, 2)),
    "batch norm of vectors": ({"kind": "batch_norm", "epsilon": 0.1}, (5,)),
    "layer norm of maps": ({"kind": "layer_norm"}, (3, 2, 4)),
    "layer norm of vectors": ({"kind": "layer_norm", "epsilon": 0.1}, (5,)),
    "dropout of maps": ({"kind": "dropout", "rate": 0.3}, (3, 4, 2)),
    "dropout of vectors": ({"kind": "dropout"}, (7,)),
    "spatial dropout": ({"kind": "spatial_dropout"}, (3, 2, 5)),
    "residual": ({"kind": "residual", "layers": [CONV, {"kind": "tanh"}, CONV]}, (3, 4, 2)),
    "residual projected": (
        {"kind": "residual", "layers": [{**CONV, "filters": 3, "stride": 2}, {"kind": "dropout"}]},
        (5, 4, 2),
    ),
    "residual with gaps in a pool": (
        {
            "kind": "residual",
            "layers": [CONV, {"kind": "tanh"}, {"kind": "max_pool2d", "pool_size": 2, "stride": 3}],
        },
        (8, 5, 2),
    ),
    "residual of vectors": (
        {"kind": "residual", "layers": [{"kind": "batch_norm"}, {"kind": "dense", "units": 3}]},
        (4,),
    ),
    "residual in a residual": (
        {
            "kind": "residual",
            "layers": [{"kind": "gelu"}, {"kind": "residual", "layers": [CONV]}],
        },
        (3, 3, 2),
    ),
}


def kinds(values: dict[str, Any]) -> Iterator[str]:
    """The kind of a layer, and of those inside it."""
    yield values["kind"]
    for inner in values.get("layers", ()):
        yield from kinds(inner)


CHANGED_BY_TRAINING = {"batch_norm", "dropout", "spatial_dropout"}
"""Kinds that do something else in training than in inference."""

every_case = pytest.mark.parametrize("case", CASES)
every_steady_case = pytest.mark.parametrize(
    "case", [case for case in CASES if not CHANGED_BY_TRAINING & set(kinds(CASES[case][0]))]
)


def config_of(case: str) -> tuple[LayerConfig, Shape]:
    values, shape = CASES[case]
    config: LayerConfig = TypeAdapter(AnyLayer).validate_python(values)
    return config, shape


def build(case: str, dtype: type[np.floating[Any]] = np.float64, seed: int = 0) -> Layer:
    config, shape = config_of(case)
    layer = config.build(shape, dtype)
    rng = np.random.default_rng(seed)
    for value in layer.parameters.values():
        value[...] = rng.standard_normal(value.shape)
    return layer


def spread(shape: Shape, seed: int = 1) -> Array:
    """Shuffled values, none close to another or to zero: no maximum or sign changes by a nudge."""
    values = np.linspace(-1, 1, prod(shape) + prod(shape) % 2)[: prod(shape)]
    return np.random.default_rng(seed).permutation(values).reshape(shape)


def forward(layer: Layer, x: Array, *, training: bool = True) -> Array:
    """The output; what is left to chance falls the same way each time."""
    layer.draw_from(np.random.default_rng(4))
    return layer.forward(x, training=training)


def run(layer: Layer, n: int = BATCH, seed: int = 1) -> tuple[Array, Array, Array, Array]:
    """An input, its output, a random upstream gradient and the input's gradient."""
    x = spread((*layer.input_shape, n), seed)
    y = forward(layer, x).copy()
    dy = np.random.default_rng(seed).standard_normal(y.shape)
    return x, y, dy, layer.backward(dy).copy()


def slope(layer: Layer, x: Array, dy: Array, at: Array) -> Array:
    """The gradient of sum(dy * y) with respect to the values of `at`, by central differences."""
    gradient, nudge = np.zeros_like(at), 1e-5
    for i in np.ndindex(at.shape):
        value = at[i]
        at[i] = value + nudge
        above = np.sum(dy * forward(layer, x))
        at[i] = value - nudge
        below = np.sum(dy * forward(layer, x))
        at[i] = value
        gradient[i] = (above - below) / (2 * nudge)
    return gradient


def relative_error(found: Array, expected: Array) -> float:
    return float(np.linalg.norm(found - expected)) / float(np.linalg.norm(expected))


def test_every_layer_has_a_case() -> None:
    assert {type(config_of(case)[0]) for case in CASES} == set(LAYERS)


@every_case
def test_shapes_are_as_planned(case: str) -> None:
    config, shape = config_of(case)
    layer = build(case)
    _, y, _, dx = run(layer)
    assert y.shape == (*config.output_shape(shape), BATCH)
    assert dx.shape == (*shape, BATCH)
    planned = config.parameter_shapes(shape)
    assert {name: value.shape for name, value in layer.parameters.items()} == planned
    assert {name: value.shape for name, value in layer.gradients.items()} == planned
    planned = config.state_shapes(shape)
    assert {name: value.shape for name, value in layer.state.items()} == planned
    assert config.values_kept(shape) >= prod(config.output_shape(shape))


@every_case
def test_input_gradient_is_the_slope(case: str) -> None:
    layer = build(case)
    x, _, dy, dx = run(layer)
    assert relative_error(dx, slope(layer, x, dy, at=x)) < 1e-7


@every_case
def test_parameter_gradients_are_the_slopes(case: str) -> None:
    layer = build(case)
    x, _, dy, _ = run(layer)
    for name, parameter in layer.parameters.items():
        found = layer.gradients[name].copy()
        assert relative_error(found, slope(layer, x, dy, at=parameter)) < 1e-7, name


@every_case
def test_inputs_stay_untouched(case: str) -> None:
    layer = build(case)
    x = spread((*layer.input_shape, BATCH))
    before = x.copy()
    dy = np.ones((*layer.output_shape, BATCH))
    forward(layer, x)
    layer.backward(dy)
    assert_array_equal(x, before)
    assert_array_equal(dy, np.ones_like(dy))


@every_steady_case
def test_training_and_inference_agree(case: str) -> None:
    layer = build(case)
    x, y, _, _ = run(layer)
    assert_array_equal(forward(layer, x, training=False), y)


@every_case
def test_gradients_without_the_input_gradient_are_the_same(case: str) -> None:
    layer = build(case)
    x, _, dy, _ = run(layer)
    expected = {name: value.copy() for name, value in layer.gradients.items()}
    for value in layer.gradients.values():
        value.fill(np.nan)
    forward(layer, x)
    layer.backward_parameters(dy)
    for name, value in expected.items():
        assert_array_equal(layer.gradients[name], value)


@every_case
def test_a_smaller_batch_after_a_larger_one_is_right(case: str) -> None:
    used, fresh = build(case), build(case)
    run(used, n=5, seed=9)
    _, y, _, dx = run(used, n=2)
    _, expected_y, _, expected_dx = run(fresh, n=2)
    assert_array_equal(y, expected_y)
    assert_array_equal(dx, expected_dx)
    for name, value in fresh.gradients.items():
        assert_array_equal(used.gradients[name], value)


@every_case
def test_layers_of_one_shape_do_not_disturb_each_other(case: str) -> None:
    layer, other, alone = build(case), build(case, seed=5), build(case)
    x = spread((*layer.input_shape, BATCH))
    y = forward(layer, x)
    kept = y.copy()
    forward(other, -x)
    assert_array_equal(y, kept)
    dx = layer.backward(np.ones_like(y))
    kept = dx.copy()
    other.backward(-np.ones_like(y))
    assert_array_equal(dx, kept)
    forward(alone, x)
    assert_array_equal(dx, alone.backward(np.ones_like(y)))


@every_case
def test_float32_is_close_to_float64(case: str) -> None:
    exact, fast = build(case), build(case, np.float32)
    x, y, dy, dx = run(exact)
    found = forward(fast, x.astype(np.float32))
    assert found.dtype == np.float32
    assert_allclose(found, y, rtol=1e-5, atol=1e-5)
    gradient = fast.backward(dy.astype(np.float32))
    assert gradient.dtype == np.float32
    assert_allclose(gradient, dx, rtol=1e-5, atol=1e-5)
    for name, value in exact.gradients.items():
        assert fast.gradients[name].dtype == np.float32
        assert_allclose(fast.gradients[name], value, rtol=1e-5, atol=1e-5)


@every_case
def test_starting_parameters_come_from_the_generator(case: str) -> None:
    config, shape = config_of(case)

    def started(seed: int) -> dict[str, Array]:
        layer = config.build(shape, np.float32)
        layer.initialize(np.random.default_rng(seed))
        return layer.parameters

    for name, value in started(3).items():
        assert_array_equal(value, started(3)[name])
        assert np.isfinite(value).all()
    if "weights" in started(3):
        assert not np.array_equal(started(3)["weights"], started(4)["weights"])


@every_case
def test_configuration_survives_json(case: str) -> None:
    config, _ = config_of(case)
    adapter: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)
    assert adapter.validate_json(config.model_dump_json()) == config
    plain = json.loads(config.model_dump_json())
    assert adapter.validate_python(plain) == config
    assert adapter.validate_python(config.model_dump()) == config


@every_case
def test_configuration_is_described_in_a_line(case: str) -> None:
    description = config_of(case)[0].describe()
    assert "\n" not in description
    assert len(description) <= 40
