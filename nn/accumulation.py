"""Gradients of several batches, gathered for one step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nn.types import Array


class Accumulation:
    """The mean gradient of a group of batches, which is that of one batch of all their images.

    g = sum w_k g_k / sum w_k, for the mean gradient g_k of batch k, which counts w_k. `sums` and
    `weight` are the two sums so far: with them, a group can be gathered further later.
    """

    def __init__(self, gradients: Mapping[str, Array]) -> None:
        self.weight = 0.0
        self.sums = {name: np.zeros_like(value) for name, value in gradients.items()}
        self._gradients = gradients

    def add(self, weight: float) -> None:
        """Take in the gradients of a batch that counts so much."""
        self.weight += weight
        for name, total in self.sums.items():
            total += self._gradients[name] * weight

    def conclude(self) -> None:
        """Turn the gradients into the mean of the group, and begin the next one."""
        for name, total in self.sums.items():
            np.divide(total, self.weight, out=self._gradients[name])
            total.fill(0)
        self.weight = 0.0
