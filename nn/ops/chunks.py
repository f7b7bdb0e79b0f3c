"""Arithmetic on all values of a network, a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import ceil, sqrt
from typing import TypeVar

import numpy as np

from nn.ops.threads import each, scratch
from nn.types import Array

Part = TypeVar("Part")

CHUNK = 65536
"""Values handled at a time: several float32 arrays of this size stay in the cache together."""

FEWEST = 8
"""Into so many chunks an array is cut before they grow: so several threads have work ..."""

LARGEST = 3 * CHUNK
"""... and into larger ones, of so many values at most, from there on: Python's lock is taken
between any two operations, so that threads wait for it the less, the fewer there are."""


def chunks(*arrays: Array) -> Iterator[list[Array]]:
    """Pieces of arrays of one shape, flat and side by side; changing them changes the arrays."""
    flat = [array.reshape(-1) for array in arrays]
    length = min(max(CHUNK, ceil(flat[0].size / FEWEST)), LARGEST)
    for start in range(0, flat[0].size, length):
        yield [array[start : start + length] for array in flat]


def each_chunk(
    work: Callable[[Part], object], parts: Iterable[Part], size: Callable[[Part], int]
) -> None:
    """Call `work` with each part, on several threads; `size` says how many values a part has.

    Small ones go together: a few values are not worth a thread's while.
    """
    groups: list[list[Part]] = []
    room = 0
    for part in parts:
        if (room := room - size(part)) < 0:
            groups.append([])
            room = CHUNK - size(part)
        groups[-1].append(part)

    def work_through(group: list[Part]) -> None:
        for part in group:
            work(part)

    each(work_through, groups)


def norm(arrays: Iterable[Array]) -> float:
    """The 2-norm of all values together, summed in float64, where no float32 overflows."""
    parts = [part for array in arrays for (part,) in chunks(array)]
    squares = np.zeros(len(parts))

    def add(number: int) -> None:
        wide = scratch(np.float64)("wide", parts[number].size)
        np.copyto(wide, parts[number])
        squares[number] = wide @ wide

    each_chunk(add, range(len(parts)), lambda number: parts[number].size)
    return sqrt(squares.sum())


def move_towards(arrays: Mapping[str, Array], goals: Mapping[str, Array], share: float) -> None:
    """Move values a share of their way towards others of the same names."""

    def move(parts: list[Array]) -> None:
        part, goal = parts
        way = scratch(part.dtype)("way", part.size)
        np.subtract(goal, part, out=way)
        way *= share
        part += way

    both = [parts for name in arrays for parts in chunks(arrays[name], goals[name])]
    each_chunk(move, both, lambda parts: parts[0].size)
