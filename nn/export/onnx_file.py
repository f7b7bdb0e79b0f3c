"""Models as ONNX files: https://onnx.ai/onnx/operators.

Maps are (N, C, H, W) there, so that is how they pass through the file's convolutions and poolings.
Vectors have our order: maps are turned back before they are flattened.
"""

from __future__ import annotations

import json
from functools import singledispatch
from typing import Any

import numpy as np
import numpy.typing as npt

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
    GELU_CUBE,
    GELU_SCALE,
    LeakyReLU,
    NoActivation,
    ReLU,
    Sigmoid,
    SiLU,
    Tanh,
    activation,
)
from nn.layers.base import require_map
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.dropout import AnyDropout
from nn.layers.norm import BatchNorm, LayerNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D, Pool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.ops.windows import borders, extent
from nn.schema import InputError
from nn.types import Array

OPERATORS, FILE_VERSION = 17, 8
"""ONNX 1.12 of 2022: old enough for every runtime that is about."""

LARGEST = 2_000_000_000
"""So many bytes of weights fit into a file: protobuf ends at 2 GiB."""


class Graph:
    """The file's operations, in the order in which they are computed."""

    def __init__(self) -> None:
        self._onnx = require("onnx", "onnx")
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """An operation on named values; its result's name."""
        name = output or f"{len(self.nodes) + 1}.{operator}"
        self.nodes.append(self._onnx.helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, values: npt.NDArray[Any]) -> str:
        """An array that the file holds; its name."""
        name = f"constant.{len(self.constants) + 1}"
        whole = np.ascontiguousarray(values)
        self.constants.append(self._onnx.numpy_helper.from_array(whole, name))
        return name


@singledispatch
def convert(config: LayerConfig, at: Placed, x: str, graph: Graph) -> str:
    """Add a layer's operations on the value `x`; their result's name.

    A new layer is a function more, registered below.

    Raises:
        InputError: if there is none for this layer.
    """
    raise no_conversion(config, "onnx")


@convert.register
def _conv2d(config: Conv2D, at: Placed, x: str, graph: Graph) -> str:
    height, width, _ = require_map(at.input_shape)
    covered = extent(config.kernel_size, config.dilation)
    (top, bottom), (left, right) = borders((height, width), covered, config.stride, config.padding)
    weights = graph.constant(at.arrays["weights"].transpose(0, 3, 1, 2))
    biases = graph.constant(at.arrays["biases"])
    y = graph.add(
        "Conv",
        x,
        weights,
        biases,
        strides=config.stride,
        pads=(top, left, bottom, right),
        dilations=config.dilation,
        group=config.groups,
    )
    return convert(activation(config.activation), at, y, graph)


@convert.register
def _no_activation(config: NoActivation, at: Placed, x: str, graph: Graph) -> str:
    return x


