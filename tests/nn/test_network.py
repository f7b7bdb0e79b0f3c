from __future__ import annotations

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.config import preset
from nn.data import Dataset
from nn.layers import LayerConfig
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.shape import Flatten
from nn.losses import softmax
from nn.network import Network, copy_arrays, plan
from nn.schema import InputError

MNIST = (28, 28, 1)
SMALL: tuple[LayerConfig, ...] = (
    Conv2D(filters=4, kernel_size=(3, 3)),
    ReLU(),
    MaxPool2D(pool_size=(4, 4), stride=(4, 4)),
    Flatten(),
    Dense(units=10),
)


def small(seed: int = 0) -> Network:
    return Network(SMALL, MNIST, 10, np.random.default_rng(seed))


def test_plan_of_the_original_network() -> None:
    planned = preset("original").plan()
    assert planned.problem is None
    found = [
        (layer.name, layer.output_shape, layer.parameters, layer.multiply_adds)
        for layer in planned.layers
    ]
    assert found == [
        ("1.conv2d", (28, 28, 32), 32 * 25 + 32, 28 * 28 * 32 * 25),
        ("2.relu", (28, 28, 32), 0, 0),
        ("3.max_pool2d", (14, 14, 32), 0, 0),
        ("4.conv2d", (14, 14, 64), 64 * 25 * 32 + 64, 14 * 14 * 64 * 25 * 32),
        ("5.relu", (14, 14, 64), 0, 0),
        ("6.max_pool2d", (7, 7, 64), 0, 0),
        ("7.flatten", (3136,), 0, 0),
        ("8.dense", (1024,), 1024 * 3136 + 1024, 1024 * 3136),
        ("9.relu", (1024,), 0, 0),
        ("10.dense", (10,), 10 * 1024 + 10, 10 * 1024),
    ]
    assert planned.parameters == 3_274_634
    assert planned.multiply_adds == 13_883_904


def test_planned_memory_of_a_network_of_one_layer() -> None:
    planned = plan([Flatten(), Dense(units=10)], (2, 2, 1), 10)
    values_per_image = 4 + 2 * 4 + 2 * 10
    assert planned.training_bytes(8) == 4 * (8 * values_per_image + 4 * 50)


@pytest.mark.parametrize(
    ("layers", "problem"),
    [
        (
            [Dense()],
            "layer 1 (dense): needs a vector, but its input is 28×28×1; "
            "put a flatten layer before it",
        ),
        (
            [Flatten(), Conv2D()],
            "layer 2 (conv2d): needs maps (height, width, channels), but its input is 784; "
            "put it before flatten",
        ),
        (
            [Flatten(), MaxPool2D()],
            "layer 2 (max_pool2d): needs maps (height, width, channels), but its input is 784; "
            "put it before flatten",
        ),
        (
            [Conv2D(kernel_size=(29, 3), padding="valid")],
            "layer 1 (conv2d): its 29×3 kernel does not fit into its 28×28 input; "
            "use a smaller kernel or padding same",
        ),
        (
            [MaxPool2D(pool_size=(30, 30))],
            "layer 1 (max_pool2d): its 30×30 window does not fit into its 28×28 input; "
            "drop it or use a smaller window",
        ),
        (
            [Flatten(), Dense(units=9)],
            "the last layer gives 9; end with a dense layer of 10 units, one a class",
        ),
        (
            [ReLU()],
            "the last layer gives 28×28×1; end with a dense layer of 10 units, one a class",
        ),
    ],
)
def test_problems_are_sentences(layers: Sequence[LayerConfig], problem: str) -> None:
    assert plan(layers, MNIST, 10).problem == problem
    with pytest.raises(InputError) as caught:
        Network(layers, MNIST, 10)
    assert str(caught.value) == f"network.layers: {problem}"


def test_a_plan_ends_at_the_first_layer_that_does_not_fit() -> None:
    planned = plan([ReLU(), Dense(), ReLU()], MNIST, 10)
    assert [layer.name for layer in planned.layers] == ["1.relu"]


