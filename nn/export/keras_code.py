"""A configuration as Keras code: https://keras.io/api/layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from math import prod, sqrt
from textwrap import indent

from nn.config import RunConfig
from nn.export.keras_parts import HELPERS, MAIN, training_code
from nn.export.python import (
    Code,
    Helpers,
    call,
    constants,
    docstring,
    factor_code,
    left_out,
    no_code,
    pair,
)
from nn.initializers import InitializerName, resolved
from nn.layers import LayerConfig
from nn.layers.activation import (
    ELU,
    GELU,
    ActivationName,
    LeakyReLU,
    NoActivation,
    ReLU,
    Sigmoid,
    SiLU,
    Tanh,
    activation,
)
from nn.layers.chain import links
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.dropout import Dropout, SpatialDropout
from nn.layers.norm import BatchNorm, LayerNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D, Pool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.ops.windows import borders, extent
from nn.optimizers import SGD, AdamW, RMSprop
from nn.schedules import Constant, Plateau
from nn.types import Shape


@dataclass
class Writing:
    """What is known while the code is written: the definitions it needs, how weights decay.

    `decays`: kernels take the decay as a regularizer. `depth` counts the residual blocks around.
    """

    decays: bool
    helpers: Helpers = field(default_factory=lambda: Helpers(HELPERS))
    depth: int = 0


def write(config: RunConfig, input_shape: Shape, classes: int) -> str:
    """A module with the network, its start and its training, for images (H, W, C).

    Raises:
        InputError: if there is a layer that this has no words for.
    """
    optimizer = config.training.optimizer
    decay = getattr(optimizer, "weight_decay", 0.0)
    writing = Writing(decays=decay > 0 and not isinstance(optimizer, AdamW))
    lines = sequence(config.network.layers, input_shape, "x", writing)
    if writing.decays:
        writing.helpers.use("decay")
    factor = factor_code(config.training.schedule)
    helpers = str(writing.helpers).replace("DECAY", repr(decay))
    body = indent("\n".join(lines), "    ")
    return "".join(
        (
            docstring("Keras", input_shape, classes, left_out(config.training), _others(config)),
            "\nfrom math import cos, pi\n" if "cos(" in factor else "",
            "\nimport keras\n",
            "import numpy as np\n",
            "from keras import layers\n",
            '\nkeras.config.set_image_data_format("channels_last")\n',
            f"\n{constants(config)}",
            helpers,
            "\n\ndef make_network():\n",
            '    """The layers, with the shape of what they give where it is another."""\n',
            f"    images = x = keras.Input({input_shape})\n{body}\n",
            "    return keras.Model(images, x)\n",
            factor,
            training_code(config.training, classes),
            MAIN.format(shape=", ".join(map(str, input_shape))),
        )
    )


def _others(config: RunConfig) -> Iterator[str]:
    training, optimizer = config.training, config.training.optimizer
    if training.average is not None:
        yield "the running average of the weights follows no faster in the first steps"
    if isinstance(training.schedule, Plateau):
        yield "the schedule's threshold is a difference, not a share of the loss"
    if isinstance(training.loss.class_weights, tuple):
        yield "a batch's loss is divided by its images, not by what their classes weigh"
    momentum = optimizer.momentum if isinstance(optimizer, SGD | RMSprop) else 0
    if momentum and not isinstance(training.schedule, Constant):
        yield "momentum is of steps, not of gradients, which differ as the rate changes"
    if any(isinstance(layer, BatchNorm) for layer in _all_layers(config.network.layers)):
        yield "batch norms gather the biased variance"


def _all_layers(layers: Sequence[LayerConfig]) -> Iterator[LayerConfig]:
    for layer in layers:
        yield layer
        yield from _all_layers(layer.layers) if isinstance(layer, Residual) else ()


def sequence(layers: Sequence[LayerConfig], shape: Shape, x: str, writing: Writing) -> list[str]:
    """Statements for layers in a row, each of which makes another `x` of the one before."""
    lines = []
    for link in links(layers, shape):
        written = statements(link.config, link.input_shape, x, writing)
        if link.output_shape != link.input_shape:
            written[-1] += f"  # {link.output_shape}"
        lines += written
    return lines


@singledispatch
def statements(config: LayerConfig, shape: Shape, x: str, writing: Writing) -> list[str]:
    """What a layer does with the variable `x`, which holds (N, H, W, C) or (N, features).

    A new layer is a function more, registered below.

    Raises:
        InputError: if there is none for this layer.
    """
    raise no_code(config, "Keras")


def _apply(x: str, name: str, *arguments: object, **named: object) -> str:
    return f"{x} = {call(f'layers.{name}', *arguments, **named)}({x})"


@statements.register
def _conv2d(config: Conv2D, shape: Shape, x: str, writing: Writing) -> list[str]:
    """Keras has no stride over a dilated kernel: there all outputs are taken, and then some."""
    named: dict[str, object] = {}
    lines = []
    apart = config.stride != (1, 1) and config.dilation != (1, 1)
    covered = extent(config.kernel_size, config.dilation)
    around = borders((shape[0], shape[1]), covered, config.stride, config.padding)
    if config.stride != (1, 1) and not apart:
        named["strides"] = pair(config.stride)
    if apart:
        lines.append(_apply(x, "ZeroPadding2D", around))
    elif isinstance(config.padding, str):
        named["padding"] = config.padding
    elif config.padding:
        lines.append(_apply(x, "ZeroPadding2D", config.padding))
    if config.dilation != (1, 1):
        named["dilation_rate"] = pair(config.dilation)
    if config.groups > 1:
        named["groups"] = config.groups
    kernel = prod(config.kernel_size)
    fans = kernel * shape[2] // config.groups, kernel * config.filters // config.groups
    named |= _start(config.initializer, config.activation, fans, config.groups, writing)
    lines.append(_apply(x, "Conv2D", config.filters, pair(config.kernel_size), **named))
    if apart:
        rows, columns = config.stride
        lines.append(f"{x} = {x}[:, ::{rows}, ::{columns}]")
    return [*lines, *_ending(config.activation, x, writing)]


@statements.register
def _dense(config: Dense, shape: Shape, x: str, writing: Writing) -> list[str]:
    fans = shape[0], config.units
    named = _start(config.initializer, config.activation, fans, 1, writing)
    return [
        _apply(x, "Dense", config.units, **named),
        *_ending(config.activation, x, writing),
    ]


def _start(
    how: InitializerName, activation: str, fans: tuple[int, int], groups: int, writing: Writing
) -> dict[str, object]:
    """How weights start and decay. Keras counts the filters of all groups as reached by an input,
    so that there the figure itself is given."""
    name = resolved(how, activation)
    if groups > 1 and name.startswith("glorot"):
        variance = 2 / sum(fans)
        if name.endswith("normal"):
            made = call("keras.initializers.RandomNormal", stddev=sqrt(variance))
        else:
            limit = sqrt(3 * variance)
            made = call("keras.initializers.RandomUniform", -limit, limit)
    elif name == "zeros":
        made = repr("zeros")
    else:
        made = f"{writing.helpers.use(name)}()"
    decay = {"kernel_regularizer": Code("decay()")} if writing.decays else {}
    return {"kernel_initializer": Code(made), **decay}


def _ending(name: ActivationName, x: str, writing: Writing) -> list[str]:
    return statements(activation(name), (), x, writing)


@statements.register
def _no_activation(config: NoActivation, shape: Shape, x: str, writing: Writing) -> list[str]:
    return []


@statements.register
def _relu(config: ReLU, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "ReLU")]


@statements.register(SiLU)
@statements.register(Tanh)
@statements.register(Sigmoid)
def _by_kind(config: LayerConfig, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "Activation", config.kind)]


@statements.register
def _leaky_relu(config: LeakyReLU, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "LeakyReLU", negative_slope=config.negative_slope)]


@statements.register
def _elu(config: ELU, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "ELU", alpha=config.alpha)]


@statements.register
def _gelu(config: GELU, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [f"{x} = keras.ops.gelu({x}, approximate=True)"]


@statements.register
def _max_pool2d(config: MaxPool2D, shape: Shape, x: str, writing: Writing) -> list[str]:
    if isinstance(config.padding, int) and config.padding:
        p = config.padding
        sides = f"[(0, 0), ({p}, {p}), ({p}, {p}), (0, 0)]"
        padded = f'{x} = keras.ops.pad({x}, {sides}, constant_values=float("-inf"))'
        return [padded, _apply(x, "MaxPooling2D", *_window(config))]
    return [_apply(x, "MaxPooling2D", *_window(config), **_named(config))]


@statements.register
def _avg_pool2d(config: AvgPool2D, shape: Shape, x: str, writing: Writing) -> list[str]:
    if isinstance(config.padding, int) and config.padding:
        name = writing.helpers.use("mean_of_what_is_there")
        arguments = Code(x), pair(config.pool_size), pair(config.stride), config.padding
        return [f"{x} = {call(name, *arguments)}"]
    return [_apply(x, "AveragePooling2D", *_window(config), **_named(config))]


def _window(config: Pool2D) -> tuple[object, ...]:
    """Its size, and its stride where that is another."""
    size, stride = config.pool_size, config.stride
    return (pair(size),) if size == stride else (pair(size), pair(stride))


def _named(config: Pool2D) -> dict[str, object]:
    return {"padding": "same"} if config.padding == "same" else {}


@statements.register
def _global_avg_pool2d(
    config: GlobalAvgPool2D, shape: Shape, x: str, writing: Writing
) -> list[str]:
    return [_apply(x, "GlobalAveragePooling2D")]


@statements.register
def _batch_norm(config: BatchNorm, shape: Shape, x: str, writing: Writing) -> list[str]:
    named = {"momentum": config.momentum, "epsilon": config.epsilon}
    return [_apply(x, "BatchNormalization", **named)]


@statements.register
def _layer_norm(config: LayerNorm, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "LayerNormalization", epsilon=config.epsilon)]


@statements.register
def _dropout(config: Dropout, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "Dropout", config.rate)]


@statements.register
def _spatial_dropout(config: SpatialDropout, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "SpatialDropout2D", config.rate)]


@statements.register
def _flatten(config: Flatten, shape: Shape, x: str, writing: Writing) -> list[str]:
    return [_apply(x, "Flatten")]


@statements.register
def _residual(config: Residual, shape: Shape, x: str, writing: Writing) -> list[str]:
    writing.depth += 1
    around = "around" if writing.depth == 1 else f"around_{writing.depth}"
    inside = sequence(config.layers, shape, x, writing)
    shortcut = statements(config.shortcut(shape), shape, around, writing)
    writing.depth -= 1
    return [f"{around} = {x}", *inside, *shortcut, f"{x} = layers.Add()([{x}, {around}])"]
