"""How weights start: the variances of the papers, and who gets which."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from nn.initializers import InitializerName, initialize
from nn.layers import Layer, LayerConfig
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.types import Array


def drawn(name: InitializerName, activation: str = "none", seed: int = 0) -> Array:
    """Weights of a layer with 50 inputs an output, and 30 outputs an input."""
    weights = np.full((200, 500), np.nan, np.float32)
    initialize(weights, name, activation, (50, 30), np.random.default_rng(seed))
    return weights


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("he_normal", 2 / 50),
        ("he_uniform", 2 / 50),
        ("glorot_normal", 2 / (50 + 30)),
        ("glorot_uniform", 2 / (50 + 30)),
        ("lecun_normal", 1 / 50),
    ],
)
def test_variances(name: InitializerName, variance: float) -> None:
    values = drawn(name)
    assert values.mean() == pytest.approx(0, abs=0.003)
    assert values.var() == pytest.approx(variance, rel=0.02)
    largest = np.abs(values).max()
    if name.endswith("uniform"):
        assert largest == pytest.approx(sqrt(3 * variance), rel=1e-3)
    else:
        assert largest > 3.5 * sqrt(variance)


def test_zeros() -> None:
    assert not drawn("zeros").any()


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        ("none", "he_normal"),
        ("relu", "he_normal"),
        ("leaky_relu", "he_normal"),
        ("gelu", "he_normal"),
        ("tanh", "glorot_normal"),
        ("sigmoid", "glorot_normal"),
    ],
)
def test_auto_goes_by_the_activation(activation: str, name: InitializerName) -> None:
    np.testing.assert_array_equal(drawn("auto", activation), drawn(name))
    assert not np.array_equal(drawn("auto", activation), drawn(name, seed=1))


def started(config: LayerConfig, shape: tuple[int, ...]) -> Layer:
    layer = config.build(shape, np.float32)
    layer.initialize(np.random.default_rng(0))
    return layer


@pytest.mark.parametrize(
    ("fields", "variance"),
    [
        ({}, 2 / (3 * 5 * 20)),
        ({"initializer": "glorot_uniform"}, 2 / (3 * 5 * (20 + 200))),
        ({"initializer": "lecun_normal", "groups": 4}, 1 / (3 * 5 * 5)),
        ({"initializer": "glorot_normal", "groups": 4}, 2 / (3 * 5 * (5 + 50))),
        ({"activation": "tanh"}, 2 / (3 * 5 * (20 + 200))),
    ],
)
def test_a_convolution_knows_its_inputs_and_outputs(
    fields: dict[str, Any], variance: float
) -> None:
    conv = started(Conv2D.parse({"filters": 200, "kernel_size": "3x5", **fields}), (9, 9, 20))
    assert conv.parameters["weights"].var() == pytest.approx(variance, rel=0.03)
    assert not conv.parameters["biases"].any()


def test_a_dense_layer_knows_its_inputs_and_outputs() -> None:
    weights = started(Dense(units=400), (300,)).parameters["weights"]
    assert weights.var() == pytest.approx(2 / 300, rel=0.03)
    weights = started(Dense(units=400, initializer="glorot_normal"), (300,)).parameters["weights"]
    assert weights.var() == pytest.approx(2 / 700, rel=0.03)
    zeros = started(Dense(units=4, initializer="zeros"), (3,))
    assert not zeros.parameters["weights"].any()
