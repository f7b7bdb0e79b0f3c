"""Activations against their textbook formulas, one number at a time."""

from __future__ import annotations

from math import erf, exp, expm1, pi, sqrt, tanh

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.layers import LayerConfig
from nn.layers.activation import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from nn.layers.base import Layer
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.types import Array

VALUES = np.array([-30, -3, -1.5, -0.1, 0, 0.1, 1, 2.5, 30.0])

FORMULAS = [
    (ReLU(), lambda x: max(x, 0.0)),
    (LeakyReLU(), lambda x: x if x > 0 else 0.01 * x),
    (LeakyReLU(negative_slope=0.3), lambda x: x if x > 0 else 0.3 * x),
    (ELU(), lambda x: x if x > 0 else expm1(x)),
    (ELU(alpha=2), lambda x: x if x > 0 else 2 * expm1(x)),
    (GELU(), lambda x: 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))),
    (SiLU(), lambda x: x / (1 + exp(-x))),
    (Tanh(), tanh),
    (Sigmoid(), lambda x: 1 / (1 + exp(-x))),
]


def outputs(config: LayerConfig, values: Array) -> Array:
    return config.build(values.shape, values.dtype).forward(values[:, None], training=False)[:, 0]


@pytest.mark.parametrize(("config", "formula"), FORMULAS)
def test_formulas(config: LayerConfig, formula: object) -> None:
    assert callable(formula)
    expected = [formula(x) for x in VALUES]
    assert_allclose(outputs(config, VALUES), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("config", [config for config, _ in FORMULAS])
def test_huge_values_overflow_nowhere(config: LayerConfig) -> None:
    huge = np.array([-1e4, -100, 100, 1e4], np.float32)
    layer = config.build(huge.shape, np.float32)
    y = layer.forward(huge[:, None], training=True)
    assert np.isfinite(y).all()
    assert np.isfinite(layer.backward(np.ones_like(y))).all()


def test_gelu_is_within_half_a_thousandth_of_the_exact_one() -> None:
    x = np.linspace(-8, 8, 2001)
    exact = [0.5 * each * (1 + erf(each / sqrt(2))) for each in x]
    assert_allclose(outputs(GELU(), x), exact, rtol=0, atol=5e-4)


def test_at_zero_a_relu_has_the_slope_of_its_negative_side() -> None:
    zero = np.zeros((1, 1))
    for config, slope in ((ReLU(), 0), (LeakyReLU(), 0.01), (ELU(alpha=2), 2)):
        layer = config.build((1,), np.float64)
        layer.forward(zero, training=True)
        assert layer.backward(np.ones((1, 1))) == slope


def randomly(config: LayerConfig, shape: tuple[int, ...]) -> Layer:
    layer = config.build(shape, np.float64)
    for value in layer.parameters.values():
        value[...] = np.random.default_rng(0).standard_normal(value.shape)
    return layer


@pytest.mark.parametrize(
    "activation", [ReLU(), LeakyReLU(), ELU(), GELU(), SiLU(), Tanh(), Sigmoid()]
)
@pytest.mark.parametrize(
    ("values", "shape"),
    [({"kind": "conv2d", "filters": 2, "kernel_size": 3}, (4, 5, 2)), ({"units": 3}, (6,))],
)
def test_a_field_of_another_layer_is_the_layer_behind_it(
    activation: LayerConfig, values: dict[str, object], shape: tuple[int, ...]
) -> None:
    family = Conv2D if len(shape) == 3 else Dense
    whole = randomly(family.parse({**values, "activation": activation.kind}), shape)
    first = randomly(family.parse(values), shape)
    second = activation.build(first.output_shape, np.float64)
    x = np.random.default_rng(1).standard_normal((*shape, 3))
    y = whole.forward(x, training=True)
    assert_array_equal(y, second.forward(first.forward(x, training=True), training=True))
    dy = np.random.default_rng(2).standard_normal(y.shape)
    assert_array_equal(whole.backward(dy), first.backward(second.backward(dy)))
    for name, value in whole.gradients.items():
        assert_array_equal(value, first.gradients[name])
