"""Every layer beside PyTorch's: outputs and gradients agree."""

from __future__ import annotations

from collections.abc import Callable
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
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.types import Array, Shape

torch: Any = pytest.importorskip("torch")
torch.set_num_threads(1)  # Its own threads would wait for each other longer than they work.
F = torch.nn.functional

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "none": lambda x: x,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "gelu": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def theirs(config: LayerConfig, x: Any, p: dict[str, Any], training: bool) -> Any:
    """What PyTorch makes of x, channels first; `p` are parameters and state by our names."""
    match config:
        case Conv2D():
            y = conv(config, x, p["weights"].permute(0, 3, 1, 2), p["biases"])
            return ACTIVATIONS[config.activation](y)
        case Dense():
            return ACTIVATIONS[config.activation](F.linear(x, p["weights"], p["biases"]))
        case MaxPool2D():
            x = bordered(x, config.pool_size, config.stride, config.padding, -torch.inf)
            return F.max_pool2d(x, config.pool_size, config.stride)
        case AvgPool2D():
            return average(config, x)
        case GlobalAvgPool2D():
            return F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]
        case Flatten():
            return x.permute(0, 2, 3, 1).reshape(len(x), -1)
        case BatchNorm():
            statistics = None if training else (p["running_mean"], p["running_variance"])
            return F.batch_norm(
                x,
                *(statistics or (None, None)),
                p["scale"],
                p["shift"],
                training,
                0,
                config.epsilon,
            )
        case LayerNorm():
            y = F.layer_norm(x.movedim(1, -1), x.shape[1:2], p["scale"], p["shift"], config.epsilon)
            return y.movedim(-1, 1)
        case Residual():
            return residual(config, x, p, training)
        case LeakyReLU():
            return F.leaky_relu(x, config.negative_slope)
        case ELU():
            return F.elu(x, config.alpha)
        case ReLU() | GELU() | SiLU() | Tanh() | Sigmoid():
            return ACTIVATIONS[config.kind](x)
        case _:
            raise AssertionError(f"{config.kind} has no counterpart here")


def conv(config: Conv2D, x: Any, weights: Any, biases: Any) -> Any:
    """PyTorch has `same` for a stride of 1 alone, and warns of even kernels: else we pad."""
    options = {"stride": config.stride, "dilation": config.dilation, "groups": config.groups}
    odd = all(k % 2 for k in config.kernel_size)
    if config.padding != "same" or (config.stride == (1, 1) and odd):
        return F.conv2d(x, weights, biases, padding=config.padding, **options)
    covered = [d * (k - 1) + 1 for k, d in zip(config.kernel_size, config.dilation, strict=True)]
    return F.conv2d(bordered(x, covered, config.stride, "same", 0), weights, biases, **options)


def bordered(x: Any, window: Any, stride: Any, padding: str | int, value: float) -> Any:
    """x inside of as much `value` as a padding adds: with `same` there are ⌈size / stride⌉ windows,
    and an odd row or column comes last."""
    borders = []
    for size, k, s in zip(x.shape[2:], window, stride, strict=True):
        total = 0
        if padding == "same":
            total = max((ceil(size / s) - 1) * s + k - size, 0)
        elif padding != "valid":
            total = 2 * int(padding)
        borders.append((total // 2, total - total // 2))
    (top, bottom), (left, right) = borders
    return F.pad(x, (left, right, top, bottom), value=value)


def average(config: AvgPool2D, x: Any) -> Any:
    """Their mean counts padding by `same` if it is given as zeros: so the sums over the counts."""
    size, stride = config.pool_size, config.stride
    if config.padding != "same":
        padding = 0 if config.padding == "valid" else int(config.padding)
        return F.avg_pool2d(x, size, stride, padding, count_include_pad=False)

    def mean(values: Any) -> Any:
        return F.avg_pool2d(bordered(values, size, stride, "same", 0), size, stride)

    return mean(x) / mean(torch.ones_like(x))


def residual(config: Residual, x: Any, p: dict[str, Any], training: bool) -> Any:
    """Their blocks are written by hand too: layers, and a projection where the shape changes."""
    y = x
    for number, layer in enumerate(config.layers, 1):
        y = theirs(layer, y, below(p, f"{number}.{layer.kind}."), training)
    around = below(p, "shortcut.")
    if not around:
        return x + y
    if x.ndim == 2:
        return F.linear(x, around["weights"], around["biases"]) + y
    stride = [ceil(given / wanted) for given, wanted in zip(x.shape[2:], y.shape[2:], strict=True)]
    return F.conv2d(x, around["weights"].permute(0, 3, 1, 2), around["biases"], stride) + y


def below(p: dict[str, Any], name: str) -> dict[str, Any]:
    return {key.removeprefix(name): value for key, value in p.items() if key.startswith(name)}


def channels_first(values: Array) -> Any:
    return torch.tensor(np.moveaxis(values, -1, 1).copy(), requires_grad=True)


def channels_last(values: Any) -> Array:
    found: Array = np.moveaxis(values.detach().numpy(), 1, -1)
    return found


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients_agree(name: str, dtype: str) -> None:
    case = CASES[name]
    layer, x, dy = values_for(case, dtype)
    p = {k: torch.tensor(v, requires_grad=True) for k, v in layer.parameters.items()}
    state = {k: torch.tensor(v) for k, v in layer.state.items()}
    their_x = channels_first(x)
    y = theirs(case.config, their_x, p | state, True)
    y.backward(channels_first(dy))
    # Our state changes in training, so that theirs in inference has to be what it is then.
    found = our_answer(layer, x, dy)
    state = {k: torch.tensor(v) for k, v in layer.state.items()}
    expected = Answer(
        channels_last(y),
        channels_last(their_x.grad),
        {k: v.grad.numpy() for k, v in p.items()},
        channels_last(theirs(case.config, their_x, p | state, False)),
    )
    assert_same_answer(found, expected, TOLERANCE[dtype])


def test_ties_of_a_pool_send_the_gradient_to_the_same_position() -> None:
    x = np.random.default_rng(0).integers(0, 2, (3, 6, 7, 2)).astype(np.float64)
    layer = MaxPool2D(pool_size=(3, 2), stride=(1, 2)).build((6, 7, 2), np.float64)
    y = batch_first(layer.forward(batch_last(x), training=True))
    dy = np.random.default_rng(1).standard_normal(y.shape)
    their_x = channels_first(x)
    pooled = F.max_pool2d(their_x, (3, 2), (1, 2))
    pooled.backward(channels_first(dy))
    assert_allclose(y, channels_last(pooled))
    dx = batch_first(layer.backward(batch_last(dy)))
    assert_allclose(dx, channels_last(their_x.grad), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(3, 4, 6), (6,)], ids=["maps", "vectors"])
def test_running_statistics_of_a_batch_norm_agree(shape: Shape) -> None:
    """Their momentum is the share of the new, ours of the old; both keep the unbiased variance."""
    layer = BatchNorm(momentum=0.8).build(shape, np.float64)
    family = torch.nn.BatchNorm2d if len(shape) == 3 else torch.nn.BatchNorm1d
    peer = family(6, momentum=0.2, dtype=torch.float64)
    rng = np.random.default_rng(2)
    for _ in range(20):
        x = rng.normal(2, 3, (BATCH, *shape))
        layer.forward(batch_last(x), training=True)
        peer(channels_first(x))
    assert_close(layer.state["running_mean"], peer.running_mean.numpy(), 1e-10)
    assert_close(layer.state["running_variance"], peer.running_var.numpy(), 1e-10)
