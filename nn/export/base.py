"""What the export formats share."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nn.checkpoint import Model
from nn.layers import LayerConfig
from nn.layers.residual import Residual
from nn.network import Network
from nn.schema import InputError
from nn.types import Array, Shape

INPUT, OUTPUT = "images", "probabilities"
"""What a file calls its input (N, H, W, C) and its output (N, classes)."""


@dataclass(frozen=True)
class Exported:
    """A model in another format: the file's content, and the answers that it gives.

    `answer` makes probabilities (N, classes) of images (N, H, W, C), floats in [0, 1].
    """

    content: bytes
    answer: Callable[[Array], Array]


@dataclass(frozen=True)
class Format:
    """A kind of file; `build` raises `InputError` for what it cannot do."""

    name: str
    suffix: str
    build: Callable[[Model], Exported]


@dataclass(frozen=True)
class Placed:
    """What a layer has at its place in a network: the shape of its input, its arrays by name."""

    input_shape: Shape
    arrays: Mapping[str, Array]


def require(package: str, extra: str) -> Any:
    """A package that only an extra installs.

    Raises:
        InputError: if it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        raise InputError(
            f"format: {extra} files need the package {package}; "
            f'install it with pip install "cnn-tui[{extra}]"'
        ) from None


def each_layer(network: Network) -> Iterator[tuple[LayerConfig, Placed]]:
    """The layers in order, each with what it has."""
    for planned, layer in zip(network.plan.layers, network.layers, strict=True):
        yield planned.config, Placed(layer.input_shape, layer.parameters | layer.state)


def each_part(config: Residual, at: Placed) -> Iterator[tuple[LayerConfig, Placed]]:
    """The layers of a block in order, and last its shortcut, each with what it has."""
    for part in config.parts(at.input_shape):
        start = f"{part.name}."
        own = {k.removeprefix(start): v for k, v in at.arrays.items() if k.startswith(start)}
        yield part.config, Placed(part.input_shape, own)


def no_conversion(config: LayerConfig, file_format: str) -> InputError:
    """For a layer that a format has no conversion of."""
    return InputError(
        f"format: {file_format} files cannot hold a layer {config.kind}; choose another format"
    )