def test_parameters_and_gradients_are_the_layers_own() -> None:
    network = small()
    assert list(network.parameters) == [
        "1.conv2d.weights",
        "1.conv2d.biases",
        "5.dense.weights",
        "5.dense.biases",
    ]
    assert list(network.gradients) == list(network.parameters)
    assert network.parameters["5.dense.biases"] is network.layers[4].parameters["biases"]
    assert network.gradients["1.conv2d.weights"] is network.layers[0].gradients["weights"]
    assert sum(value.size for value in network.parameters.values()) == network.plan.parameters


def test_stages_are_the_layers_one_after_another(digits: Dataset) -> None:
    network, layers = small(), small().layers
    images = digits.images[:5]
    x = np.ascontiguousarray(images.transpose(1, 2, 3, 0), np.float32) / np.float32(255)
    for layer in layers:
        x = layer.forward(x, training=True)
    dy = np.random.default_rng(0).standard_normal(x.shape, np.float32)
    assert_allclose(network.forward(images, training=True), x, rtol=1e-5, atol=1e-6)
    network.backward(dy)
    expected = dy
    for layer in reversed(layers):
        expected = layer.backward(expected)
    for number, name in (1, "conv2d"), (5, "dense"):
        for each, value in layers[number - 1].gradients.items():
            found = network.gradients[f"{number}.{name}.{each}"]
            assert_allclose(found, value, rtol=1e-4, atol=1e-5)


def test_bytes_and_floats_give_the_same(digits: Dataset) -> None:
    network = small()
    floats = digits.images[:20].astype(np.float32) / np.float32(255)
    assert_array_equal(network.predict(digits.images[:20]), network.predict(floats))
    assert_allclose(network.predict(floats.astype(np.float64)), network.predict(floats))


def test_prediction_in_batches_is_prediction_at_once(digits: Dataset) -> None:
    network, images = small(), digits.images[:50]
    at_once = softmax(network.forward(images)).T
    assert_allclose(network.predict(images, batch_size=50), at_once, rtol=1e-6)
    assert_allclose(network.predict(images, batch_size=7), at_once, rtol=1e-5)
    assert_allclose(network.predict(images).sum(axis=1), np.ones(50), rtol=1e-5)
    assert network.predict(images[:0]).shape == (0, 10)


def test_images_stay_untouched(digits: Dataset) -> None:
    images = digits.images[:5].astype(np.float32) / np.float32(255)
    before = images.copy()
    network = small()
    network.forward(images, training=True)
    network.backward(np.ones((10, 5), np.float32))
    assert_array_equal(images, before)


def test_prediction_needs_memory_for_a_batch_only() -> None:
    images = np.zeros((2000, *MNIST), np.uint8)
    network = small()
    tracemalloc.start()
    network.predict(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    all_activations = 2000 * 4 * sum(28 * 28 * channels for channels in (1, 4, 4))
    assert peak < all_activations / 3


def test_the_generator_decides_the_start() -> None:
    one, same, other = small(0).parameters, small(0).parameters, small(1).parameters
    for name, value in one.items():
        assert_array_equal(value, same[name])
    assert not np.array_equal(one["1.conv2d.weights"], other["1.conv2d.weights"])


def test_stored_arrays_that_do_not_fit() -> None:
    into = {"w": np.zeros((2, 3))}
    copy_arrays({"w": np.ones((2, 3)), "more": np.ones(1)}, into)
    assert_array_equal(into["w"], np.ones((2, 3)))
    with pytest.raises(
        InputError, match=r"^w is missing; the network needs it in the shape \(2, 3"
    ):
        copy_arrays({}, into)
    with pytest.raises(InputError, match=r"^w has the shape \(3, 2\); the network needs it in the"):
        copy_arrays({"w": np.ones((3, 2))}, into)


def test_a_summary_shows_what_is_carried_out_together() -> None:
    layers = preset("original").network.layers
    text = Network(layers, (28, 28, 1), 10).summary()
    first = [line.split("  ")[0] for line in text.splitlines()]
    assert first == [
        *("layer", "1.conv2d", "+ 3.max_pool2d", "+ 2.relu"),
        *("4.conv2d", "+ 6.max_pool2d", "+ 5.relu", "7.flatten"),
        *("8.dense", "+ 9.relu", "10.dense", ""),
    ]
    assert all("14×14×32" in line for line in text.splitlines()[2:4])
    assert text.splitlines()[-1].split() == ["3,274,634", "13,883,904"]
