"""How gradients change parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from math import isfinite, sqrt
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from nn.ops.chunks import chunks, each_chunk, norm
from nn.ops.threads import scratch
from nn.schema import Schema, setting
from nn.types import Array


def _weight_decay(default: float) -> Any:
    return setting(
        default,
        "how hard weights are pulled towards 0, against overfitting; 0: not at all",
        ge=0,
        le=10,
    )


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

    Weight decay λ follows the gradient of the loss with λ/2 ‖w‖² added, g + λ w, as in Krogh and
    Hertz, "A Simple Weight Decay Can Improve Generalization" (1992). It is for the `weights` of
    layers alone: biases, and the scales and shifts of norms, are few and do not overfit.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, parameters: Mapping[str, Array], weight_decay: float = 0.0) -> None:
        self.steps = 0
        self._weight_decay = weight_decay
        self.state: dict[str, Array] = {
            f"{slot}.{name}": np.zeros_like(value)
            for slot in self.slots
            for name, value in parameters.items()
        }
        self._parts = {
            name: list(chunks(value, *(self.state[f"{slot}.{name}"] for slot in self.slots)))
            for name, value in parameters.items()
        }

    def update(self, gradients: Mapping[str, Array], learning_rate: float) -> None:
        """One step along the gradients (same names and shapes as the parameters)."""
        self.steps += 1

        def change(part: tuple[bool, Array, list[Array]]) -> None:
            decays, gradient, (parameter, *state) = part
            if decays:
                gradient = self._decay(learning_rate, parameter, gradient)
            self._update(learning_rate, parameter, gradient, *state)

        each_chunk(change, self._with(gradients), lambda part: part[1].size)

    def _with(self, gradients: Mapping[str, Array]) -> Iterator[tuple[bool, Array, list[Array]]]:
        """Whether a part of a parameter decays, its gradient, and itself with its state."""
        for name, parts in self._parts.items():
            decays = self._weight_decay > 0 and name.endswith("weights")
            for (gradient,), part in zip(chunks(gradients[name]), parts, strict=True):
                yield decays, gradient, part

    def _decay(self, learning_rate: float, parameter: Array, gradient: Array, /) -> Array:
        """The gradient with that of the decay."""
        whole: Array = scratch(gradient.dtype)("whole gradient", gradient.size)
        np.multiply(parameter, self._weight_decay, out=whole)
        whole += gradient
        return whole

    @abstractmethod
    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        """Change a part of one parameter, given it, its gradient and its slots, all flat."""


def clip(gradients: Mapping[str, Array], limit: float) -> float:
    """Shorten gradients whose norm, all of them as one vector, is above a limit; returns the norm.

    g ← g min(1, limit / (‖g‖ + 10⁻⁶)). A norm that is not finite shortens nothing. Pascanu, Mikolov
    and Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1, in
    the form that PyTorch uses.
    """
    length = norm(gradients.values())
    if isfinite(length) and length + 1e-6 > limit:
        for gradient in gradients.values():
            gradient *= limit / (length + 1e-6)
    return length


class _AdamConfig(OptimizerConfig):
    beta1: float = setting(0.9, "how much of the mean gradient is kept", ge=0, lt=1)
    beta2: float = setting(0.999, "how much of the mean square is kept", ge=0, lt=1)
    epsilon: float = setting(1e-8, "keeps the division finite", gt=0, le=1)
    weight_decay: float = _weight_decay(0.0)


class Adam(_AdamConfig):
    """Steps scaled by running means of the gradient and of its square.

    m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,  w ← w - α m̂ / (√v̂ + ε), where m̂ and v̂ are
    corrected for starting at zero. Kingma and Ba, "Adam" (2015), algorithm 1.
    """

    kind: Literal["adam"] = "adam"

    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer."""
        return _Adam(self, parameters)


