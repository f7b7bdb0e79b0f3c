"""Twenty steps of training by the engine, for PyTorch and Keras to take as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest

from nn.config import RunConfig, TrainingConfig
from nn.data import Dataset
from nn.network import Network
from nn.training import BatchDone, Training
from nn.types import Array, Integers

IMAGES, BATCH, EPOCHS = 40, 20, 10
RATE = 2**-7
"""Exactly a float32: Keras keeps the rate as one, whatever it computes the rest in."""

LAYERS: tuple[dict[str, Any], ...] = (
    {"kind": "conv2d", "filters": 4, "kernel_size": "3x5", "padding": 2, "activation": "tanh"},
    {"kind": "avg_pool2d", "pool_size": 3, "stride": 2},
    {"kind": "conv2d", "filters": 5, "kernel_size": 3, "stride": "2x1", "padding": "valid"},
    {"kind": "elu"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 8, "activation": "sigmoid"},
    {"kind": "dense", "units": 3},
)
SHAPE = (11, 12, 2)
CLASSES = ("cat", "dog", "ant")

# So small an ε changes nothing: Keras has it elsewhere in the formulas than PyTorch and we have.
# Numbers like 0.875 are exact in float32, as which Keras keeps some of them.
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"kind": "adam", "epsilon": 1e-20},
    "adam, other betas": {"kind": "adam", "beta1": 0.5, "beta2": 0.75, "epsilon": 1e-20},
    "adam, weight decay": {"kind": "adam", "weight_decay": 0.0625, "epsilon": 1e-20},
    "adamw": {"kind": "adamw", "weight_decay": 0.25, "epsilon": 1e-20},
    "adamw, no weight decay": {"kind": "adamw", "weight_decay": 0, "epsilon": 1e-20},
    "rmsprop": {"kind": "rmsprop", "epsilon": 1e-20},
    "rmsprop, momentum": {"kind": "rmsprop", "rho": 0.75, "momentum": 0.5, "epsilon": 1e-20},
    "rmsprop, weight decay": {"kind": "rmsprop", "weight_decay": 0.0625, "epsilon": 1e-20},
    "sgd": {"kind": "sgd", "momentum": 0},
    "sgd, momentum": {"kind": "sgd", "momentum": 0.875},
    "sgd, nesterov": {"kind": "sgd", "momentum": 0.75, "nesterov": True},
    "sgd, weight decay": {"kind": "sgd", "momentum": 0, "weight_decay": 0.0625},
    "sgd, nesterov, weight decay": {
        "kind": "sgd",
        "momentum": 0.5,
        "nesterov": True,
        "weight_decay": 0.0625,
    },
}


@dataclass(frozen=True)
class Trained:
    """The parameters before and after, what is judged after, and the rate of every batch."""

    config: TrainingConfig
    before: dict[str, Array]
    after: dict[str, Array]
    judged: dict[str, Array]
    rates: list[float]


def some_data() -> Dataset:
    """Random images, of which the classes have unlike numbers."""
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (IMAGES, *SHAPE), np.uint8)
    labels = rng.choice(3, IMAGES, p=(0.6, 0.3, 0.1))
    return Dataset("random", images, labels, CLASSES)


def train(settings: dict[str, Any], dtype: str, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """The engine's own training, its network in that precision."""
    monkeypatch.setattr("nn.training.Network", partial(Network, dtype=dtype))
    fixed = {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": RATE}
    config = RunConfig.parse(
        {
            "data": {"validation": 0},
            "network": {"layers": LAYERS},
            "training": fixed | settings,
        }
    )
    data = some_data()
    training = Training(config, data, data)
    parameters = training.network.parameters
    rng = np.random.default_rng(4)
    for name, value in parameters.items():
        if name.endswith("biases"):
            value[...] = rng.normal(0, 0.1, value.shape)
            training.judged.parameters[name][...] = value
    before = {name: value.copy() for name, value in parameters.items()}
    steps = [step for step in training.run() if isinstance(step, BatchDone)]
    assert len(steps) == EPOCHS * IMAGES // BATCH == 20
    rates = [step.learning_rate for step in steps]
    return Trained(config.training, before, parameters, training.judged.parameters, rates)


def epochs(config: TrainingConfig, dtype: str) -> Iterator[list[tuple[Array, Integers]]]:
    """Images and labels of each step of an epoch: those of all batches that are learned at once."""
    data, size = some_data(), BATCH * config.accumulate
    for epoch in range(config.epochs):
        order = np.random.default_rng([config.seed, epoch]).permutation(IMAGES)
        chosen = [order[start : start + size] for start in range(0, IMAGES, size)]
        yield [(data.images[each].astype(dtype) / 255, data.labels[each]) for each in chosen]
