"""Models as Keras files: https://keras.io/api/layers."""

from __future__ import annotations

import tempfile
from functools import singledispatch
from pathlib import Path
from typing import Any

from nn.checkpoint import Model
from nn.export.base import (
    INPUT,
    OUTPUT,
    Exported,
    Format,
    Placed,
    each_layer,
    each_part,
    no_conversion,
    require,
)
from nn.layers import LayerConfig
from nn.layers.activation import (
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    NoActivation,
    ReLU,
    Sigmoid,
    SiLU,
    Tanh,
    activation,
)
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.dropout import AnyDropout
from nn.layers.norm import BatchNorm, LayerNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.types import Array

CHANNELS_LAST = {"data_format": "channels_last"}
"""Said at each layer of maps: a person's own Keras settings may have it otherwise."""


@singledispatch
def convert(config: LayerConfig, at: Placed, x: Any, keras: Any) -> Any:
    """What Keras makes of the value `x`.

    A new layer is a function more, registered below.

    Raises:
        InputError: if there is none for this layer.
    """
    raise no_conversion(config, "keras")


@convert.register
def _conv2d(config: Conv2D, at: Placed, x: Any, keras: Any) -> Any:
    padding = config.padding
    if config.stride != (1, 1) and config.dilation != (1, 1):
        raise no_conversion(config, "keras")
    if isinstance(padding, int):
        x = keras.layers.ZeroPadding2D(padding, **CHANNELS_LAST)(x)
        padding = "valid"
    keras_layer = keras.layers.Conv2D(
        config.filters,
        config.kernel_size,
        config.stride,
        padding,
        dilation_rate=config.dilation,
        groups=config.groups,
        **CHANNELS_LAST,
    )
    weights = at.arrays["weights"].transpose(1, 2, 3, 0)
    y = _apply(keras_layer, x, weights, at.arrays["biases"])
    return convert(activation(config.activation), at, y, keras)


@convert.register
def _no_activation(config: NoActivation, at: Placed, x: Any, keras: Any) -> Any:
    return x


@convert.register
def _relu(config: ReLU, at: Placed, x: Any, keras: Any) -> Any:
    return keras.layers.ReLU()(x)


@convert.register
def _leaky_relu(config: LeakyReLU, at: Placed, x: Any, keras: Any) -> Any:
    return keras.layers.LeakyReLU(negative_slope=config.negative_slope)(x)


@convert.register
def _elu(config: ELU, at: Placed, x: Any, keras: Any) -> Any:
    return keras.layers.ELU(alpha=config.alpha)(x)


@convert.register
def _batch_norm(config: BatchNorm, at: Placed, x: Any, keras: Any) -> Any:
    names = ("scale", "shift", "running_mean", "running_variance")
    keras_layer = keras.layers.BatchNormalization(
        axis=-1, momentum=config.momentum, epsilon=config.epsilon
    )
    return _apply(keras_layer, x, *(at.arrays[name] for name in names))


@convert.register
def _layer_norm(config: LayerNorm, at: Placed, x: Any, keras: Any) -> Any:
    keras_layer = keras.layers.LayerNormalization(axis=-1, epsilon=config.epsilon)
    return _apply(keras_layer, x, at.arrays["scale"], at.arrays["shift"])


@convert.register
def _gelu(config: GELU, at: Placed, x: Any, keras: Any) -> Any:
    return keras.ops.gelu(x, approximate=True)


@convert.register(SiLU)
@convert.register(Tanh)
@convert.register(Sigmoid)
def _by_kind(config: Activation, at: Placed, x: Any, keras: Any) -> Any:
    return keras.layers.Activation(config.kind)(x)


@convert.register
def _max_pool2d(config: MaxPool2D, at: Placed, x: Any, keras: Any) -> Any:
    if isinstance(config.padding, int) and config.padding > 0:
        raise no_conversion(config, "keras")
    padding = "same" if config.padding == "same" else "valid"
    return keras.layers.MaxPooling2D(config.pool_size, config.stride, padding, **CHANNELS_LAST)(x)


@convert.register
def _avg_pool2d(config: AvgPool2D, at: Placed, x: Any, keras: Any) -> Any:
    if isinstance(config.padding, int) and config.padding > 0:
        raise no_conversion(config, "keras")
    padding = "same" if config.padding == "same" else "valid"
    return keras.layers.AveragePooling2D(config.pool_size, config.stride, padding, **CHANNELS_LAST)(
        x
    )


@convert.register
def _global_avg_pool2d(config: GlobalAvgPool2D, at: Placed, x: Any, keras: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D(**CHANNELS_LAST)(x)


@convert.register
def _residual(config: Residual, at: Placed, x: Any, keras: Any) -> Any:
    *inside, (shortcut, around) = each_part(config, at)
    y = x
    for layer, placed in inside:
        y = convert(layer, placed, y, keras)
    return keras.layers.Add()([y, convert(shortcut, around, x, keras)])


@convert.register
def _dropout(config: AnyDropout, at: Placed, x: Any, keras: Any) -> Any:
    return x


@convert.register
def _flatten(config: Flatten, at: Placed, x: Any, keras: Any) -> Any:
    return keras.layers.Flatten(**CHANNELS_LAST)(x)


@convert.register
def _dense(config: Dense, at: Placed, x: Any, keras: Any) -> Any:
    weights = at.arrays["weights"].T
    y = _apply(keras.layers.Dense(config.units), x, weights, at.arrays["biases"])
    return convert(activation(config.activation), at, y, keras)


def _apply(keras_layer: Any, x: Any, *weights: Array) -> Any:
    """A Keras layer makes its weights when it is first applied."""
    y = keras_layer(x)
    keras_layer.set_weights(weights)
    return y


def _build(model: Model) -> Exported:
    keras = require("keras", "keras")
    images = x = keras.Input(model.card.input_shape, name=INPUT)
    for config, at in each_layer(model.network):
        x = convert(config, at, x, keras)
    file = keras.Model(images, keras.layers.Softmax(name=OUTPUT)(x))

    def answer(images: Array) -> Array:
        probabilities: Array = keras.ops.convert_to_numpy(file(images, training=False))
        return probabilities

    return Exported(_content(file), answer)


def _content(file: Any) -> bytes:
    """Keras writes to a path only."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{FORMAT.suffix}"
        file.save(path)
        return path.read_bytes()


FORMAT = Format("keras", ".keras", _build)
