"""A single row of text as a picture of numbers: bars and sparklines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EIGHTHS = " ▏▎▍▌▋▊▉"
LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.-=+*#"


def bar(fraction: float, width: int, *, track: bool = False, ascii: bool = False) -> str:
    """A horizontal bar of exactly `width` cells.

    A fraction outside [0, 1] is drawn as the nearer end, one that is not a number as empty.
    With `track` the unfilled rest is visible, as progress bars want it.
    """
    part = min(max(fraction, 0.0), 1.0) if not math.isnan(fraction) else 0.0
    rest = ("-" if ascii else "░") if track else " "
    if ascii:
        return ("#" * round(part * width)).ljust(width, rest)
    whole, eighths = divmod(round(part * width * 8), 8)
    return ("█" * whole + EIGHTHS[eighths] * (eighths > 0)).ljust(width, rest)


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
