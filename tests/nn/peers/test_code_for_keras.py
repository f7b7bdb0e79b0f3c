"""Code for Keras, run: the same network, the same rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from code_cases import SUBJECTS, TOLERANCE, Subject, answer, by_layer, run
from peer_cases import assert_close

from nn.config import RunConfig
from nn.types import Array

keras: Any = pytest.importorskip("keras")

# Keras's own conversion of its variables is not up to NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def take(network: Any, arrays: dict[str, Array]) -> None:
    """Copy our arrays into a Keras network, whose layers are found by when they were made."""
    made = sorted((each for each in network.layers if each.weights), key=when_made)
    for kind in {type(each) for each in made}:
        theirs = [each for each in made if type(each) is kind]
        ours = [each for each in by_layer(arrays) if kind is kind_of(each)]
        for layer, own in zip(theirs, ours, strict=True):
            if "weights" in own:
                weights = own["weights"]
                axes = (1, 2, 3, 0) if weights.ndim == 4 else (1, 0)
                layer.set_weights([weights.transpose(axes), own["biases"]])
            else:
                names = ("scale", "shift", "running_mean", "running_variance")
                layer.set_weights([own[name] for name in names if name in own])


def when_made(layer: Any) -> int:
    """Keras numbers the layers of each kind: conv2d, conv2d_1, …"""
    number = layer.name.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


def kind_of(own: dict[str, Array]) -> Any:
    if "weights" in own:
        return keras.layers.Conv2D if own["weights"].ndim == 4 else keras.layers.Dense
    norms = keras.layers.LayerNormalization, keras.layers.BatchNormalization
    return norms["running_mean" in own]


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_network_is_the_same(name: str) -> None:
    ours = answer(SUBJECTS[name])
    network = run(SUBJECTS[name], "keras")["make_network"]()
    learned = sum(int(variable.value.numpy().size) for variable in network.trainable_variables)
    assert learned == ours.parameters
    take(network, ours.arrays)
    found = network(ours.images, training=False).numpy()
    assert_close(found, ours.outputs, TOLERANCE)
    assert [network.input_shape[1:], network.output_shape[1:]] == [ours.shapes[0], ours.shapes[-1]]
    shapes = [layer.output.shape[1:] for layer in network.layers]
    assert set(ours.shapes[:-1]) <= set(shapes), "all maps of ours are on the way"


TRAININGS: dict[str, dict[str, Any]] = {
    "cosine": {"schedule": {"kind": "cosine", "warmup": 0.5}},
    "smooth labels": {"optimizer": {"kind": "adamw"}, "loss": {"label_smoothing": 0.1}},
    "decay": {"optimizer": {"kind": "sgd", "weight_decay": 0.01}, "clip_norm": 1.0},
    "weights": {"optimizer": {"kind": "rmsprop"}, "loss": {"class_weights": [1, 2, 3]}},
    "plateau": {"schedule": {"kind": "plateau"}, "average": 0.9},
}


@pytest.mark.parametrize("name", TRAININGS)
def test_it_learns(name: str) -> None:
    """Images of one colour a class are told apart."""
    layers = [
        {"kind": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu"},
        {"kind": "global_avg_pool2d"},
        {"kind": "dense", "units": 3},
    ]
    training = {"epochs": 30, "batch_size": 10, "learning_rate": 0.02} | TRAININGS[name]
    config = RunConfig.parse({"network": {"layers": layers}, "training": training})
    keras.utils.set_random_seed(0)
    module = run(Subject(config, (5, 5, 3)), "keras")
    labels = np.arange(30) % 3
    images = np.zeros((30, 5, 5, 3), np.float32)
    images[np.arange(30), :, :, labels] = 1
    network = module["make_network"]()
    module["train"](network, images, labels)
    rate = float(network.optimizer.learning_rate.numpy())
    if name == "cosine":
        last = config.training.schedule.factor(29 + 2 / 3, 30, [])
        assert rate == pytest.approx(0.02 * last, rel=1e-5)
    assert (network.predict(images, verbose=0).argmax(axis=1) == labels).all()
