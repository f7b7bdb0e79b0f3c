"""How gradients change parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from nn.schema import Schema, setting
from nn.types import Array

CHUNK = 16384
"""Values updated at a time: several float32 arrays of this size stay in the cache together."""


class OptimizerConfig(Schema, ABC):
    """An optimizer as it is written down."""

    kind: str

    @abstractmethod
    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer of these parameters."""


class Optimizer(ABC):
    """A live optimizer: changes parameters in place.

    `steps` counts the updates; `state` holds its arrays by name, in which everything is that a
    later continuation needs.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, parameters: Mapping[str, Array]) -> None:
        self.steps = 0
        self._parameters = dict(parameters)
        self.state: dict[str, Array] = {
            f"{slot}.{name}": np.zeros_like(value)
            for slot in self.slots
            for name, value in parameters.items()
        }

    def update(self, gradients: Mapping[str, Array], learning_rate: float) -> None:
        """One step along the gradients (same names and shapes as the parameters)."""
        self.steps += 1
        for name, parameter in self._parameters.items():
            arrays = [parameter, gradients[name]]
            arrays += [self.state[f"{slot}.{name}"] for slot in self.slots]
            for parts in _chunks(*arrays):
                self._update(learning_rate, *parts)

    @abstractmethod
    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        """Change a part of one parameter, given it, its gradient and its slots, all flat."""


def _chunks(*arrays: Array) -> Iterator[list[Array]]:
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, CHUNK):
        yield [array[start : start + CHUNK] for array in flat]


class Adam(OptimizerConfig):
    """Steps scaled by running means of the gradient and of its square.

    m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,  w ← w - α m̂ / (√v̂ + ε), where m̂ and v̂ are
    corrected for starting at zero. Kingma and Ba, "Adam" (2015), algorithm 1.
    """

    kind: Literal["adam"] = "adam"
    beta1: float = setting(0.9, "how much of the mean gradient is kept", ge=0, lt=1)
    beta2: float = setting(0.999, "how much of the mean square is kept", ge=0, lt=1)
    epsilon: float = setting(1e-8, "keeps the division finite", gt=0, le=1)

    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer."""
        return _Adam(self, parameters)


class _Adam(Optimizer):
    slots = ("mean", "square")

    def __init__(self, config: Adam, parameters: Mapping[str, Array]) -> None:
        super().__init__(parameters)
        self._config = config

    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        parameter, gradient, mean, square = arrays
        beta1, beta2 = self._config.beta1, self._config.beta2
        mean *= beta1
        mean += (1 - beta1) * gradient
        square *= beta2
        square += (1 - beta2) * gradient * gradient
        step = np.sqrt(square)
        step /= sqrt(1 - beta2**self.steps)
        step += self._config.epsilon
        np.divide(mean, step, out=step)
        step *= learning_rate / (1 - beta1**self.steps)
        parameter -= step


class SGD(OptimizerConfig):
    """Steps along the gradient, with momentum: u ← μ u + g,  w ← w - α u.

    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning" (2013), in the form that PyTorch uses.
    """

    kind: Literal["sgd"] = "sgd"
    momentum: float = setting(0.9, "how much of the last step is kept; 0 is plain SGD", ge=0, lt=1)

    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer."""
        return _SGD(self, parameters)


class _SGD(Optimizer):
    slots = ("velocity",)

    def __init__(self, config: SGD, parameters: Mapping[str, Array]) -> None:
        super().__init__(parameters)
        self._momentum = config.momentum

    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        parameter, gradient, velocity = arrays
        velocity *= self._momentum
        velocity += gradient
        parameter -= learning_rate * velocity


AnyOptimizer = Annotated[Adam | SGD, Field(discriminator="kind")]
"""Every optimizer, told apart by its `kind`. A new one is a class and its name here."""
