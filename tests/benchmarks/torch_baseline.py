"""The same network in PyTorch; only to be imported where that is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional

from nn.layers import LayerConfig
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.shape import Flatten
from nn.network import batches
from nn.types import Array, Shape


class TorchNetwork:
    """A network with Adam, from this project's layers and parameters (by name, as it has them).

    Eager, as most people write it; `tuned` lays maps out channels-last and lets Adam work on all
    parameters at once.
    """

    def __init__(
        self,
        layers: Sequence[LayerConfig],
        input_shape: Shape,
        parameters: Mapping[str, Array],
        rate: float,
        threads: int,
        *,
        tuned: bool,
    ) -> None:
        torch.set_num_threads(threads)
        self.layout = torch.channels_last if tuned else torch.contiguous_format
        self.model = torch.nn.Sequential(*_modules(layers, input_shape, parameters))
        self.model.to(memory_format=self.layout)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=rate, foreach=tuned)

    def step(self, images: Any, labels: Any) -> float:
        """Learn a batch of bytes (N, H, W, C); its mean cross-entropy before that."""
        loss = functional.cross_entropy(self.model(self._enter(images)), labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def predict(self, images: Any) -> Any:
        """Probabilities (N, classes) of bytes (N, H, W, C), in batches as large as ours."""
        with torch.inference_mode():
            parts = (self.model(self._enter(images[part])) for part in batches(len(images)))
            return torch.cat([functional.softmax(logits, dim=1) for logits in parts])

    def _enter(self, images: Any) -> Any:
        floats = images.permute(0, 3, 1, 2).to(torch.float32, memory_format=self.layout)
        return floats.div_(255)


def _modules(
    layers: Sequence[LayerConfig], input_shape: Shape, parameters: Mapping[str, Array]
) -> list[torch.nn.Module]:
    shape, flattened, modules = input_shape, input_shape, []
    for number, layer in enumerate(layers, 1):
        module = _module(layer, shape)
        if (name := f"{number}.{layer.kind}") + ".weights" in parameters:
            weights = torch.tensor(parameters[f"{name}.weights"])
            if isinstance(layer, Conv2D):
                weights = weights.permute(0, 3, 1, 2)
            elif len(flattened) == 3:
                maps = weights.reshape(-1, *flattened)
                weights = maps.permute(0, 3, 1, 2).reshape(weights.shape)
                flattened = ()
            with torch.no_grad():
                module.weight.copy_(weights)
                module.bias.copy_(torch.tensor(parameters[f"{name}.biases"]))
        if isinstance(layer, Flatten):
            flattened = shape
        modules.append(module)
        shape = layer.output_shape(shape)
    return modules


def _module(layer: LayerConfig, input_shape: Shape) -> Any:
    match layer:
        case Conv2D():
            options = {"stride": layer.stride, "padding": layer.padding}
            return torch.nn.Conv2d(input_shape[2], layer.filters, layer.kernel_size, **options)
        case Dense():
            return torch.nn.Linear(input_shape[0], layer.units)
        case MaxPool2D():
            return torch.nn.MaxPool2d(layer.pool_size, layer.stride)
        case ReLU():
            return torch.nn.ReLU()
        case Flatten():
            return torch.nn.Flatten()
    raise ValueError(f"the comparison has no such layer: {layer.kind} {layer.describe()}")
