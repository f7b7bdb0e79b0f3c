"""A series of numbers that grows at its end, as a run's losses do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Growing:
    """An append-only series of floats; its room doubles, so that adding stays cheap."""

    def __init__(self) -> None:
        self._room = np.empty(1024)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> Floats:
        """What was added so far (n,), without a copy; read-only, to be fetched anew for news."""
        view = self._room[: self._length]
        view.flags.writeable = False
        return view

    def extend(self, values: Sequence[float] | Floats) -> None:
        """Add values at the end."""
        length = self._length + len(values)
        if length > len(self._room):
            larger = np.empty(max(length, 2 * len(self._room)))
            larger[: self._length] = self.values
            self._room = larger
        self._room[self._length : length] = values
        self._length = length

    def keep(self, wanted: npt.NDArray[np.bool_]) -> None:
        """Keep only the values that are marked (n,)."""
        kept = self.values[wanted]
        self._room[: len(kept)] = kept
        self._length = len(kept)

    def truncate(self, length: int) -> None:
        """Keep the first `length` values only."""
        self._length = min(self._length, length)
