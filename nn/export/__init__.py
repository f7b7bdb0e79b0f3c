"""Saved models as files that other programs run: ONNX and Keras.

Both take images (N, H, W, C) as floats in [0, 1] and give probabilities (N, classes), as
`Network.predict` does. The libraries that write them are extras.
"""

from __future__ import annotations

import numpy as np

from nn.checkpoint import Model
from nn.export import keras_file, onnx_file
from nn.export.base import Exported, Format
from nn.schema import InputError

__all__ = ["FORMATS", "Exported", "Format", "export", "find_format"]

FORMATS: dict[str, Format] = {each.name: each for each in (onnx_file.FORMAT, keras_file.FORMAT)}
"""Every format by its name. A new one is a file with its `Format` and its name here."""

TOLERANCE = 1e-3
"""How far the answers of an exported file may be from ours: far above what rounding does even in
a deep network, far below what a layer does that was converted wrongly."""


def find_format(name: str) -> Format:
    """The format of that name.

    Raises:
        InputError: if there is none.
    """
    if name not in FORMATS:
        raise InputError(f"format: {name!r} is not known; choose {' or '.join(FORMATS)}")
    return FORMATS[name]


def export(model: Model, wanted: Format) -> bytes:
    """The content of a file in a format, which was tried on two images.

    Raises:
        InputError: if the format's package is not installed or cannot express the network.
    """
    exported = wanted.build(model)
    images = np.random.default_rng(0).random((2, *model.card.input_shape), np.float32)
    apart = float(np.abs(exported.answer(images) - model.network.predict(images)).max())
    if not apart <= TOLERANCE:
        raise InputError(
            f"format: {wanted.name} cannot say what this network does: as {wanted.name} it answers "
            f"otherwise, by {apart:.2g}; choose another format"
        )
    return exported.content
