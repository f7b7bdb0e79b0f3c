"""Every kind of layer. A new one is a class in its family's file and one line here."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from nn.layers.activation import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from nn.layers.base import Layer, LayerConfig, show_shape
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.dropout import Dropout, SpatialDropout
from nn.layers.norm import BatchNorm, LayerNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten

AnyLayer = Annotated[
    Conv2D
    | ReLU
    | MaxPool2D
    | Flatten
    | Dense
    | BatchNorm
    | Dropout
    | Residual
    | AvgPool2D
    | GlobalAvgPool2D
    | LayerNorm
    | SpatialDropout
    | LeakyReLU
    | ELU
    | GELU
    | SiLU
    | Tanh
    | Sigmoid,
    Field(discriminator="kind"),
]
"""Every layer, told apart by its `kind`; those that a first network needs come first."""

# A residual block holds layers of every kind, so that it is complete only now.
Residual.model_rebuild(_types_namespace={"AnyLayer": AnyLayer})

LAYERS: tuple[type[LayerConfig], ...] = get_args(get_args(AnyLayer)[0])
"""The same as a list, in the order in which the editor offers them."""

__all__ = ["LAYERS", "AnyLayer", "Layer", "LayerConfig", "show_shape"]
