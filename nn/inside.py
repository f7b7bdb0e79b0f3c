"""A network from within: what each of its layers makes of one image, and where it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from nn.layers import Layer, LayerConfig
from nn.layers.activation import NoActivation, activation
from nn.layers.pool import Pool2D
from nn.layers.residual import Residual
from nn.network import Network, batches
from nn.types import Array, Bytes, Integers

OCCLUSION_BATCH = 32
"""Covered images that go through the network at once: the memory of a dashboard is small."""

MOST_PLACES = 28
"""In each direction, for the patch that covers a part of the image."""


@dataclass(frozen=True, eq=False)
class Passage:
    """One layer's part in the forward pass of one image.

    Its name is as in `1.conv2d`, or `4.residual.1.conv2d` for a layer inside a block. `input` and
    `output` have the shapes of one example, (H, W, C) or (features,). `kept` says how much of each
    input (H, W, C) went into a pooling's output: for maxima, how many windows took it.
    """

    name: str
    config: LayerConfig
    input: Array
    output: Array
    parameters: Mapping[str, Array]
    kept: Array | None = None


def trace(network: Network, image: Bytes | Array) -> list[Passage]:
    """The way of an image (H, W, C) through a network, layer by layer, as in inference.

    The layers inside a block come before the block itself. The last output are the logits.
    """
    passages: list[Passage] = []
    x = np.asarray(image[..., None], network.dtype)
    if image.dtype == np.uint8:
        x /= 255
    for planned, layer in zip(network.plan.layers, network.layers, strict=True):
        passages += _pass_through(planned.name, planned.config, layer, x)
        x = passages[-1].output[..., None]
    return passages


def _pass_through(name: str, config: LayerConfig, layer: Layer, x: Array) -> Iterator[Passage]:
    """A layer's passage for a batch of one, after those of the layers inside it."""
    if isinstance(config, Residual):
        yield from _pass_inside(name, config, layer, x)
    output = layer.forward(x, training=False)[..., 0].copy()
    yield Passage(name, config, x[..., 0], output, layer.parameters, _kept(config, layer, x))


def _pass_inside(name: str, block: Residual, layer: Layer, x: Array) -> Iterator[Passage]:
    """The passages inside a block, by twins of its layers; one that does nothing has none."""
    given = x
    for part in block.parts(x.shape[:-1]):
        if isinstance(part.config, NoActivation):
            continue
        twin = part.config.build(part.input_shape, x.dtype)
        for own, all_of_them in (
            (twin.parameters, layer.parameters),
            (twin.state, layer.state),
        ):
            for key, value in own.items():
                value[...] = all_of_them[f"{part.name}.{key}"]
        if part.name == "shortcut":
            given = x
        for passage in _pass_through(f"{name}.{part.name}", part.config, twin, given):
            yield passage
            given = passage.output[..., None]


def _kept(config: LayerConfig, layer: Layer, x: Array) -> Array | None:
    """The gradient of the sum of a pooling's outputs."""
    if not isinstance(config, Pool2D):
        return None
    y = layer.forward(x, training=True)
    kept: Array = layer.backward(np.ones_like(y))[..., 0].copy()
    return kept


def occlusion(network: Network, image: Bytes) -> Array:
    """Where a network looks: what covering a part of an image (H, W, C) costs each class.

    A square patch, of a fifth of the shorter side, takes the image's median colour, which is the
    paper of a digit. Gives (rows, columns, classes), for patches around evenly spaced places from
    corner to corner: the probability of the whole image less that of the covered one. Zeiler and
    Fergus, "Visualizing and Understanding Convolutional Networks" (2014), section 4.2.
    """
    size = image.shape[:2]
    reach = max(1, round(min(size) / 5)) // 2
    rows, columns = map(_places, size)
    places = list(product(rows.tolist(), columns.tolist()))
    colour = np.median(image, axis=(0, 1)).astype(image.dtype)
    whole = network.predict(image[None])
    left = np.empty((len(places), whole.shape[1]), whole.dtype)
    for part in batches(len(places), OCCLUSION_BATCH):
        covered = np.repeat(image[None], part.stop - part.start, axis=0)
        for picture, (row, column) in zip(covered, places[part], strict=True):
            top, side = max(0, row - reach), max(0, column - reach)
            picture[top : row + reach + 1, side : column + reach + 1] = colour
        left[part] = network.predict(covered)
    cost: Array = (whole - left).reshape(len(rows), len(columns), -1)
    return cost


def _places(extent: int) -> Integers:
    """Evenly spaced positions from the first to the last."""
    places: Integers = np.linspace(0, extent - 1, min(extent, MOST_PLACES)).round().astype(np.intp)
    return places


def explanation(config: LayerConfig) -> str:
    """What a layer computes, with its formula: the first paragraph of its class's own text.

    Where it ends with an activation, that one's follows.
    """
    ending: Any = getattr(config, "activation", "none")
    words = _first_paragraph(type(config).__doc__ or "")
    if ending == "none":
        return words
    return f"{words} Then {ending}: {_first_paragraph(type(activation(ending)).__doc__ or '')}"


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())