class _Adam(Optimizer):
    slots = ("mean", "square")

    def __init__(self, config: _AdamConfig, parameters: Mapping[str, Array]) -> None:
        super().__init__(parameters, config.weight_decay)
        self._config = config

    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        parameter, gradient, mean, square = arrays
        beta1, beta2 = self._config.beta1, self._config.beta2
        step: Array = scratch(gradient.dtype)("step", gradient.size)
        mean *= beta1
        mean += np.multiply(gradient, 1 - beta1, out=step)
        square *= beta2
        np.multiply(gradient, 1 - beta2, out=step)
        step *= gradient
        square += step
        # Both corrections go into the rate and ε, as at the end of section 2 there: a pass less.
        root = sqrt(1 - beta2**self.steps)
        np.sqrt(square, out=step)
        step += self._config.epsilon * root
        np.divide(mean, step, out=step)
        step *= learning_rate * root / (1 - beta1**self.steps)
        parameter -= step


class AdamW(_AdamConfig):
    """Adam with a decay beside its steps: w ← w - α λ w, and then a step of Adam.

    Adam would divide a decay in the gradient by that gradient's own size, and so hardly decay the
    weights that change most. Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019),
    algorithm 2, in the form that PyTorch uses.
    """

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = _weight_decay(0.01)

    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer."""
        return _AdamW(self, parameters)


class _AdamW(_Adam):
    def _decay(self, learning_rate: float, parameter: Array, gradient: Array, /) -> Array:
        parameter *= 1 - learning_rate * self._weight_decay
        return gradient


class RMSprop(OptimizerConfig):
    """Steps scaled by a running mean of the gradient's square, with momentum if wanted.

    v ← ρ v + (1 - ρ) g²,  u ← μ u + g / (√v + ε),  w ← w - α u. Tieleman and Hinton, "Neural
    Networks for Machine Learning" (2012), lecture 6.5, in the form that PyTorch uses.
    """

    kind: Literal["rmsprop"] = "rmsprop"
    rho: float = setting(0.99, "how much of the mean square is kept", ge=0, lt=1)
    momentum: float = setting(0.0, "how much of the last step is kept", ge=0, lt=1)
    epsilon: float = setting(1e-8, "keeps the division finite", gt=0, le=1)
    weight_decay: float = _weight_decay(0.0)

    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer."""
        return _RMSprop(self, parameters)


class _RMSprop(Optimizer):
    slots = ("square", "velocity")

    def __init__(self, config: RMSprop, parameters: Mapping[str, Array]) -> None:
        super().__init__(parameters, config.weight_decay)
        self._config = config

    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        parameter, gradient, square, velocity = arrays
        step: Array = scratch(gradient.dtype)("step", gradient.size)
        square *= self._config.rho
        np.multiply(gradient, 1 - self._config.rho, out=step)
        step *= gradient
        square += step
        np.sqrt(square, out=step)
        step += self._config.epsilon
        np.divide(gradient, step, out=step)
        velocity *= self._config.momentum
        velocity += step
        parameter -= np.multiply(velocity, learning_rate, out=step)


class SGD(OptimizerConfig):
    """Steps along the gradient, with momentum: u ← μ u + g,  w ← w - α u.

    With Nesterov's momentum, w ← w - α (g + μ u): the gradient counts as if it were taken where the
    momentum leads. Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and
    momentum in deep learning" (2013), in the form that PyTorch uses.
    """

    kind: Literal["sgd"] = "sgd"
    momentum: float = setting(0.9, "how much of the last step is kept; 0 is plain SGD", ge=0, lt=1)
    nesterov: bool = setting(False, "look ahead: step from where the momentum leads")
    weight_decay: float = _weight_decay(0.0)

    def build(self, parameters: Mapping[str, Array]) -> Optimizer:
        """The live optimizer."""
        return _SGD(self, parameters)


class _SGD(Optimizer):
    slots = ("velocity",)

    def __init__(self, config: SGD, parameters: Mapping[str, Array]) -> None:
        super().__init__(parameters, config.weight_decay)
        self._config = config

    def _update(self, learning_rate: float, /, *arrays: Array) -> None:
        parameter, gradient, velocity = arrays
        step: Array = scratch(gradient.dtype)("step", gradient.size)
        velocity *= self._config.momentum
        velocity += gradient
        if self._config.nesterov:
            np.multiply(velocity, self._config.momentum, out=step)
            step += gradient
            step *= learning_rate
        else:
            np.multiply(velocity, learning_rate, out=step)
        parameter -= step


AnyOptimizer = Annotated[Adam | AdamW | RMSprop | SGD, Field(discriminator="kind")]
"""Every optimizer, told apart by its `kind`. A new one is a class and its name here."""
