"""Networks whose code is run by other libraries, and what the engine makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from export_models import CASES as NETWORKS
from peer_cases import CASES as LAYERS

from nn import presets
from nn.config import RunConfig, preset
from nn.export.code import LANGUAGES
from nn.layers.chain import Chain
from nn.network import plan
from nn.types import Array, Shape

TOLERANCE = 1e-5
"""How far answers may be apart, as a share of the largest: those of deep networks in float32."""


@dataclass(frozen=True)
class Subject:
    """A configuration, and the shape of one image."""

    config: RunConfig
    shape: Shape


def _subject(layers: Any, shape: Shape) -> Subject:
    return Subject(RunConfig.parse({"network": {"layers": layers}}), shape)


SUBJECTS: dict[str, Subject] = {
    **{name: Subject(preset(name), preset(name).dataset().input_shape) for name in presets.names()},
    **{name: _subject(layers, shape) for name, (shape, layers) in NETWORKS.items()},
    **{
        name: _subject([case.config.model_dump(mode="json")], case.shape)
        for name, case in LAYERS.items()
    },
}


@dataclass(frozen=True)
class Answer:
    """Images (N, H, W, C), what the engine answers, (N, …), its arrays by name, and the shapes of
    all that goes from one layer to the next."""

    images: Array
    outputs: Array
    arrays: dict[str, Array]
    shapes: list[Shape]
    parameters: int


def answer(subject: Subject) -> Answer:
    """That of a network with random arrays."""
    rng = np.random.default_rng(0)
    layers = subject.config.network.layers
    network = Chain(layers, subject.shape, np.float32)
    network.initialize(rng)
    for name, value in (network.parameters | network.state).items():
        if not name.endswith("weights"):
            value[...] = rng.uniform(0.5, 1.5, value.shape)
    images = rng.random((4, *subject.shape), np.float32)
    outputs = network.forward(np.moveaxis(images, 0, -1).copy(), training=False)
    planned = plan(layers, subject.shape, 1)
    return Answer(
        images=images,
        outputs=np.moveaxis(outputs, -1, 0).copy(),
        arrays=network.parameters | network.state,
        shapes=[subject.shape, *(layer.output_shape for layer in planned.layers)],
        parameters=planned.parameters,
    )


def run(subject: Subject, name: str) -> dict[str, Any]:
    """What the code of a subject defines."""
    classes = subject.config.network.layers[-1].model_dump().get("units", 10)
    text = LANGUAGES[name].write(subject.config, subject.shape, classes)
    module: dict[str, Any] = {"__name__": "copied"}
    exec(compile(text, "copied.py", "exec"), module)
    return module


def by_layer(arrays: Mapping[str, Array]) -> list[dict[str, Array]]:
    """The arrays of each layer by their own names, the layers in order."""
    found: dict[str, dict[str, Array]] = {}
    for name, value in arrays.items():
        layer, _, own = name.rpartition(".")
        found.setdefault(layer, {})[own] = value
    return list(found.values())


def changes(shapes: list[Shape]) -> list[Shape]:
    """The same without those that are as the one before."""
    return [shape for n, shape in enumerate(shapes) if n == 0 or shape != shapes[n - 1]]
