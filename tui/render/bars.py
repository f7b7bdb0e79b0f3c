"""A single row of text as a picture of numbers: bars and sparklines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.-=+*#"


def bar(fraction: float, width: int, *, track: bool = False, ascii: bool = False) -> str:
    """A horizontal bar of exactly `width` cells: a line, which leaves the one above it apart.

    A fraction outside [0, 1] is drawn as the nearer end, one that is not a number as empty.
    With `track` the unfilled rest is visible, as progress bars want it.
    """
    part = min(max(fraction, 0.0), 1.0) if not math.isnan(fraction) else 0.0
    if ascii:
        return ("#" * round(part * width)).ljust(width, "-" if track else " ")
    whole, half = divmod(round(part * width * 2), 2)
    end, rest = ("╾", "─") if track else ("╸", " ")
    return ("━" * whole + end * half).ljust(width, rest)


def sparkline(
    values: Sequence[float] | NDArray[np.floating], width: int, *, ascii: bool = False
) -> str:
    """The course of some values in exactly `width` cells, from the lowest to the highest of them.

    More values than cells are averaged in equal stretches; values that are not finite stay blank.
    """
    numbers = np.asarray(values, dtype=np.float64)
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    if len(numbers) > width > 0:
        numbers = np.array([_mean(part) for part in np.array_split(numbers, width)])
    known = numbers[~np.isnan(numbers)]
    if width < 1 or len(known) == 0:
        return " " * max(0, width)
    levels = ASCII_LEVELS if ascii else LEVELS
    low, span = known.min(), np.ptp(known)
    heights = (numbers - low) / span if span > 0 else numbers * 0 + 0.5
    cells = [
        " " if np.isnan(h) else levels[min(int(h * len(levels)), len(levels) - 1)] for h in heights
    ]
    return "".join(cells).ljust(width)


def _mean(part: NDArray[np.float64]) -> float:
    known = part[~np.isnan(part)]
    return float(known.mean()) if len(known) else math.nan