@convert.register
def _relu(config: ReLU, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("Relu", x)


@convert.register
def _leaky_relu(config: LeakyReLU, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("LeakyRelu", x, alpha=config.negative_slope)


@convert.register
def _elu(config: ELU, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("Elu", x, alpha=config.alpha)


@convert.register
def _batch_norm(config: BatchNorm, at: Placed, x: str, graph: Graph) -> str:
    names = ("scale", "shift", "running_mean", "running_variance")
    arrays = (graph.constant(at.arrays[name]) for name in names)
    return graph.add("BatchNormalization", x, *arrays, epsilon=config.epsilon)


@convert.register
def _layer_norm(config: LayerNorm, at: Placed, x: str, graph: Graph) -> str:
    scale, shift = graph.constant(at.arrays["scale"]), graph.constant(at.arrays["shift"])
    is_map = len(at.input_shape) == 3
    if is_map:
        x = graph.add("Transpose", x, perm=(0, 2, 3, 1))
    y = graph.add("LayerNormalization", x, scale, shift, axis=-1, epsilon=config.epsilon)
    return graph.add("Transpose", y, perm=(0, 3, 1, 2)) if is_map else y


@convert.register
def _gelu(config: GELU, at: Placed, x: str, graph: Graph) -> str:
    """By its formula: the operator came with a later version."""

    def number(value: float) -> str:
        return graph.constant(np.array(value, np.float32))

    cube = graph.add("Mul", graph.add("Mul", graph.add("Mul", x, x), x), number(GELU_CUBE))
    inner = graph.add("Mul", graph.add("Add", x, cube), number(GELU_SCALE))
    share = graph.add("Add", graph.add("Tanh", inner), number(1))
    return graph.add("Mul", graph.add("Mul", x, number(0.5)), share)


@convert.register
def _silu(config: SiLU, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("Mul", x, graph.add("Sigmoid", x))


@convert.register
def _tanh(config: Tanh, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("Tanh", x)


@convert.register
def _sigmoid(config: Sigmoid, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("Sigmoid", x)


@convert.register
def _max_pool2d(config: MaxPool2D, at: Placed, x: str, graph: Graph) -> str:
    return _pool("MaxPool", config, at, x, graph)


def _pool(operator: str, config: Pool2D, at: Placed, x: str, graph: Graph) -> str:
    height, width, _ = require_map(at.input_shape)
    (top, bottom), (left, right) = borders(
        (height, width), config.pool_size, config.stride, config.padding
    )
    return graph.add(
        operator,
        x,
        kernel_shape=config.pool_size,
        strides=config.stride,
        pads=(top, left, bottom, right),
    )


@convert.register
def _avg_pool2d(config: AvgPool2D, at: Placed, x: str, graph: Graph) -> str:
    return _pool("AveragePool", config, at, x, graph)


@convert.register
def _global_avg_pool2d(config: GlobalAvgPool2D, at: Placed, x: str, graph: Graph) -> str:
    return graph.add("Flatten", graph.add("GlobalAveragePool", x), axis=1)


@convert.register
def _residual(config: Residual, at: Placed, x: str, graph: Graph) -> str:
    *inside, (shortcut, around) = each_part(config, at)
    y = x
    for layer, placed in inside:
        y = convert(layer, placed, y, graph)
    return graph.add("Add", y, convert(shortcut, around, x, graph))


@convert.register
def _dropout(config: AnyDropout, at: Placed, x: str, graph: Graph) -> str:
    return x


@convert.register
def _flatten(config: Flatten, at: Placed, x: str, graph: Graph) -> str:
    if len(at.input_shape) == 3:
        x = graph.add("Transpose", x, perm=(0, 2, 3, 1))
    return graph.add("Flatten", x, axis=1)


@convert.register
def _dense(config: Dense, at: Placed, x: str, graph: Graph) -> str:
    weights = graph.constant(at.arrays["weights"])
    biases = graph.constant(at.arrays["biases"])
    y = graph.add("Gemm", x, weights, biases, transB=1)
    return convert(activation(config.activation), at, y, graph)


def _build(model: Model) -> Exported:
    onnx = require("onnx", "onnx")
    size = sum(value.nbytes for value in model.network.stored.values())
    if size > LARGEST:
        raise InputError(
            f"format: onnx files hold {LARGEST:,} bytes of weights, but this network has {size:,}; "
            "choose keras"
        )
    graph = Graph()
    x = graph.add("Transpose", INPUT, perm=(0, 3, 1, 2))
    for config, at in each_layer(model.network):
        x = convert(config, at, x, graph)
    graph.add("Softmax", x, output=OUTPUT, axis=1)

    def value(name: str, *shape: str | int) -> Any:
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    card = model.card
    file = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            model.path.stem,
            [value(INPUT, "N", *card.input_shape)],
            [value(OUTPUT, "N", len(card.class_names))],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPERATORS)],
        ir_version=FILE_VERSION,
        producer_name="cnn-tui",
    )
    onnx.helper.set_model_props(file, _properties(model))
    return Exported(_content(file), lambda images: _answer(file, images))


def _content(file: Any) -> bytes:
    """The file's bytes; what protobuf says where there is no memory for them is no MemoryError."""
    try:
        content: bytes = file.SerializeToString()
    except require("google.protobuf.message", "onnx").EncodeError as error:
        raise MemoryError(str(error)) from None
    return content


def _properties(model: Model) -> dict[str, str]:
    """What a reader of the file needs besides the operations."""
    return {
        "class_names": json.dumps(model.card.class_names),
        "preprocessing": "float32 images (N, H, W, C), 0 to 255 divided by 255",
    }


def _answer(file: Any, images: Array) -> Array:
    evaluator = require("onnx.reference", "onnx").ReferenceEvaluator(file)
    probabilities: Array = evaluator.run(None, {INPUT: images})[0]
    return probabilities


FORMAT = Format("onnx", ".onnx", _build)
