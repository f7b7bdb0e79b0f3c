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

from nn.network import Network
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

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._places: dict[str, npt.NDArray[np.int64]] = {}
        self._measured = -INTERVAL
        self._before: dict[str, Array] = {}
        self._steps = 0

    def after_batch(self, training: Training, now: float) -> dict[str, Sizes]:
        """To be called after each batch, at a time in seconds; gives sizes now and then.

        They are by the name of the array. One that has a size that is no number is left out.
        """
        steps, parameters = training.optimizer.steps, training.network.parameters
        if self._before:
            if steps == self._steps:
                return {}  # gradients are being gathered: the step is still to come
            before, self._before = self._before, {}
            self._measured = now
            return self._sizes(training.network, before)
        if now - self._measured >= INTERVAL:
            self._before = {name: self._values(name, array) for name, array in parameters.items()}
            self._steps = steps
        return {}

    def _sizes(self, network: Network, before: dict[str, Array]) -> dict[str, Sizes]:
        found = {}
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
        if array.size <= SAMPLE:
            return array.reshape(-1).astype(np.float64)
        if name not in self._places:
            self._places[name] = np.sort(self._rng.integers(0, array.size, SAMPLE))
        return np.take(array, self._places[name]).astype(np.float64)


def _norm(values: npt.NDArray[np.float64]) -> float:
    return float(np.sqrt(values @ values))
