"""A configuration as PyTorch code: https://docs.pytorch.org/docs/stable/nn.html."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from textwrap import indent

from nn.config import RunConfig
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
from nn.export.torch_parts import HELPERS, MAIN, training_code
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
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.ops.windows import Pair, borders, extent
from nn.types import Shape


def write(config: RunConfig, input_shape: Shape, classes: int) -> str:
    """A module with the network, its start and its training, for images (H, W, C).

    Raises:
        InputError: if there is a layer that this has no words for.
    """
    helpers = Helpers(HELPERS)
    network = sequence(config.network.layers, input_shape, helpers)
    shape = channels_first(input_shape)
    training = training_code(config.training)
    factor = factor_code(config.training.schedule)
    return "".join(
        (
            docstring("PyTorch", shape, classes, left_out(config.training), iter(())),
            "\nfrom math import cos, pi\n" if "cos(" in factor else "",
            "\nimport torch\nfrom torch import nn\n",
            "from torch.nn import functional\n" if "functional." in str(helpers) else "",
            f"\n{constants(config)}",
            str(helpers),
            "\n\ndef make_network():\n",
            '    """The layers, with the shape of what they give where it is another."""\n',
            f"    return {indent(network, '    ').strip()}\n",
            factor,
            training,
            MAIN.format(shape=", ".join(map(str, shape))),
        )
    )


def channels_first(shape: Shape) -> Shape:
    """A shape as PyTorch has it."""
    return (shape[-1], *shape[:-1])


def sequence(layers: Sequence[LayerConfig], input_shape: Shape, helpers: Helpers) -> str:
    """Layers in a row, a line each, with the shape that they give where it is another."""
    lines = []
    for link in links(layers, input_shape):
        *before, last = modules(link.config, link.input_shape, helpers)
        lines += [f"{each}," for each in before]
        changed = link.output_shape != link.input_shape
        lines.append(f"{last}," + (f"  # {channels_first(link.output_shape)}" if changed else ""))
    body = indent("\n".join(lines), "    ")
    return f"nn.Sequential(\n{body}\n)"


@singledispatch
def modules(config: LayerConfig, shape: Shape, helpers: Helpers) -> list[str]:
    """The modules that do what a layer does with an input (H, W, C) or (features,).

    A new layer is a function more, registered below.

    Raises:
        InputError: if there is none for this layer.
    """
    raise no_code(config, "PyTorch")


@modules.register
def _conv2d(config: Conv2D, shape: Shape, helpers: Helpers) -> list[str]:
    size = shape[0], shape[1]
    covered = extent(config.kernel_size, config.dilation)
    around = borders(size, covered, config.stride, config.padding)
    named: dict[str, object] = {}
    if config.stride != (1, 1):
        named["stride"] = pair(config.stride)
    before = []
    if _is_even(around):
        named |= _padding(around)
    else:
        before.append(call("nn.ZeroPad2d", _sides(around)))
    if config.dilation != (1, 1):
        named["dilation"] = pair(config.dilation)
    if config.groups > 1:
        named["groups"] = config.groups
    module = call("nn.Conv2d", shape[2], config.filters, pair(config.kernel_size), **named)
    started = _started(module, config.initializer, config.activation, helpers)
    return [*before, started, *_ending(config.activation, helpers)]


@modules.register
def _dense(config: Dense, shape: Shape, helpers: Helpers) -> list[str]:
    module = call("nn.Linear", shape[0], config.units)
    started = _started(module, config.initializer, config.activation, helpers)
    return [started, *_ending(config.activation, helpers)]


def _started(module: str, how: InitializerName, activation: str, helpers: Helpers) -> str:
    """A module whose weights start as ours do."""
    return f"{helpers.use(resolved(how, activation))}({module})"


def _ending(name: ActivationName, helpers: Helpers) -> list[str]:
    return modules(activation(name), (), helpers)


@modules.register
def _no_activation(config: NoActivation, shape: Shape, helpers: Helpers) -> list[str]:
    return []


@modules.register(ReLU)
@modules.register(SiLU)
@modules.register(Tanh)
@modules.register(Sigmoid)
def _by_name(config: LayerConfig, shape: Shape, helpers: Helpers) -> list[str]:
    return [call(f"nn.{type(config).__name__}")]


@modules.register
def _leaky_relu(config: LeakyReLU, shape: Shape, helpers: Helpers) -> list[str]:
    return [call("nn.LeakyReLU", config.negative_slope)]


@modules.register
def _elu(config: ELU, shape: Shape, helpers: Helpers) -> list[str]:
    return [call("nn.ELU", config.alpha)]


@modules.register
def _gelu(config: GELU, shape: Shape, helpers: Helpers) -> list[str]:
    return [call("nn.GELU", approximate="tanh")]


@modules.register
def _max_pool2d(config: MaxPool2D, shape: Shape, helpers: Helpers) -> list[str]:
    around = borders((shape[0], shape[1]), config.pool_size, config.stride, config.padding)
    window = _window(config)
    if _is_even(around) and _fits(around, config.pool_size):
        return [call("nn.MaxPool2d", *window, **_padding(around))]
    nothing = Code("-torch.inf")
    padded = call("nn.ConstantPad2d", _sides(around), nothing)
    return [padded, call("nn.MaxPool2d", *window)]


@modules.register
def _avg_pool2d(config: AvgPool2D, shape: Shape, helpers: Helpers) -> list[str]:
    around = borders((shape[0], shape[1]), config.pool_size, config.stride, config.padding)
    window = _window(config)
    if not any(map(any, around)):
        return [call("nn.AvgPool2d", *window)]
    if _is_even(around) and _fits(around, config.pool_size):
        return [call("nn.AvgPool2d", *window, **_padding(around), count_include_pad=False)]
    name = helpers.use("MeanOfWhatIsThere")
    return [call(name, pair(config.pool_size), pair(config.stride), _sides(around))]


def _window(config: MaxPool2D | AvgPool2D) -> tuple[object, ...]:
    """Its size, and its stride where that is another."""
    size, stride = config.pool_size, config.stride
    return (pair(size),) if size == stride else (pair(size), pair(stride))


@modules.register
def _global_avg_pool2d(config: GlobalAvgPool2D, shape: Shape, helpers: Helpers) -> list[str]:
    return ["nn.AdaptiveAvgPool2d(1)", "nn.Flatten()"]


@modules.register
def _batch_norm(config: BatchNorm, shape: Shape, helpers: Helpers) -> list[str]:
    name = "nn.BatchNorm2d" if len(shape) == 3 else "nn.BatchNorm1d"
    momentum = round(1 - config.momentum, 12)
    return [call(name, shape[-1], eps=config.epsilon, momentum=momentum)]


@modules.register
def _layer_norm(config: LayerNorm, shape: Shape, helpers: Helpers) -> list[str]:
    name = "nn.LayerNorm" if len(shape) == 1 else helpers.use("ChannelNorm")
    return [call(name, shape[-1], eps=config.epsilon)]


@modules.register
def _dropout(config: Dropout, shape: Shape, helpers: Helpers) -> list[str]:
    return [call("nn.Dropout", config.rate)]


@modules.register
def _spatial_dropout(config: SpatialDropout, shape: Shape, helpers: Helpers) -> list[str]:
    return [call("nn.Dropout2d", config.rate)]


@modules.register
def _flatten(config: Flatten, shape: Shape, helpers: Helpers) -> list[str]:
    """Where there are several channels and positions, the order of both matters."""
    same_order = len(shape) == 1 or shape[2] == 1 or shape[:2] == (1, 1)
    return ["nn.Flatten()" if same_order else f"{helpers.use('FlattenChannelsLast')}()"]


@modules.register
def _residual(config: Residual, shape: Shape, helpers: Helpers) -> list[str]:
    inside = sequence(config.layers, shape, helpers)
    shortcut = modules(config.shortcut(shape), shape, helpers)
    parts = [inside, *(f"shortcut={module}" for module in shortcut)]
    lines = ",\n".join(indent(part, "    ") for part in parts)
    return [f"{helpers.use('Residual')}(\n{lines},\n)"]


Around = tuple[Pair, Pair]


def _is_even(around: Around) -> bool:
    return all(before == after for before, after in around)


def _fits(around: Around, window: Pair) -> bool:
    """PyTorch pads a pool by half a window at most."""
    return all(before <= size // 2 for (before, _), size in zip(around, window, strict=True))


def _padding(around: Around) -> dict[str, object]:
    rows, columns = around[0][0], around[1][0]
    return {"padding": pair((rows, columns))} if rows or columns else {}


def _sides(around: Around) -> tuple[int, ...]:
    """Left, right, above and below, as PyTorch counts them."""
    return (*around[1], *around[0])
