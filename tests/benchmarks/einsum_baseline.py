"""The way of the notebook that this project grew from, written anew.

What its published version computes (MaximusThomas/ML-Projects, convnet_final.ipynb, d52025e):
arrays channels-last; images and dense weights in float32, filters in float64, so that nearly all
between them is float64; convolutions as `np.einsum` over strided windows, their gradients as two
more, of the filters and of every window, which are then added up where they overlap, for the images
too; max pooling by masks; dense layers on batches in columns. Padded maps are kept between steps.
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
    def backward(self, dy: Floats) -> Floats: ...


class Convolution(Part):
    """Filters (filters, rows, columns, channels), stride 1."""

    def __init__(self, weights: Floats, biases: Floats, padding: int) -> None:
        super().__init__(weights, biases)
        self.padding = padding
        self.padded: dict[tuple[str, tuple[int, ...]], Floats] = {}

    def forward(self, x: Floats) -> Floats:
        weights, biases = self.parameters
        self.shape, self.dtype = x.shape, x.dtype
        padded = self._padded("maps")
        self._inside(padded)[:] = x
        windows = sliding_window_view(padded, weights.shape[1:3], axis=(1, 2))
        self.windows = windows.transpose(0, 1, 2, 4, 5, 3)
        y: Floats = np.einsum("nhwijc,fijc->nhwf", self.windows, weights) + biases
        return y

    def backward(self, dy: Floats) -> Floats:
        weights, _ = self.parameters
        self.gradients = [
            np.einsum("nhwf,nhwijc->fijc", dy, self.windows),
            dy.sum(axis=(0, 1, 2)),
        ]
        of_windows = np.einsum("nhwf,fijc->nhwijc", dy, weights)
        padded = self._padded("gradients")
        rows, columns = of_windows.shape[1:3]
        for i, j in np.ndindex(weights.shape[1:3]):
            padded[:, i : i + rows, j : j + columns] += of_windows[:, :, :, i, j]
        return self._inside(padded).copy()

    def _padded(self, of: str) -> Floats:
        """Zeros of the shape of the maps with what is around them."""
        n, height, width, channels = self.shape
        shape = (n, height + 2 * self.padding, width + 2 * self.padding, channels)
        if (of, shape) not in self.padded:
            self.padded[of, shape] = np.empty(shape, self.dtype)
        self.padded[of, shape].fill(0)
        return self.padded[of, shape]

    def _inside(self, padded: Floats) -> Floats:
        _, height, width, _ = self.shape
        return padded[:, self.padding :, self.padding :][:, :height, :width]


class Positive(Part):
    """Rectified linear units."""

    def forward(self, x: Floats) -> Floats:
        self.active = x > 0
        return np.maximum(x, 0)

    def backward(self, dy: Floats) -> Floats:
        return dy * self.active


class Pool(Part):
    """The largest of each square of `size`; squares do not overlap."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Floats) -> Floats:
        self.shape = x.shape
        self.squares = self._squares(x)
        y: Floats = self.squares.max(axis=3)
        return y

    def backward(self, dy: Floats) -> Floats:
        mask = np.zeros_like(self.squares)
        n, rows, columns, channels = np.indices(dy.shape)
        mask[n, rows, columns, self.squares.argmax(axis=3), channels] = 1
        spread = mask * dy[:, :, :, None]
        dx, size = np.zeros(self.shape, spread.dtype), self.size
        for at, (i, j) in enumerate(np.ndindex(size, size)):
            phase = dx[:, i::size, j::size][:, : dy.shape[1], : dy.shape[2]]
            phase += spread[:, :, :, at]
        return dx

    def _squares(self, x: Floats) -> Floats:
        """(N, rows, columns, size², channels)."""
        n, height, width, channels = x.shape
        size, rows, columns = self.size, height // self.size, width // self.size
        cut = x[:, : rows * size, : columns * size].reshape(n, rows, size, columns, size, channels)
        return cut.transpose(0, 1, 3, 2, 4, 5).reshape(n, rows, columns, size * size, channels)


class Flat(Part):
    """Maps become columns."""

    def forward(self, x: Floats) -> Floats:
        self.shape = x.shape
        return x.reshape(len(x), -1).T

    def backward(self, dy: Floats) -> Floats:
        return dy.T.reshape(self.shape)


class Linear(Part):
    """Weights (units, inputs), on columns."""

    def forward(self, x: Floats) -> Floats:
        weights, biases = self.parameters
        self.x = x
        y: Floats = np.dot(weights, x) + biases[:, None]
        return y

    def backward(self, dy: Floats) -> Floats:
        self.gradients = [np.dot(dy, self.x.T), dy.sum(axis=1)]
        dx: Floats = np.dot(self.parameters[0].T, dy)
        return dx


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
        exponentials = np.exp(x - x.max(axis=0))
        probabilities: Floats = (exponentials / exponentials.sum(axis=0)).T
        return probabilities

    def step(self, x: Floats, one_hot: Floats, rate: float) -> float:
        """Learn a batch; its mean cross-entropy before that."""
        probabilities = self.predict(x)
        loss = -float(np.log((probabilities * one_hot).sum(axis=1)).mean())
        dy = (probabilities - one_hot).T / len(x)
        for part in reversed(self.parts):
            dy = part.backward(dy)
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
    match layer:
        case Conv2D(stride=(1, 1)):
            weights, biases = (p.astype(np.float64) for p in parameters)
            paddings = {"same": (layer.kernel_size[0] - 1) // 2, "valid": 0}
            padding = paddings.get(str(layer.padding), layer.padding)
            return Convolution(weights, biases, int(padding))
        case Dense():
            weights, biases = (p.copy() for p in parameters)
            return Linear(weights, biases)
        case MaxPool2D() if layer.stride == layer.pool_size:
            return Pool(layer.pool_size[0])
        case ReLU():
            return Positive()
        case Flatten():
            return Flat()
    raise ValueError(f"the baseline has no such layer: {layer.kind} {layer.describe()}")
