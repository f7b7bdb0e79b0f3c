"""What is dropped, how often, and what becomes of the rest."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.layers import Layer
from nn.layers.dropout import Dropout, SpatialDropout
from nn.schema import InputError
from nn.types import Array

SHAPE = (6, 7, 20)
X = 1 + np.random.default_rng(0).random((*SHAPE, 50))


def dropped(layer: Layer, seed: int = 0) -> Array:
    layer.draw_from(np.random.default_rng(seed))
    return layer.forward(X, training=True).copy()


@pytest.mark.parametrize("rate", [0, 0.25, 0.5, 0.9])
def test_a_share_is_dropped_and_the_rest_grows(rate: float) -> None:
    y = dropped(Dropout(rate=rate).build(SHAPE, np.float64))
    kept = y != 0
    assert kept.mean() == pytest.approx(1 - rate, abs=0.01)
    assert_allclose(y[kept], X[kept] / (1 - rate))
    assert y.mean() == pytest.approx(X.mean(), rel=0.03)


@pytest.mark.parametrize("config", [Dropout(), SpatialDropout()])
def test_gradients_go_where_values_went(config: Dropout | SpatialDropout) -> None:
    layer = config.build(SHAPE, np.float64)
    y = dropped(layer)
    assert_allclose(layer.backward(np.full_like(X, 3)), 3 * y / X)


def test_spatial_dropout_drops_whole_channels_of_single_images() -> None:
    kept = dropped(SpatialDropout(rate=0.3).build(SHAPE, np.float64)) != 0
    assert_array_equal(kept, np.broadcast_to(kept[:1, :1], kept.shape))
    assert kept[0, 0].mean() == pytest.approx(0.7, abs=0.05)
    assert not (kept[0, 0] == kept[0, 0, :, :1]).all()


def test_the_generator_decides_alone() -> None:
    layer, other = (Dropout().build(SHAPE, np.float64) for _ in range(2))
    assert_array_equal(dropped(layer, seed=1), dropped(other, seed=1))
    assert not np.array_equal(dropped(layer, seed=1), dropped(layer, seed=2))


def test_inference_changes_nothing() -> None:
    for config in (Dropout(), SpatialDropout()):
        assert_array_equal(config.build(SHAPE, np.float64).forward(X, training=False), X)


def test_spatial_dropout_needs_maps() -> None:
    with pytest.raises(InputError, match="needs maps"):
        SpatialDropout().output_shape((8,))
