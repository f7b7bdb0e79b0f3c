"""Every kind of layer. A new one is a class in its family's file and one line here."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from nn.layers.activation import ReLU
from nn.layers.base import Layer, LayerConfig, show_shape
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.shape import Flatten

AnyLayer = Annotated[
    Conv2D | ReLU | MaxPool2D | Flatten | Dense,
    Field(discriminator="kind"),
]
"""Every layer, told apart by its `kind`."""

LAYERS: tuple[type[LayerConfig], ...] = get_args(get_args(AnyLayer)[0])
"""The same as a list, in the order in which the editor offers them."""

__all__ = ["LAYERS", "AnyLayer", "Layer", "LayerConfig", "show_shape"]
