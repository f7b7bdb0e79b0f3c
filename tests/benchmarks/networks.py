"""What contenders learn: networks of several families, each with data of its shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from nn import presets
from nn.config import RunConfig, preset
from nn.data import Dataset, load
from nn.data.dataset import Part

Layers = tuple[dict[str, Any], ...]

NORM: Layers = ({"kind": "batch_norm"}, {"kind": "relu"})
POOL: Layers = ({"kind": "max_pool2d"},)
OUTPUT: Layers = ({"kind": "dense", "units": 10},)
MEAN: Layers = ({"kind": "global_avg_pool2d"}, *OUTPUT)


def conv(filters: int, size: int = 3, **fields: Any) -> Layers:
    return ({"kind": "conv2d", "filters": filters, "kernel_size": size} | fields,)


def residual(filters: int, stride: int = 1) -> Layers:
    """A basic block of He et al. (2016).

    Where it has a stride it pads all sides alike, as PyTorch does: `same` adds rows below only.
    """
    first = conv(filters) if stride == 1 else conv(filters, stride=stride, padding=1)
    inner = (*first, *NORM, *conv(filters), NORM[0])
    return ({"kind": "residual", "layers": inner}, NORM[1])


def separable(channels: int, filters: int, stride: int = 1) -> Layers:
    """A block of MobileNet (Howard et al., 2017): a filter a channel, then a mix of channels."""
    padding = "same" if stride == 1 else 1
    depthwise = conv(channels, groups=channels, stride=stride, padding=padding)
    return (*depthwise, *NORM, *conv(filters, 1), *NORM)


WRITTEN: dict[str, Layers] = {
    "conv3x3": (
        *(*conv(32), *NORM, *POOL),
        *(*conv(64), *NORM, *POOL),
        *(*conv(64), *NORM),
        {"kind": "flatten"},
        *OUTPUT,
    ),
    "resnet": (
        *(*conv(16), *NORM),
        *residual(16),
        *residual(32, stride=2),
        *residual(64, stride=2),
        *MEAN,
    ),
    "depthwise": (
        *(*conv(32), *NORM),
        *separable(32, 64),
        *separable(64, 128, stride=2),
        *separable(128, 128),
        *MEAN,
    ),
}
"""Those that are no preset."""

NETWORKS = (presets.DEFAULT, "conv3x3", "lenet", "mlp", "resnet", "depthwise")
COLOURED = ("resnet",)
"""Those that learn images of 32×32×3, the others 28×28×1."""


def configuration(network: str, batch: int, threads: int) -> RunConfig:
    """Training by Adam, for longer than anybody measures.

    At a higher rate the first step magnifies rounding errors: it takes only the signs of gradients.
    """
    if network in WRITTEN:
        start = RunConfig.parse({"network": {"layers": WRITTEN[network]}})
    else:
        start = preset(network)
    fixed = {
        "validation": 0,
        "batch_size": batch,
        "epochs": 100_000,
        "optimizer": "adam",
        "learning_rate": 1e-4,
        "schedule": "constant",
        "threads": threads,
    }
    paths = {name: f"{'data' if name == 'validation' else 'training'}.{name}" for name in fixed}
    return start.changed({paths[name]: value for name, value in fixed.items()})


def images_for(network: str, part: Part) -> Dataset:
    """MNIST, or noise in the shape and the number of CIFAR-10: what is in it costs the same."""
    if network not in COLOURED:
        return load("mnist", part)
    rng = np.random.default_rng(0)
    count = 50_000 if part == "train" else 10_000
    images = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
    return Dataset("noise", images, rng.integers(0, 10, count), tuple("0123456789"))
