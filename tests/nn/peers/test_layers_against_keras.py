"""Every layer beside Keras's: outputs and gradients agree."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from peer_cases import (
    BATCH,
    CASES,
    TOLERANCE,
    Answer,
    Case,
    assert_close,
    assert_same_answer,
    batch_first,
    batch_last,
    our_answer,
    values_for,
)

from nn.layers import LayerConfig
from nn.layers.activation import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.norm import BatchNorm, LayerNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D, Pool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.types import Array, Shape

tensorflow: Any = pytest.importorskip("tensorflow")
keras: Any = pytest.importorskip("keras")

# Keras's own conversion of its variables is not up to NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class Theirs:
    """Layers of Keras with our arrays, and where each array went: its variable and its axes."""

    def __init__(self, arrays: dict[str, Array], dtype: str) -> None:
        self.arrays = arrays
        self.dtype = dtype
        self.places: dict[str, tuple[Any, tuple[int, ...]]] = {}

    def apply(self, config: LayerConfig, x: Any, training: bool, under: str = "") -> Any:
        """What Keras makes of x, batch first and channels last."""
        keras_layers = keras.layers
        typed = {"dtype": self.dtype}
        match config:
            case Conv2D():
                return self._conv(config, x, under)
            case Dense():
                activation = function(config.activation)
                layer = keras_layers.Dense(config.units, activation=activation, **typed)
                return self._with(layer, x, under, weights=(1, 0), biases=(0,))
            case MaxPool2D():
                family = keras_layers.MaxPooling2D
                return family(config.pool_size, config.stride, config.padding, **typed)(x)
            case AvgPool2D():
                family = keras_layers.AveragePooling2D
                return family(config.pool_size, config.stride, config.padding, **typed)(x)
            case GlobalAvgPool2D():
                return keras_layers.GlobalAveragePooling2D(**typed)(x)
            case Flatten():
                return keras_layers.Flatten(**typed)(x)
            case BatchNorm():
                layer = keras_layers.BatchNormalization(
                    momentum=config.momentum, epsilon=config.epsilon, **typed
                )
                names = ("scale", "shift", "running_mean", "running_variance")
                axes = dict.fromkeys(names, (0,))
                return self._with(layer, x, under, training=training, **axes)
            case LayerNorm():
                layer = keras_layers.LayerNormalization(epsilon=config.epsilon, **typed)
                return self._with(layer, x, under, scale=(0,), shift=(0,))
            case Residual():
                return self._residual(config, x, training, under)
            case LeakyReLU():
                return keras.ops.leaky_relu(x, config.negative_slope)
            case ELU():
                return keras.ops.elu(x, config.alpha)
            case ReLU() | GELU() | SiLU() | Tanh() | Sigmoid():
                return function(config.kind)(x)
            case _:
                raise AssertionError(f"{config.kind} has no counterpart here")

    def _conv(self, config: Conv2D, x: Any, under: str) -> Any:
        padding = config.padding
        if isinstance(padding, int):
            x = keras.layers.ZeroPadding2D(padding, dtype=self.dtype)(x)
            padding = "valid"
        if config.groups > 1:
            return self._grouped(config, x, padding, under)
        layer = keras.layers.Conv2D(
            config.filters,
            config.kernel_size,
            config.stride,
            padding,
            dilation_rate=config.dilation,
            activation=function(config.activation),
            dtype=self.dtype,
        )
        return self._with(layer, x, under, weights=(1, 2, 3, 0), biases=(0,))

    def _grouped(self, config: Conv2D, x: Any, padding: str, under: str) -> Any:
        """TensorFlow has no gradients of groups on processors: a convolution for each, by hand."""
        weights, biases = self.arrays[f"{under}weights"], self.arrays[f"{under}biases"]
        kernel = keras.Variable(weights.transpose(1, 2, 3, 0), dtype=self.dtype)
        bias = keras.Variable(biases, dtype=self.dtype)
        self.places[f"{under}weights"] = kernel, (1, 2, 3, 0)
        self.places[f"{under}biases"] = bias, (0,)
        parts = zip(
            keras.ops.split(x, config.groups, axis=-1),
            keras.ops.split(kernel, config.groups, axis=-1),
            strict=True,
        )
        options = {"dilation_rate": config.dilation, "data_format": "channels_last"}
        ys = [keras.ops.conv(*each, config.stride, padding, **options) for each in parts]
        return function(config.activation)(keras.ops.concatenate(ys, axis=-1) + bias)

    def _residual(self, config: Residual, x: Any, training: bool, under: str) -> Any:
        y = x
        for number, layer in enumerate(config.layers, 1):
            y = self.apply(layer, y, training, f"{under}{number}.{layer.kind}.")
        around = f"{under}shortcut."
        if f"{around}weights" not in self.arrays:
            return x + y
        if len(x.shape) == 2:
            projection = keras.layers.Dense(y.shape[-1], dtype=self.dtype)
            return self._with(projection, x, around, weights=(1, 0), biases=(0,)) + y
        strides = [ceil(x.shape[axis] / y.shape[axis]) for axis in (1, 2)]
        projection = keras.layers.Conv2D(y.shape[-1], 1, strides, dtype=self.dtype)
        return self._with(projection, x, around, weights=(1, 2, 3, 0), biases=(0,)) + y

    def _with(
        self,
        layer: Any,
        x: Any,
        under: str,
        training: bool | None = None,
        **axes: tuple[int, ...],
    ) -> Any:
        """The layer applied with our arrays of these names, whose axes it has in another order."""
        layer.build(x.shape)
        layer.set_weights([self.arrays[under + k].transpose(order) for k, order in axes.items()])
        for variable, (name, order) in zip(layer.weights, axes.items(), strict=True):
            self.places[under + name] = variable, order
        return layer(x) if training is None else layer(x, training=training)

    def gradients(self, tape: Any, y: Any, dy: Any) -> dict[str, Array]:
        """By our names and in our order of axes."""
        learned = {k: v for k, v in self.places.items() if v[0].trainable}
        found = tape.gradient(y, [variable.value for variable, _ in learned.values()], dy)
        return {
            name: gradient.numpy().transpose(np.argsort(order))
            for (name, (_, order)), gradient in zip(learned.items(), found, strict=True)
        }


def function(name: str) -> Any:
    """The activation of that name; Keras's own GELU is the exact one unless told."""
    if name == "gelu":
        return lambda x: keras.ops.gelu(x, approximate=True)
    # What the engine calls leaky_relu has PyTorch's default slope.
    if name == "leaky_relu":
        return lambda x: keras.ops.leaky_relu(x, 0.01)
    return keras.activations.get("linear" if name == "none" else name)


