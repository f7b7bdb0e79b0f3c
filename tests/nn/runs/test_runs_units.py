"""Units that are flat for all images, in networks whose weights are set so."""

from __future__ import annotations

import numpy as np
import pytest

from nn.config import NetworkConfig
from nn.network import Network
from nn.runs.units import AT_ONCE, PROBE, stuck_units

IMAGES = np.random.default_rng(1).integers(0, 256, (3 * PROBE, 8, 8, 1), np.uint8)


def network(activation: str) -> Network:
    layers = NetworkConfig.parse(
        {
            "layers": [
                {"kind": "conv2d", "filters": 6, "kernel_size": 3},
                {"kind": activation},
                {"kind": "flatten"},
                {"kind": "dense", "units": 5},
                {"kind": activation},
                {"kind": "dense", "units": 2},
            ]
        }
    ).layers
    return Network(layers, (8, 8, 1), 2, np.random.default_rng(0))


def test_what_a_large_negative_bias_silences_is_dead() -> None:
    built = network("relu")
    alive = stuck_units(built, IMAGES)
    assert alive["2.relu"][1] == 6
    assert alive["5.relu"][1] == 5
    built.parameters["1.conv2d.biases"][:4] = -100
    built.parameters["4.dense.biases"][:] = 100
    assert stuck_units(built, IMAGES) == {"2.relu": (4, 6), "5.relu": (0, 5)}


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("bias", [-50, 50])
def test_what_a_large_bias_pushes_to_either_end_is_saturated(activation: str, bias: float) -> None:
    built = network(activation)
    built.parameters["4.dense.biases"][:2] = bias
    found = stuck_units(built, IMAGES)
    assert found == {f"2.{activation}": (0, 6), f"5.{activation}": (2, 5)}


@pytest.mark.parametrize("awake", [0, AT_ONCE - 1, AT_ONCE, PROBE - 1])
def test_a_unit_that_one_image_moves_is_alive(awake: int) -> None:
    """All weights are 1, so that a bias silences all images but the bright one."""
    built = network("relu")
    images = np.zeros((PROBE, 8, 8, 1), np.uint8)
    images[awake] = 255
    built.parameters["1.conv2d.weights"][...] = 1
    built.parameters["1.conv2d.biases"][...] = -8
    assert stuck_units(built, images)["2.relu"] == (0, 6)
    images[awake] = 0
    assert stuck_units(built, images)["2.relu"] == (6, 6)


def test_an_activation_that_a_layer_ends_with_counts_too() -> None:
    layers = NetworkConfig.parse(
        {
            "layers": [
                {"kind": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu"},
                {"kind": "flatten"},
                {"kind": "dense", "units": 2},
            ]
        }
    ).layers
    built = Network(layers, (8, 8, 1), 2, np.random.default_rng(0))
    built.parameters["1.conv2d.biases"][:3] = -100
    assert stuck_units(built, IMAGES)["1.conv2d"][0] == 3


def test_other_activations_and_few_images_will_do() -> None:
    assert stuck_units(network("leaky_relu"), IMAGES[:3]) == {}
    assert stuck_units(network("relu"), IMAGES[:3])["2.relu"][1] == 6


def test_looking_changes_nothing() -> None:
    built = network("relu")
    before = built.predict(IMAGES[:10]).copy()
    stuck_units(built, IMAGES)
    assert np.array_equal(built.predict(IMAGES[:10]), before)
