"""Networks that tests of the export formats hold against other libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nn.checkpoint import Model, ModelCard, load_model
from nn.config import RunConfig
from nn.network import Network
from nn.types import Array, Shape

CLASSES = ("cat", "dog", "ant")
BUNDLED = Path(__file__).parents[2] / "saved_models" / "digits.safetensors"


def conv(**fields: Any) -> dict[str, Any]:
    return {"kind": "conv2d", "filters": 4, "kernel_size": 3} | fields


RELU, FLATTEN = {"kind": "relu"}, {"kind": "flatten"}
END = (FLATTEN, {"kind": "dense", "units": 3})

CASES: dict[str, tuple[Shape, tuple[dict[str, Any], ...]]] = {
    "dense alone": ((4, 5, 2), END),
    "flattened twice": ((4, 5, 2), (FLATTEN, *END)),
    "flatten last": ((1, 1, 3), (FLATTEN,)),
    "hidden units": ((4, 5, 2), (FLATTEN, {"kind": "dense", "units": 9}, RELU, *END)),
    "conv same": ((7, 6, 2), (conv(), RELU, *END)),
    "conv same, even kernel": ((7, 6, 2), (conv(kernel_size=[2, 4]), *END)),
    "conv same, stride 2, odd sides": ((7, 9, 2), (conv(stride=2), *END)),
    "conv same, stride 2, even sides": ((8, 6, 2), (conv(stride=2), *END)),
    "conv same, two strides": ((8, 9, 1), (conv(kernel_size=5, stride=[3, 2]), *END)),
    "conv same, gaps between windows": ((9, 9, 1), (conv(kernel_size=1, stride=3), *END)),
    "conv valid": ((7, 6, 3), (conv(kernel_size=[3, 5], padding="valid"), *END)),
    "conv padded by a number": ((7, 6, 3), (conv(padding=2, stride=[2, 1]), *END)),
    "conv padded by 0": ((7, 6, 3), (conv(padding=0), *END)),
    "conv dilated": ((9, 8, 2), (conv(dilation=[2, 3]), conv(dilation=2, padding=1), *END)),
    "conv in groups": ((7, 6, 4), (conv(groups=2), conv(groups=4, stride=2), *END)),
    "activations as fields": (
        (6, 6, 2),
        (
            conv(activation="silu"),
            conv(activation="tanh"),
            FLATTEN,
            {"kind": "dense", "units": 5, "activation": "sigmoid"},
            {"kind": "dense", "units": 3, "activation": "relu"},
        ),
    ),
    "dropout and global pool": (
        (6, 6, 2),
        (
            {"kind": "spatial_dropout"},
            conv(filters=3),
            {"kind": "global_avg_pool2d"},
            {"kind": "dropout"},
        ),
    ),
    "batch norms": (
        (6, 6, 2),
        (
            conv(),
            {"kind": "batch_norm"},
            {"kind": "leaky_relu", "negative_slope": 0.2},
            FLATTEN,
            {"kind": "batch_norm", "epsilon": 0.01},
            {"kind": "elu", "alpha": 0.5},
            *END[1:],
        ),
    ),
    "residual blocks": (
        (6, 7, 2),
        (
            {"kind": "residual", "layers": [conv(stride=2), {"kind": "batch_norm"}, RELU, conv()]},
            {"kind": "residual", "layers": [conv()]},
            FLATTEN,
            {"kind": "residual", "layers": [{"kind": "dense", "units": 3}]},
        ),
    ),
    "layer norms": (
        (6, 7, 2),
        (conv(), {"kind": "layer_norm"}, {"kind": "gelu"}, FLATTEN, {"kind": "layer_norm"}, *END),
    ),
    "average pools": (
        (7, 6, 2),
        (
            {"kind": "avg_pool2d", "pool_size": 3, "stride": 1, "padding": "same"},
            {"kind": "avg_pool2d"},
            *END,
        ),
    ),
    "pool same": (
        (7, 6, 2),
        (conv(), {"kind": "max_pool2d", "pool_size": 3, "padding": "same"}, *END),
    ),
    "pool": ((7, 6, 3), (conv(), {"kind": "max_pool2d"}, *END)),
    "pool with overlap": (
        (7, 6, 3),
        ({"kind": "max_pool2d", "pool_size": [3, 2], "stride": [2, 1]}, *END),
    ),
    "pool with gaps": ((9, 8, 1), ({"kind": "max_pool2d", "pool_size": 2, "stride": 3}, *END)),
    "negative values under a pool": (
        (6, 6, 1),
        (conv(padding=1), {"kind": "max_pool2d", "pool_size": 3, "stride": 1}, *END),
    ),
    "several of all": (
        (14, 13, 3),
        (
            conv(kernel_size=5, padding=2),
            RELU,
            {"kind": "max_pool2d"},
            conv(stride=2, filters=6),
            RELU,
            {"kind": "max_pool2d", "pool_size": 2, "stride": 1},
            FLATTEN,
            {"kind": "dense", "units": 12},
            RELU,
            *END,
        ),
    ),
}


def make_model(shape: Shape, layers: tuple[dict[str, Any], ...]) -> Model:
    """A model with weights and biases drawn at random."""
    config = RunConfig.parse({"network": {"layers": layers}})
    card = ModelCard(config=config, input_shape=shape, class_names=CLASSES, created="2026-01-01")
    rng = np.random.default_rng(0)
    network = Network(config.network.layers, shape, len(CLASSES), rng)
    for name, value in network.parameters.items():
        if name.endswith("biases"):
            value[...] = rng.uniform(-0.5, 0.5, value.shape)
    for value in network.state.values():
        value[...] = rng.uniform(0.5, 2, value.shape)
    return Model(Path("somewhere") / "mine.safetensors", card, network)


NAMES = (*CASES, "bundled")


def named_model(name: str) -> Model:
    """One of the cases, or the model that comes with the project."""
    return load_model(BUNDLED) if name == "bundled" else make_model(*CASES[name])


def some_images(model: Model, count: int) -> Array:
    shape = (count, *model.card.input_shape)
    return np.random.default_rng(count).random(shape, np.float32)
