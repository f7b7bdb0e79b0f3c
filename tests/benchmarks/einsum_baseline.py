"""The way of the project that this one grew from, as its document describes it.

Channels-last arrays, He-initialised float64 weights, convolutions as plain `np.einsum` over strided
windows, forward and backward, max pooling by argmax masks, dense layers in NumPy, and Adam. Written
anew from that description. It is spared what it could do without: the gradient of the images.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nn.layers import LayerConfig
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.shape import Flatten

Floats = NDArray[Any]


class Part(ABC):
    """A layer; what is learned stands in `parameters`, in the order of `gradients`."""

    def __init__(self, *parameters: Floats) -> None:
        self.parameters = list(parameters)
        self.gradients: list[Floats] = []

    @abstractmethod
    def forward(self, x: Floats) -> Floats: ...

    @abstractmethod
    def backward(self, dy: Floats, *, is_first: bool) -> Floats: ...


class Convolution(Part):
    """Weights (rows, columns, channels, filters), stride 1."""

    def __init__(self, weights: Floats, biases: Floats, padding: int) -> None:
        super().__init__(weights, biases)
        self.padding = padding

    def forward(self, x: Floats) -> Floats:
        weights, biases = self.parameters
        self.windows = self._windows(x, self.padding)
        y: Floats = np.einsum("nhwcij,ijcf->nhwf", self.windows, weights) + biases
        return y

    def backward(self, dy: Floats, *, is_first: bool) -> Floats:
        weights, _ = self.parameters
        self.gradients = [
            np.einsum("nhwcij,nhwf->ijcf", self.windows, dy),
            dy.sum(axis=(0, 1, 2)),
        ]
        if is_first:
            return dy
        windows = self._windows(dy, len(weights) - 1 - self.padding)
        dx: Floats = np.einsum("nhwfij,ijcf->nhwc", windows, weights[::-1, ::-1])
        return dx

    def _windows(self, x: Floats, padding: int) -> Floats:
        around = (padding, padding)
        padded = np.pad(x, ((0, 0), around, around, (0, 0)))
        return sliding_window_view(padded, self.parameters[0].shape[:2], axis=(1, 2))


class Positive(Part):
    """Rectified linear units."""

    def forward(self, x: Floats) -> Floats:
        self.active = x > 0
        return np.maximum(x, 0)

    def backward(self, dy: Floats, *, is_first: bool) -> Floats:
        return dy * self.active


class Pool(Part):
    """The largest of each square of `size`; squares do not overlap."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Floats) -> Floats:
        n, height, width, channels = self.shape = x.shape
        size, rows, columns = self.size, height // self.size, width // self.size
        cut = x[:, : rows * size, : columns * size].reshape(n, rows, size, columns, size, channels)
        squares = cut.transpose(0, 1, 3, 5, 2, 4).reshape(n, rows, columns, channels, size * size)
        self.mask = squares.argmax(axis=-1)[..., None] == np.arange(size * size)
        y: Floats = squares.max(axis=-1)
        return y

    def backward(self, dy: Floats, *, is_first: bool) -> Floats:
        n, rows, columns, channels = dy.shape
        size, dx = self.size, np.zeros(self.shape, dy.dtype)
        squares = (dy[..., None] * self.mask).reshape(n, rows, columns, channels, size, size)
        whole = squares.transpose(0, 1, 4, 2, 5, 3).reshape(n, rows * size, columns * size, -1)
        dx[:, : rows * size, : columns * size] = whole
        return dx


class Flat(Part):
    """Maps become vectors."""

    def forward(self, x: Floats) -> Floats:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Floats, *, is_first: bool) -> Floats:
        return dy.reshape(self.shape)


class Linear(Part):
    """Weights (inputs, units)."""

    def forward(self, x: Floats) -> Floats:
        weights, biases = self.parameters
        self.x = x
        return x @ weights + biases

    def backward(self, dy: Floats, *, is_first: bool) -> Floats:
        self.gradients = [self.x.T @ dy, dy.sum(axis=0)]
        return dy @ self.parameters[0].T


class EinsumNetwork:
    """A network with Adam, from this project's layers and parameters (by name, as it has them)."""

    def __init__(self, layers: Sequence[LayerConfig], parameters: Mapping[str, Floats]) -> None:
        self.parts = [
            _part(layer, [parameters[f"{name}.{what}"] for what in ("weights", "biases")])
            if (name := f"{number}.{layer.kind}") + ".weights" in parameters
            else _part(layer, [])
            for number, layer in enumerate(layers, 1)
        ]
        self.means = [[np.zeros_like(p) for p in part.parameters] for part in self.parts]
        self.squares = [[np.zeros_like(p) for p in part.parameters] for part in self.parts]
        self.steps = 0

    def predict(self, x: Floats) -> Floats:
        """Probabilities (N, classes) of images (N, H, W, C)."""
        for part in self.parts:
            x = part.forward(x)
        exponentials = np.exp(x - x.max(axis=1, keepdims=True))
        probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
        return probabilities

    def step(self, x: Floats, one_hot: Floats, rate: float) -> float:
        """Learn a batch; its mean cross-entropy before that."""
        probabilities = self.predict(x)
        loss = -float(np.log((probabilities * one_hot).sum(axis=1)).mean())
        dy = (probabilities - one_hot) / len(x)
        for part in reversed(self.parts):
            dy = part.backward(dy, is_first=part is self.parts[0])
        self._adam(rate)
        return loss

    def _adam(self, rate: float) -> None:
        self.steps += 1
        for part, means, squares in zip(self.parts, self.means, self.squares, strict=True):
            for i, (p, g) in enumerate(zip(part.parameters, part.gradients, strict=True)):
                means[i] = 0.9 * means[i] + 0.1 * g
                squares[i] = 0.999 * squares[i] + 0.001 * g**2
                mean = means[i] / (1 - 0.9**self.steps)
                square = squares[i] / (1 - 0.999**self.steps)
                p -= rate * mean / (np.sqrt(square) + 1e-8)


def _part(layer: LayerConfig, parameters: list[Floats]) -> Part:
    given = [p.astype(np.float64) for p in parameters]
    match layer:
        case Conv2D(stride=(1, 1)):
            weights, biases = given
            paddings = {"same": (layer.kernel_size[0] - 1) // 2, "valid": 0}
            padding = paddings.get(str(layer.padding), layer.padding)
            return Convolution(weights.transpose(1, 2, 3, 0).copy(), biases, int(padding))
        case Dense():
            weights, biases = given
            return Linear(weights.T.copy(), biases)
        case MaxPool2D() if layer.stride == layer.pool_size:
            return Pool(layer.pool_size[0])
        case ReLU():
            return Positive()
        case Flatten():
            return Flat()
    raise ValueError(f"the baseline has no such layer: {layer.kind} {layer.describe()}")
