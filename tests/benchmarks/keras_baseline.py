"""The same network in Keras on TensorFlow; only to be imported where that is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow

from nn.export.base import Placed, each_part
from nn.export.keras_file import CHANNELS_LAST, convert
from nn.layers import LayerConfig
from nn.layers.chain import links
from nn.layers.conv import Conv2D
from nn.layers.residual import Residual
from nn.network import batches
from nn.types import Array, Bytes, Integers, Shape


class KerasNetwork:
    """A network with Adam, from this project's layers and arrays (by name, as it has them).

    A step is a graph, as in `train_on_batch`, and not compiled by XLA, which makes it slower.
    """

    def __init__(
        self,
        layers: Sequence[LayerConfig],
        input_shape: Shape,
        arrays: Mapping[str, Array],
        threads: int,
    ) -> None:
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
        images = x = keras.Input(input_shape)
        for config, at in _placed(layers, input_shape, arrays):
            x = _apply(config, at, x)
        self.model = keras.Model(images, x)
        # Their ε is added to what is not yet corrected: so the first step is as everybody's.
        self.optimizer = keras.optimizers.Adam(epsilon=1e-8 * (1 - 0.999) ** 0.5)
        self.optimizer.build(self.model.trainable_variables)
        # Batches of any size, so that a short one is not compiled for itself.
        bytes_ = tensorflow.TensorSpec((None, *input_shape), tensorflow.uint8)
        labels = tensorflow.TensorSpec((None,), tensorflow.int64)
        self._learn = tensorflow.function(self._step, [bytes_, labels], jit_compile=False)
        self._answer = tensorflow.function(self._probabilities, [bytes_], jit_compile=False)

    def step(self, images: Bytes, labels: Integers, rate: float) -> float:
        """Learn a batch of bytes (N, H, W, C); its mean cross-entropy before that."""
        self.optimizer.learning_rate.assign(rate)
        return float(self._learn(tensorflow.constant(images), tensorflow.constant(labels)))

    def predict(self, images: Bytes, batch_size: int) -> Array:
        """Probabilities (N, classes) of bytes (N, H, W, C)."""
        parts = batches(len(images), batch_size)
        return np.concatenate([self._answer(tensorflow.constant(images[p])) for p in parts])

    def _step(self, images: Any, labels: Any) -> Any:
        with tensorflow.GradientTape() as tape:
            logits = self.model(_enter(images), training=True)
            losses = tensorflow.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tensorflow.reduce_mean(losses)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    def _probabilities(self, images: Any) -> Any:
        return tensorflow.nn.softmax(self.model(_enter(images), training=False))


def _enter(images: Any) -> Any:
    return tensorflow.cast(images, tensorflow.float32) / 255.0


def _placed(
    layers: Sequence[LayerConfig], input_shape: Shape, arrays: Mapping[str, Array]
) -> Iterator[tuple[LayerConfig, Placed]]:
    for link in links(layers, input_shape):
        start = f"{link.name}."
        own = {k.removeprefix(start): a for k, a in arrays.items() if k.startswith(start)}
        yield link.config, Placed(link.input_shape, own)


def _apply(config: LayerConfig, at: Placed, x: Any) -> Any:
    """As files are written, but for what TensorFlow cannot learn on processors as it stands there.

    It has no gradients of groups but those of depthwise convolutions; and where oneDNN computes,
    version 2.21 dies in the gradient of a 1×1 convolution with a stride.
    """
    match config:
        case Residual():
            *inside, (shortcut, around) = each_part(config, at)
            y = x
            for layer, placed in inside:
                y = _apply(layer, placed, y)
            return keras.layers.Add()([y, _apply(shortcut, around, x)])
        case Conv2D(groups=groups) if groups > 1:
            return _depthwise(config, at, x)
        case Conv2D(kernel_size=(1, 1), padding="valid", stride=(rows, columns)):
            dense = config.model_copy(update={"stride": (1, 1)})
            return convert(dense, at, x[:, ::rows, ::columns], keras)
    return convert(config, at, x, keras)


def _depthwise(config: Conv2D, at: Placed, x: Any) -> Any:
    channels = at.input_shape[-1]
    if not config.groups == config.filters == channels or config.activation != "none":
        raise ValueError(f"the comparison has no such layer: {config.describe()}")
    padding = config.padding
    if isinstance(padding, int):
        x = keras.layers.ZeroPadding2D(padding, **CHANNELS_LAST)(x)
        padding = "valid"
    layer = keras.layers.DepthwiseConv2D(
        config.kernel_size, config.stride, padding, **CHANNELS_LAST
    )
    y = layer(x)
    layer.set_weights([at.arrays["weights"].transpose(1, 2, 0, 3), at.arrays["biases"]])
    return y
