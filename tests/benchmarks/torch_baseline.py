"""The same network in PyTorch; only to be imported where that is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional

from nn.layers import LayerConfig
from nn.layers.activation import (
    ELU,
    GELU,
    LeakyReLU,
    NoActivation,
    ReLU,
    Sigmoid,
    SiLU,
    Tanh,
    activation,
)
from nn.layers.chain import Link, links
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.norm import BatchNorm
from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D, Pool2D
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.network import batches
from nn.ops.windows import Pair, borders, extent
from nn.types import Array, Shape

BY_KIND = {"silu": torch.nn.SiLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}


class TorchNetwork:
    """A network with Adam, from this project's layers and arrays (by name, as it has them).

    Eager, as most people write it; `tuned` lays maps out channels-last and lets Adam work on all
    parameters at once.
    """

    def __init__(
        self,
        layers: Sequence[LayerConfig],
        input_shape: Shape,
        arrays: Mapping[str, Array],
        threads: int,
        *,
        tuned: bool,
    ) -> None:
        torch.set_num_threads(threads)
        self.layout = torch.channels_last if tuned else torch.contiguous_format
        model: Any = _sequence(links(layers, input_shape), arrays)
        self.model = model.to(memory_format=self.layout)
        self.optimizer = torch.optim.Adam(self.model.parameters(), foreach=tuned)

    def step(self, images: Any, labels: Any, rate: float) -> float:
        """Learn a batch of bytes (N, H, W, C); its mean cross-entropy before that."""
        self._enter_mode(training=True)
        loss: Any = functional.cross_entropy(self.model(self._enter(images)), labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = rate
        self.optimizer.step()
        return float(loss.detach())

    def predict(self, images: Any, batch_size: int) -> Any:
        """Probabilities (N, classes) of bytes (N, H, W, C)."""
        self._enter_mode(training=False)
        with torch.inference_mode():
            parts = batches(len(images), batch_size)
            logits = [self.model(self._enter(images[part])) for part in parts]
            return torch.cat([functional.softmax(each, dim=1) for each in logits])

    def _enter_mode(self, *, training: bool) -> None:
        if self.model.training is not training:
            self.model.train(training)

    def _enter(self, images: Any) -> Any:
        floats = images.permute(0, 3, 1, 2).to(torch.float32, memory_format=self.layout)
        return floats.div_(255)


class Block(torch.nn.Module):
    """Modules and a way around them."""

    def __init__(self, inner: torch.nn.Module, around: torch.nn.Module) -> None:
        super().__init__()
        self.inner, self.around = inner, around

    def forward(self, x: Any) -> Any:
        return self.inner(x) + self.around(x)


def _sequence(parts: Iterable[Link], arrays: Mapping[str, Array]) -> torch.nn.Sequential:
    modules: list[torch.nn.Module] = []
    flattened: Shape = ()
    for part in parts:
        own = _below(part.name, arrays)
        if isinstance(part.config, Dense) and len(flattened) == 3:
            own["weights"] = _channels_first(own["weights"], flattened)
            flattened = ()
        elif isinstance(part.config, Flatten):
            flattened = part.input_shape
        elif own and flattened:
            raise ValueError(f"the comparison has no {part.config.kind} of flattened maps")
        modules += _modules(part.config, part.input_shape, own)
    return torch.nn.Sequential(*modules)


def _below(name: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    start = f"{name}."
    return {key.removeprefix(start): a for key, a in arrays.items() if key.startswith(start)}


def _channels_first(weights: Array, maps: Shape) -> Array:
    """Weights of a dense layer for maps that PyTorch flattens in its own order."""
    return weights.reshape(-1, *maps).transpose(0, 3, 1, 2).reshape(weights.shape)


def _modules(
    config: LayerConfig, input_shape: Shape, arrays: Mapping[str, Array]
) -> list[torch.nn.Module]:
    """A layer, behind its padding where PyTorch has none of that kind, before its activation."""
    match config:
        case Conv2D():
            covered = extent(config.kernel_size, config.dilation)
            padding, before = _padding(config, covered, input_shape)
            conv = torch.nn.Conv2d(
                input_shape[2],
                config.filters,
                config.kernel_size,
                config.stride,
                padding,
                config.dilation,
                config.groups,
            )
            weights = arrays["weights"].transpose(0, 3, 1, 2)
            after = _modules(activation(config.activation), input_shape, {})
            return [*before, _filled(conv, weight=weights, bias=arrays["biases"]), *after]
        case Dense():
            dense = torch.nn.Linear(input_shape[0], config.units)
            after = _modules(activation(config.activation), input_shape, {})
            return [_filled(dense, weight=arrays["weights"], bias=arrays["biases"]), *after]
        case BatchNorm():
            # Their momentum is the share of the new, ours of the old.
            family = torch.nn.BatchNorm2d if len(input_shape) == 3 else torch.nn.BatchNorm1d
            norm = family(input_shape[-1], config.epsilon, 1 - config.momentum)
            return [
                _filled(
                    norm,
                    weight=arrays["scale"],
                    bias=arrays["shift"],
                    running_mean=arrays["running_mean"],
                    running_var=arrays["running_variance"],
                )
            ]
        case MaxPool2D() | AvgPool2D():
            return [_pool(config, input_shape)]
        case Residual():
            *inside, shortcut = config.parts(input_shape)
            return [Block(_sequence(inside, arrays), _sequence([shortcut], arrays))]
        case GlobalAvgPool2D():
            return [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
        case Flatten():
            return [torch.nn.Flatten()]
        case NoActivation():
            return []
        case ReLU():
            return [torch.nn.ReLU()]
        case LeakyReLU():
            return [torch.nn.LeakyReLU(config.negative_slope)]
        case ELU():
            return [torch.nn.ELU(config.alpha)]
        case GELU():
            return [torch.nn.GELU(approximate="tanh")]
        case SiLU() | Tanh() | Sigmoid():
            return [BY_KIND[config.kind]()]
    raise ValueError(f"the comparison has no such layer: {config.kind} {config.describe()}")


def _pool(config: Pool2D, input_shape: Shape) -> torch.nn.Module:
    padding, before = _padding(config, config.pool_size, input_shape)
    if before:
        raise ValueError(f"the comparison has no such pooling: {config.describe()}")
    if isinstance(config, MaxPool2D):
        return torch.nn.MaxPool2d(config.pool_size, config.stride, padding)
    return torch.nn.AvgPool2d(config.pool_size, config.stride, padding, count_include_pad=False)


def _padding(
    config: Conv2D | Pool2D, covered: Pair, input_shape: Shape
) -> tuple[Pair, list[torch.nn.Module]]:
    """What PyTorch can add by itself, on both sides alike, and else what adds it before."""
    size = input_shape[0], input_shape[1]
    (top, bottom), (left, right) = borders(size, covered, config.stride, config.padding)
    if (top, left) == (bottom, right):
        return (top, left), []
    return (0, 0), [torch.nn.ZeroPad2d((left, right, top, bottom))]


def _filled(module: torch.nn.Module, **arrays: Array) -> torch.nn.Module:
    with torch.no_grad():
        for name, array in arrays.items():
            getattr(module, name).copy_(torch.tensor(array))
    return module
