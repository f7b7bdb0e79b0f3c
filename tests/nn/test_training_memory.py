"""After the first steps a training needs no more memory: every array is there already."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nn.config import RunConfig
from nn.data import Dataset
from nn.ops.threads import set_threads, threads
from nn.training import Training

CONV = {"kind": "conv2d", "filters": 8, "kernel_size": 3}
RELU = {"kind": "relu"}
NETWORKS: dict[str, list[dict[str, Any]]] = {
    "plain": [
        CONV,
        RELU,
        {"kind": "max_pool2d"},
        CONV | {"algorithm": "fft"},
        RELU,
        {"kind": "max_pool2d"},
        {"kind": "flatten"},
        {"kind": "dense", "units": 32, "activation": "relu"},
        {"kind": "dense", "units": 10},
    ],
    "residual": [
        CONV,
        {"kind": "batch_norm"},
        RELU,
        {"kind": "avg_pool2d"},
        {"kind": "residual", "layers": [CONV, {"kind": "batch_norm"}, RELU, CONV]},
        RELU,
        {"kind": "max_pool2d", "pool_size": 3, "padding": 1},
        {"kind": "dropout", "rate": 0.2},
        {"kind": "global_avg_pool2d"},
        {"kind": "dense", "units": 10},
    ],
    "others": [
        CONV | {"activation": "gelu", "stride": 2},
        {"kind": "layer_norm"},
        CONV | {"groups": 8, "dilation": 2},
        {"kind": "spatial_dropout", "rate": 0.2},
        {"kind": "avg_pool2d", "pool_size": 3, "stride": 2, "padding": 1},
        {"kind": "elu"},
        {"kind": "flatten"},
        {"kind": "dense", "units": 10},
    ],
}
SMALL, LARGE = 64, 448
SMALLEST_MAP = 7 * 7 * 8 * 4
"""Bytes of one image's smallest map in these networks."""


@pytest.fixture(autouse=True)
def _on_one_thread() -> Iterator[None]:
    """Each thread has working memory of its own, which it makes when it first has such work."""
    before = threads()
    set_threads(1)
    yield
    set_threads(before)


def taken(digits: Dataset, network: str, batch_size: int, **training: Any) -> int:
    """The most bytes that a whole batch and a short one take besides what was there before."""
    config = RunConfig.parse(
        {
            "data": {"validation": 0},
            "network": {"layers": NETWORKS[network]},
            "training": {"batch_size": batch_size, "epochs": 3, **training},
        }
    )
    some = digits.subset(np.arange(batch_size + batch_size // 4))
    run = Training(config, some, some)
    list(run.steps())
    run.position.batch = 0
    tracemalloc.start()
    try:
        list(run.steps())
        run.position.batch = 0
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        list(run.steps())
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "training",
    [{}, {"clip_norm": 1, "average": 0.9, "accumulate": 2, "loss": {"class_weights": "balanced"}}],
    ids=["simple", "with all"],
)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_step_takes_no_memory_that_grows_with_the_batch(
    digits: Dataset, network: str, training: dict[str, Any]
) -> None:
    """Besides what the loss makes of (classes, N), and what NumPy takes for itself."""
    small, large = (taken(digits, network, n, **training) for n in (SMALL, LARGE))
    assert large < LARGE * SMALLEST_MAP / 2
    assert large - small < (LARGE - SMALL) * SMALLEST_MAP / 8


def test_images_in_another_order_of_memory_are_not_copied_for_every_batch(digits: Dataset) -> None:
    turned = replace(digits, images=np.asfortranarray(digits.images))
    expected = taken(digits, "plain", SMALL)
    assert taken(turned, "plain", SMALL) < expected + digits.images.nbytes / 8
