"""Arithmetic on all values of a network, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import sqrt

import numpy as np

from nn.types import Array

CHUNK = 16384
"""Values handled at a time: several float32 arrays of this size stay in the cache together."""


def chunks(*arrays: Array) -> Iterator[list[Array]]:
    """Pieces of arrays of one shape, flat and side by side; changing them changes the arrays."""
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, CHUNK):
        yield [array[start : start + CHUNK] for array in flat]


def norm(arrays: Iterable[Array]) -> float:
    """The 2-norm of all values together, summed in float64, where no float32 overflows."""
    total = 0.0
    for array in arrays:
        for (part,) in chunks(array):
            wide = part.astype(np.float64)
            total += float(wide @ wide)
    return sqrt(total)


def move_towards(arrays: Mapping[str, Array], goals: Mapping[str, Array], share: float) -> None:
    """Move values a share of their way towards others of the same names."""
    for name, array in arrays.items():
        for part, goal in chunks(array, goals[name]):
            way = goal - part
            way *= share
            part += way