def is_known(case: Case, dtype: str) -> bool:
    """Whether Keras can: it neither strides over a dilated kernel nor pads a pool by a number, and
    TensorFlow has the gradient of a largest value in float32 only. PyTorch alone is asked there."""
    config = case.config
    if isinstance(config, Conv2D):
        return config.stride == (1, 1) or config.dilation == (1, 1)
    if isinstance(config, MaxPool2D) and dtype == "float64":
        return False
    return not isinstance(config, Pool2D) or not isinstance(config.padding, int)


def tolerance(case: Case, dtype: str) -> float:
    """TensorFlow has the constants of two activations in float32, whatever they are applied to."""
    written = case.config.model_dump_json()
    constants = 1e-7 if "gelu" in written or "leaky_relu" in written else 0.0
    return max(constants, TOLERANCE[dtype])


ASKED = [(name, dtype) for name in CASES for dtype in TOLERANCE if is_known(CASES[name], dtype)]


@pytest.mark.parametrize(("name", "dtype"), ASKED)
def test_outputs_and_gradients_agree(name: str, dtype: str) -> None:
    case = CASES[name]
    layer, x, dy = values_for(case, dtype)
    their_x = tensorflow.Variable(x)
    theirs = Theirs({k: v.copy() for k, v in (layer.parameters | layer.state).items()}, dtype)
    with tensorflow.GradientTape(persistent=True) as tape:
        y = theirs.apply(case.config, their_x, training=True)
    dx = tape.gradient(y, their_x, dy)
    found = our_answer(layer, x, dy)
    inferring = Theirs(layer.parameters | layer.state, dtype)
    expected = Answer(
        y.numpy(),
        dx.numpy(),
        theirs.gradients(tape, y, dy),
        inferring.apply(case.config, their_x, training=False).numpy(),
    )
    assert_same_answer(found, expected, tolerance(case, dtype))


