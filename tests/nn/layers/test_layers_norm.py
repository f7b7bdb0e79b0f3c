"""Normalisation against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.layers import Layer
from nn.layers.norm import BatchNorm, LayerNorm
from nn.types import Array

MAPS = np.random.default_rng(0).normal(3, 2, (4, 5, 3, 6))
VECTORS = np.random.default_rng(1).normal(-1, 0.5, (3, 7))
both = pytest.mark.parametrize(
    ("x", "over"), [(MAPS, (0, 1, 3)), (VECTORS, (1,))], ids=["maps", "vectors"]
)


def batch_norm(x: Array, **fields: float) -> Layer:
    layer = BatchNorm(**fields).build(x.shape[:-1], np.float64)  # type: ignore[arg-type]
    layer.initialize(np.random.default_rng(0))
    return layer


@both
def test_each_channel_of_a_batch_has_mean_0_and_variance_1(x: Array, over: tuple[int, ...]) -> None:
    layer = batch_norm(x, epsilon=1e-12)
    y = layer.forward(x, training=True)
    assert_allclose(y.mean(axis=over), np.zeros(3), atol=1e-12)
    assert_allclose(y.var(axis=over), np.ones(3), rtol=1e-9)
    layer.parameters["scale"][:] = [1, 2, 3]
    layer.parameters["shift"][:] = [0, -1, 5]
    y = layer.forward(x, training=True)
    assert_allclose(y.mean(axis=over), [0, -1, 5], atol=1e-12)
    assert_allclose(y.std(axis=over), [1, 2, 3], rtol=1e-9)


@both
def test_running_statistics_follow_the_batches(x: Array, over: tuple[int, ...]) -> None:
    layer = batch_norm(x, momentum=0.75)
    mean, variance = np.zeros(3), np.ones(3)
    for batch in (x, 2 * x + 1, x**2):
        layer.forward(batch, training=True)
        mean = 0.75 * mean + 0.25 * batch.mean(axis=over)
        variance = 0.75 * variance + 0.25 * batch.var(axis=over, ddof=1)
    assert_allclose(layer.state["running_mean"], mean, rtol=1e-12)
    assert_allclose(layer.state["running_variance"], variance, rtol=1e-12)


@both
def test_inference_takes_the_running_statistics_and_leaves_them(
    x: Array, over: tuple[int, ...]
) -> None:
    layer = batch_norm(x, epsilon=0.1)
    layer.state["running_mean"][:] = [1, 2, 3]
    layer.state["running_variance"][:] = [4, 0.5, 1]
    layer.parameters["scale"][:] = [1, 2, 3]
    layer.parameters["shift"][:] = [-1, 0, 1]
    before = {name: value.copy() for name, value in layer.state.items()}
    y = layer.forward(x, training=False)
    for c, (mean, variance, scale, shift) in enumerate(
        zip([1, 2, 3], [4, 0.5, 1], [1, 2, 3], [-1, 0, 1], strict=True)
    ):
        expected = (x[..., c, :] - mean) / np.sqrt(variance + 0.1) * scale + shift
        assert_allclose(y[..., c, :], expected, rtol=1e-12, atol=1e-14)
    for name, value in before.items():
        assert_array_equal(layer.state[name], value)


def test_it_starts_as_the_identity_of_inference() -> None:
    layer = batch_norm(VECTORS)
    assert_allclose(layer.forward(VECTORS, training=False), VECTORS, rtol=1e-5)


def test_a_batch_of_one_vector_is_no_division_by_zero() -> None:
    layer = batch_norm(VECTORS)
    y = layer.forward(VECTORS[:, :1], training=True)
    assert_array_equal(y, np.zeros((3, 1)))
    assert_array_equal(layer.backward(np.ones((3, 1))), np.zeros((3, 1)))
    assert_allclose(layer.state["running_variance"], 0.9 * np.ones(3))


def test_large_values_close_together_are_normalised_in_float32() -> None:
    x = (1000 + np.random.default_rng(0).standard_normal((8, 8, 2, 64))).astype(np.float32)
    layer = BatchNorm().build((8, 8, 2), np.float32)
    layer.initialize(np.random.default_rng(0))
    y = layer.forward(x, training=True).astype(np.float64)
    assert_allclose(y.mean(axis=(0, 1, 3)), np.zeros(2), atol=1e-3)
    assert_allclose(y.var(axis=(0, 1, 3)), np.ones(2), rtol=1e-3)


@pytest.mark.parametrize("x", [MAPS, VECTORS], ids=["maps", "vectors"])
def test_each_position_of_an_example_has_mean_0_and_variance_1(x: Array) -> None:
    layer = LayerNorm(epsilon=1e-12).build(x.shape[:-1], np.float64)
    layer.initialize(np.random.default_rng(0))
    y = layer.forward(x, training=True)
    assert_allclose(y.mean(axis=-2), np.zeros((*x.shape[:-2], x.shape[-1])), atol=1e-12)
    assert_allclose(y.var(axis=-2), np.ones((*x.shape[:-2], x.shape[-1])), rtol=1e-6)
    assert_array_equal(layer.forward(x, training=False), y)
