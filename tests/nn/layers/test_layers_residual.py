"""Blocks with a shortcut: what goes around, and what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.layers import LayerConfig
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.residual import Residual
from nn.network import plan
from nn.schema import InputError

CONV = {"kind": "conv2d", "kernel_size": 3, "filters": 4}


def block(*layers: dict[str, Any]) -> Residual:
    return Residual.parse({"layers": layers})


def test_the_input_is_added_where_shapes_agree() -> None:
    config = block({"kind": "dense", "units": 3})
    layer = config.build((3,), np.float64)
    assert set(layer.parameters) == {"1.dense.weights", "1.dense.biases"}
    layer.parameters["1.dense.weights"][...] = w = np.arange(9.0).reshape(3, 3)
    x = np.array([[1.0, 2], [3, 4], [5, 6]])
    assert_allclose(layer.forward(x, training=True), w @ x + x)
    assert_allclose(layer.backward(x), w.T @ x + x)


def test_a_projection_is_added_where_they_do_not() -> None:
    config = block({"kind": "dense", "units": 2})
    layer = config.build((3,), np.float64)
    layer.initialize(np.random.default_rng(0))
    p = layer.parameters
    x = np.array([[1.0], [3], [5]])
    expected = (p["1.dense.weights"] + p["shortcut.weights"]) @ x
    assert_allclose(layer.forward(x, training=True), expected)


@pytest.mark.parametrize(
    ("layers", "given", "shortcut"),
    [
        ([CONV], (7, 8, 1), Conv2D(filters=4, kernel_size=(1, 1), padding="valid")),
        (
            [CONV | {"stride": 2}, CONV],
            (7, 8, 4),
            Conv2D(filters=4, kernel_size=(1, 1), stride=(2, 2), padding="valid"),
        ),
        (
            [{"kind": "max_pool2d", "pool_size": "1x3", "stride": "1x3", "padding": "same"}],
            (7, 8, 4),
            Conv2D(filters=4, kernel_size=(1, 1), stride=(1, 3), padding="valid"),
        ),
        ([{"kind": "dense", "units": 5}], (4,), Dense(units=5)),
    ],
)
def test_the_projection_makes_the_shape_of_the_layers(
    layers: list[dict[str, Any]], given: tuple[int, ...], shortcut: LayerConfig
) -> None:
    config = block(*layers)
    found = config.shortcut(given)
    assert found.output_shape(given) == config.output_shape(given)
    assert found.model_copy(update={"initializer": "auto"}) == shortcut
    parts = [shortcut.parameter_shapes(given)["weights"]]
    assert config.parameter_shapes(given)["shortcut.weights"] == parts[0]


def test_sizes_are_those_of_all_parts() -> None:
    config = block(CONV, {"kind": "batch_norm"}, {"kind": "relu"}, CONV)
    (planned,) = plan([config], (6, 6, 2), 10).layers
    convs = (9 * 2 * 4, 9 * 4 * 4, 2 * 4)
    assert planned.parameters == sum(convs) + 3 * 4 + 2 * 4
    assert planned.multiply_adds == 36 * sum(convs)
    assert planned.values_kept == 5 * 36 * 4
    assert config.state_shapes((6, 6, 2)) == {
        "2.batch_norm.running_mean": (4,),
        "2.batch_norm.running_variance": (4,),
    }


def test_an_untrained_block_keeps_the_signals_size() -> None:
    layer = block(CONV | {"initializer": "zeros"}).build((8, 8, 16), np.float64)
    layer.initialize(np.random.default_rng(0))
    x = np.random.default_rng(1).standard_normal((8, 8, 16, 40))
    variance = layer.forward(x, training=True).var(axis=(0, 1, 3)).mean()
    assert variance == pytest.approx(1, rel=0.5)


@pytest.mark.parametrize(
    ("layers", "given", "sentence"),
    [
        (
            [CONV | {"padding": "valid"}],
            (8, 8, 4),
            "its layers make 6×6×4 of 8×8×4, which no shortcut can; use padding same in them, "
            "and flatten behind this layer",
        ),
        (
            [{"kind": "flatten"}],
            (2, 2, 1),
            "its layers make 4 of 2×2×1, which no shortcut can; use padding same in them, "
            "and flatten behind this layer",
        ),
        (
            [CONV, {"kind": "dense"}],
            (2, 2, 1),
            "layer 2 (dense): needs a vector, but its input is 2×2×4; "
            "put a flatten layer before it",
        ),
    ],
)
def test_what_does_not_fit(
    layers: list[dict[str, Any]], given: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(InputError) as caught:
        block(*layers).output_shape(given)
    assert str(caught.value) == sentence


def test_a_wrong_field_inside_is_named() -> None:
    with pytest.raises(InputError, match=r"^layers\.1\.filters: 0 is too small; give 1 or more$"):
        block({"kind": "relu"}, {"kind": "conv2d", "filters": 0})
    with pytest.raises(InputError, match=r"^layers: 1 or more are needed$"):
        block()


def test_the_generator_decides_the_start_of_every_part() -> None:
    def started(seed: int) -> dict[str, np.ndarray]:
        layer = block(CONV, CONV).build((4, 4, 2), np.float32)
        layer.initialize(np.random.default_rng(seed))
        return layer.parameters

    one, same, other = started(0), started(0), started(1)
    for name in ("1.conv2d.weights", "2.conv2d.weights", "shortcut.weights"):
        assert_array_equal(one[name], same[name])
        assert not np.array_equal(one[name], other[name])
