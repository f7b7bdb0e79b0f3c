"""The same bits on any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nn.config import RunConfig
from nn.data import Dataset
from nn.network import Network
from nn.ops.threads import set_threads, threads
from nn.training import Training
from nn.types import Array

CONV = {"kind": "conv2d", "filters": 8, "kernel_size": 3}
LAYERS = [
    CONV | {"algorithm": "gemm", "activation": "relu"},
    {"kind": "max_pool2d"},
    CONV | {"kernel_size": 5, "algorithm": "fft"},
    {"kind": "batch_norm"},
    {"kind": "gelu"},
    {"kind": "residual", "layers": [CONV, {"kind": "relu"}, CONV]},
    {"kind": "relu"},
    CONV | {"groups": 8, "stride": 2},
    {"kind": "layer_norm"},
    {"kind": "max_pool2d", "pool_size": 3, "padding": 1, "stride": 1},
    {"kind": "spatial_dropout", "rate": 0.1},
    {"kind": "avg_pool2d"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 100, "activation": "tanh"},
    {"kind": "dropout", "rate": 0.3},
    {"kind": "dense", "units": 10},
]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = threads()
    yield
    set_threads(before)


def trained(digits: Dataset, count: int, **training: Any) -> tuple[dict[str, Array], list[float]]:
    """All arrays after some steps and the losses on the way; from scratch, on so many threads."""
    config = RunConfig.parse(
        {
            "data": {"validation": 0},
            "network": {"layers": LAYERS},
            "training": {"epochs": 1, "threads": count, **training},
        }
    )
    run = Training(config, digits, digits)
    losses = [step.loss for step in run.steps()]
    return {name: value.copy() for name, value in run.state().arrays.items()}, losses


@pytest.mark.parametrize(
    ("images", "training"),
    [
        # Two full batches, and a short one.
        (300, {"batch_size": 128}),
        (254, {"batch_size": 127, "clip_norm": 0.5, "average": 0.9}),
        (5, {"batch_size": 2, "accumulate": 2, "optimizer": {"kind": "sgd"}}),
        (3, {"batch_size": 1, "augmentation": {"rotate": 10, "elastic": 1, "noise": 0.1}}),
    ],
    ids=["128", "127", "2", "1"],
)
def test_training(digits: Dataset, images: int, training: dict[str, Any]) -> None:
    some = digits.subset(np.arange(images))
    alone, losses = trained(some, 1, **training)
    assert len(losses) == -(-images // training["batch_size"])
    for count in (2, 3, 5):
        together, others = trained(some, count, **training)
        assert others == losses
        assert set(together) == set(alone)
        for name, value in alone.items():
            assert_array_equal(together[name], value, err_msg=name)


@pytest.mark.parametrize("n", [1, 2, 127, 256])
def test_prediction(digits: Dataset, n: int) -> None:
    layers = RunConfig.parse({"network": {"layers": LAYERS}}).network.layers
    network = Network(layers, digits.images.shape[1:], 10, np.random.default_rng(0))
    answers = []
    for count in (1, 2, 3, 5):
        set_threads(count)
        answers.append(network.predict(digits.images[:n]))
    for answer in answers[1:]:
        assert_array_equal(answer, answers[0])


def test_however_many_pieces_there_are(
    digits: Dataset, small_pieces: Callable[[], AbstractContextManager[None]]
) -> None:
    some = digits.subset(np.arange(20))
    with small_pieces():
        alone, losses = trained(some, 1, batch_size=8)
        for count in (2, 5):
            together, others = trained(some, count, batch_size=8)
            assert others == losses
            for name, value in alone.items():
                assert_array_equal(together[name], value, err_msg=name)