def test_ties_of_a_pool_send_the_gradient_to_the_same_position() -> None:
    x = np.random.default_rng(0).integers(0, 2, (3, 6, 7, 2)).astype(np.float32)
    layer = MaxPool2D(pool_size=(3, 2), stride=(1, 2)).build((6, 7, 2), np.float32)
    y = batch_first(layer.forward(batch_last(x), training=True))
    dy = np.random.default_rng(1).standard_normal(y.shape).astype(np.float32)
    their_x = tensorflow.Variable(x)
    with tensorflow.GradientTape() as tape:
        pooled = keras.layers.MaxPooling2D((3, 2), (1, 2))(their_x)
    assert_allclose(y, pooled.numpy())
    dx = batch_first(layer.backward(batch_last(dy)))
    assert_allclose(dx, tape.gradient(pooled, their_x, dy).numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 4, 6), (6,)], ids=["maps", "vectors"])
def test_running_statistics_of_a_batch_norm_agree(shape: Shape) -> None:
    """Keras keeps the biased variance, we (as PyTorch) the unbiased one: n / (n - 1) apart, in all
    but what is left of the 1 that both begin with."""
    steps, momentum = 20, 0.8
    layer = BatchNorm(momentum=momentum).build(shape, np.float64)
    peer = keras.layers.BatchNormalization(momentum=momentum, dtype="float64")
    rng = np.random.default_rng(2)
    for _ in range(steps):
        x = rng.normal(2, 3, (BATCH, *shape))
        layer.forward(batch_last(x), training=True)
        peer(x, training=True)
    n, left = x.size / 6, momentum**steps
    assert_close(layer.state["running_mean"], peer.moving_mean.numpy(), 1e-10)
    expected = left + (peer.moving_variance.numpy() - left) * n / (n - 1)
    assert_close(layer.state["running_variance"], expected, 1e-10)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_a_depthwise_convolution_is_their_layer_of_that_name(dtype: str) -> None:
    """Two filters a channel, side by side."""
    case = Case(Conv2D(filters=8, kernel_size=(3, 3), groups=4, stride=(2, 2)), (8, 9, 4))
    layer, x, dy = values_for(case, dtype)
    peer = keras.layers.DepthwiseConv2D(3, 2, "same", depth_multiplier=2, dtype=dtype)
    their_x = tensorflow.Variable(x)
    peer.build(x.shape)
    weights = layer.parameters["weights"].reshape(4, 2, 3, 3).transpose(2, 3, 0, 1)
    peer.set_weights([weights, layer.parameters["biases"]])
    with tensorflow.GradientTape(persistent=True) as tape:
        y = peer(their_x)
    kernel, biases = (variable.value for variable in peer.weights)
    dw, db = tape.gradient(y, [kernel, biases], dy)
    gradients = {
        "weights": dw.numpy().transpose(2, 3, 0, 1).reshape(8, 3, 3, 1),
        "biases": db.numpy(),
    }
    expected = Answer(y.numpy(), tape.gradient(y, their_x, dy).numpy(), gradients, y.numpy())
    assert_same_answer(our_answer(layer, x, dy), expected, TOLERANCE[dtype])
