"""How large gradients, updates and parameters are, at a cost that training does not feel.

What is told of is the ratio of an update to its parameter: about a thousandth is usual, far less
learns nothing and far more forgets. Once a second one step is measured, and of a large array only
some values, the same ones each time; for the original network that takes less than a millisecond.
"""

from __future__ import annotations

from math import isfinite, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nn.training import Training
from nn.types import Array

INTERVAL = 1.0
"""Seconds from one measured step to the next."""

SAMPLE = 4_096
"""Values that are looked at of a larger array."""

DIGITS = 4
"""Significant digits that are told."""


class Sizes(NamedTuple):
    """The Euclidean norms of an array's gradient, of its change by a step, and of itself."""

    gradient: float
    update: float
    parameter: float


class SizeMeter:
    """Measures one step of a training now and then."""

    def __init__(self, training: Training) -> None:
        self._training = training
        rng = np.random.default_rng(0)
        self._places = {
            name: np.sort(rng.integers(0, array.size, SAMPLE)) if array.size > SAMPLE else None
            for name, array in training.network.parameters.items()
        }
        self._measured = -INTERVAL
        self._before: dict[str, Array] = {}
        self._steps = 0

    def after_batch(self, now: float) -> dict[str, Sizes]:
        """To be called after each batch, at a time in seconds; gives sizes now and then.

        They are by the name of the array. One that has a size that is no number is left out.
        """
        steps, parameters = self._training.optimizer.steps, self._training.network.parameters
        if self._before:
            if steps == self._steps:
                return {}  # gradients are being gathered: the step is still to come
            before, self._before = self._before, {}
            self._measured = now
            return self._sizes(before)
        if now - self._measured >= INTERVAL:
            self._before = {name: self._values(name, array) for name, array in parameters.items()}
            self._steps = steps
        return {}

    def _sizes(self, before: dict[str, Array]) -> dict[str, Sizes]:
        network, found = self._training.network, {}
        for name, old in before.items():
            new = self._values(name, network.parameters[name])
            gradient = self._values(name, network.gradients[name])
            scale = sqrt(network.parameters[name].size / max(old.size, 1))
            sizes = [scale * _norm(values) for values in (gradient, new - old, new)]
            if all(map(isfinite, sizes)):
                found[name] = Sizes(*(float(f"{size:.{DIGITS - 1}e}") for size in sizes))
        return found

    def _values(self, name: str, array: Array) -> npt.NDArray[np.float64]:
        """The values of an array that are looked at, as a copy."""
        places = self._places[name]
        chosen = array.reshape(-1) if places is None else np.take(array, places)
        return chosen.astype(np.float64)


def _norm(values: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(values @ values))
