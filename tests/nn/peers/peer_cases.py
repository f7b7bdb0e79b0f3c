"""Layers with varied fields and what the engine makes of them, for PyTorch and Keras to do again.

Values that leave this file are batch first: maps (N, H, W, C), vectors (N, features). Dropout is no
case: each library draws lots of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.testing import assert_allclose
from pydantic import TypeAdapter

from nn.layers import AnyLayer, Layer, LayerConfig
from nn.types import Array, Shape

TOLERANCE = {"float64": 1e-10, "float32": 1e-5}
"""How far two libraries may be apart, as a share of the largest value of an array."""

BATCH = 5


@dataclass(frozen=True)
class Case:
    """A layer and the shape of one example of its input."""

    config: LayerConfig
    shape: Shape


@dataclass(frozen=True)
class Answer:
    """What a layer makes of a batch in training, all its gradients, and what it infers after."""

    y: Array
    dx: Array
    gradients: dict[str, Array]
    inferred: Array


def conv(**fields: Any) -> dict[str, Any]:
    return {"kind": "conv2d", "filters": 6, "kernel_size": 3} | fields


def residual(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "residual", "layers": layers}


BATCH_NORM = {"kind": "batch_norm"}
MAPS: Shape = (8, 9, 4)
VECTORS: Shape = (7,)

ON_MAPS: tuple[dict[str, Any], ...] = (
    *({"kind": "conv2d", "filters": 3, "padding": p} for p in ("same", "valid", 0, 3)),
    *(conv(stride=s, padding=p) for s in (2, "3x2") for p in ("same", "valid", 1)),
    *(conv(dilation=d, padding=p) for d in (2, "2x3") for p in ("same", "valid", 2)),
    *(conv(kernel_size=k) for k in (1, "2x4", "1x5")),
    conv(kernel_size=4, stride=2),
    conv(kernel_size=1, stride=3),
    conv(dilation=2, stride="1x2", padding=2),
    conv(dilation=2, stride=2),
    conv(groups=2),
    conv(groups=2, stride=2, padding="valid"),
    conv(groups=2, dilation=2, padding=1),
    conv(filters=4, groups=4),
    conv(filters=8, groups=4, stride=2),
    conv(filters=4, groups=4, kernel_size=5, padding=1),
    *(conv(algorithm=a, kernel_size="3x2", padding=1) for a in ("gemm", "einsum", "fft")),
    *(conv(algorithm="fft", kernel_size="2x5", padding=p) for p in ("same", "valid", 4)),
    *(conv(algorithm=a, groups=2, stride=2) for a in ("gemm", "einsum")),
    *(
        {"kind": kind, "pool_size": size, "stride": stride, "padding": padding}
        for kind in ("max_pool2d", "avg_pool2d")
        for size, stride, padding in (
            (2, 2, "valid"),
            (2, 2, "same"),
            (3, 2, "valid"),
            (3, 2, "same"),
            (3, 1, "same"),
            ("3x2", "2x1", "same"),
            (2, 3, "valid"),
            (3, 2, 1),
            ("4x3", "1x2", 1),
        )
    ),
    {"kind": "global_avg_pool2d"},
    {"kind": "flatten"},
    residual(conv(filters=4), {"kind": "relu"}, conv(filters=4)),
    residual(conv(stride=2), BATCH_NORM, {"kind": "silu"}, conv()),
    residual(residual(conv(filters=4, groups=2), BATCH_NORM), {"kind": "elu"}, conv(stride="2x1")),
)
ON_VECTORS: tuple[dict[str, Any], ...] = (
    {"kind": "dense", "units": 5},
    residual({"kind": "dense", "units": 7}, {"kind": "tanh"}),
    residual({"kind": "dense", "units": 4, "activation": "gelu"}, {"kind": "dense", "units": 3}),
)
ACTIVATIONS: tuple[dict[str, Any], ...] = (
    {"kind": "relu"},
    {"kind": "leaky_relu"},
    {"kind": "leaky_relu", "negative_slope": 0.3},
    {"kind": "elu"},
    {"kind": "elu", "alpha": 0.5},
    {"kind": "gelu"},
    {"kind": "silu"},
    {"kind": "tanh"},
    {"kind": "sigmoid"},
)
ON_BOTH: tuple[dict[str, Any], ...] = (
    *ACTIVATIONS,
    BATCH_NORM,
    {"kind": "batch_norm", "momentum": 0.5, "epsilon": 0.1},
    {"kind": "layer_norm"},
    {"kind": "layer_norm", "epsilon": 0.01},
)
NAMES = tuple(dict.fromkeys(each["kind"] for each in ACTIVATIONS))
AS_FIELDS: tuple[tuple[dict[str, Any], Shape], ...] = (
    *((conv(activation=name), MAPS) for name in NAMES),
    *(({"kind": "dense", "units": 5, "activation": name}, VECTORS) for name in NAMES),
)

_LAYER: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)


def _label(values: dict[str, Any], shape: Shape) -> str:
    """For example: conv2d filters=6 kernel_size=3 stride=2 maps."""
    fields = (f"{k}={v}" for k, v in values.items() if k not in ("kind", "layers"))
    inside = (layer["kind"] for layer in values.get("layers", ()))
    return " ".join([values["kind"], *fields, *inside, "maps" if len(shape) == 3 else "vectors"])


CASES: dict[str, Case] = {
    _label(values, shape): Case(_LAYER.validate_python(values), shape)
    for values, shape in (
        *((values, MAPS) for values in (*ON_MAPS, *ON_BOTH)),
        *((values, VECTORS) for values in (*ON_VECTORS, *ON_BOTH)),
        *AS_FIELDS,
    )
}


def values_for(case: Case, dtype: npt.DTypeLike) -> tuple[Layer, Array, Array]:
    """The layer with random arrays; input and output gradient of a batch."""
    layer = case.config.build(case.shape, dtype)
    rng = np.random.default_rng(0)
    for value in layer.parameters.values():
        value[...] = rng.normal(0, 0.5, value.shape)
    for value in layer.state.values():
        value[...] = rng.uniform(0.5, 2, value.shape)
    x = rng.normal(0.3, 1, (BATCH, *case.shape)).astype(dtype)
    dy = rng.standard_normal((BATCH, *layer.output_shape)).astype(dtype)
    return layer, x, dy


def our_answer(layer: Layer, x: Array, dy: Array) -> Answer:
    """What the engine makes of it."""
    inside = batch_last(x)
    y = batch_first(layer.forward(inside, training=True)).copy()
    dx = batch_first(layer.backward(batch_last(dy))).copy()
    inferred = batch_first(layer.forward(inside, training=False)).copy()
    return Answer(y, dx, layer.gradients, inferred)


def batch_last(values: Array) -> Array:
    """(N, …) as (…, N)."""
    return np.ascontiguousarray(np.moveaxis(values, 0, -1))


def batch_first(values: Array) -> Array:
    """(…, N) as (N, …)."""
    return np.moveaxis(values, -1, 0)


def assert_same_answer(found: Answer, expected: Answer, tolerance: float) -> None:
    """Both libraries say the same of everything.

    Parameters are judged together: the gradient of biases before a batch norm is 0, and what is
    left of it is rounding.
    """
    assert_close(found.y, expected.y, tolerance)
    assert_close(found.dx, expected.dx, tolerance)
    assert_close(found.inferred, expected.inferred, tolerance)
    assert_all_close(found.gradients, expected.gradients, tolerance)


def assert_all_close(
    found: Mapping[str, Array], expected: Mapping[str, Array], tolerance: float
) -> None:
    """Equal up to a share of the largest value of all."""
    assert found.keys() == expected.keys()
    largest = max((float(np.abs(value).max()) for value in expected.values()), default=0.0)
    for name, value in expected.items():
        assert_allclose(found[name], value, rtol=tolerance, atol=tolerance * largest, err_msg=name)


def assert_close(found: Array, expected: Array, tolerance: float) -> None:
    """Equal up to a share of the largest value: sums of both signs lose what is small beside it."""
    assert_all_close({"": found}, {"": expected}, tolerance)
