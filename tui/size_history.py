"""How large each layer's gradient, its update and its parameters were in the course of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tui.series import Floats

MOST = 1 << 11
"""Of more moments only every second is kept, and so on: a chart has a few hundred columns."""

GRADIENT, UPDATE, PARAMETER = range(3)


class SizeHistory:
    """Norms by layer, one moment after the other; a layer's arrays count as one vector."""

    def __init__(self) -> None:
        self.layers: tuple[str, ...] = ()
        self._steps: list[int] = []
        self._moments: list[Floats] = []
        self._left_out = 1
        self._seen = 0

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> Floats:
        """When they were measured (n,), rising."""
        return np.array(self._steps, dtype=np.float64)

    def gradients(self, layer: str) -> Floats:
        """The norm of a layer's gradient at each of them (n,)."""
        return self._of(layer, GRADIENT)

    def ratios(self, layer: str) -> Floats:
        """That of its update by that of its parameters (n,); no number where those are all zero."""
        update, parameter = self._of(layer, UPDATE), self._of(layer, PARAMETER)
        known = parameter > 0
        return np.where(known, update / np.where(known, parameter, 1.0), np.nan)

    def add(self, step: int, sizes: Mapping[str, Sequence[float]]) -> None:
        """What a trainer told, by the name of each array, as in `1.conv2d.weights`."""
        squares: dict[str, Floats] = {}
        for name, size in sizes.items():
            layer = name.rpartition(".")[0].replace(".", " ")
            squares[layer] = squares.get(layer, np.zeros(3)) + np.square(size)
        if not self.layers:
            self.layers = tuple(squares)
        unknown = np.full(3, np.nan)
        self._seen += 1
        if self._seen % self._left_out == 0:
            self._steps.append(step)
            self._moments.append(np.sqrt([squares.get(layer, unknown) for layer in self.layers]))
        if len(self) > MOST:
            self._left_out *= 2
            self._steps, self._moments = self._steps[1::2], self._moments[1::2]

    def forget(self, last: int) -> None:
        """Keep what was measured up to a step only."""
        while self._steps and self._steps[-1] > last:
            self._steps.pop()
            self._moments.pop()

    def _of(self, layer: str, part: int) -> Floats:
        at = self.layers.index(layer)
        return np.array([moment[at, part] for moment in self._moments], dtype=np.float64)
