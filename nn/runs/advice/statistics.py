"""How far figures can be believed."""

from __future__ import annotations

from math import log10, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CLEAR = 3.0
"""By how many standard errors figures have to differ before a remark is made: chance alone does
that in about one of 400 cases."""


def share_error(share: float, count: int) -> float:
    """The standard error of a share that was found among so many.

    With two hits and two misses added, so that it is not 0 where all were hits. Agresti and Coull,
    "Approximate Is Better than Exact for Interval Estimation of Binomial Proportions" (1998).
    """
    count = max(count, 0)
    near = (share * count + 2) / (count + 4)
    return sqrt(near * (1 - near) / (count + 4))


class Mean(NamedTuple):
    """The mean of some values and its standard error."""

    value: float
    error: float


def mean(values: Floats) -> Mean:
    """Of values (n,) that are drawn independently, two of them at least."""
    return Mean(float(values.mean()), float(values.std(ddof=1)) / sqrt(len(values)))


def apart(first: Mean, second: Mean) -> float:
    """How many standard errors the first mean is above the second one."""
    error = sqrt(first.error**2 + second.error**2)
    difference = first.value - second.value
    return difference / error if error > 0 else float(np.sign(difference)) * 99.0


def rounded(value: float) -> float:
    """A value as people choose one: 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** np.floor(log10(value))
    near = min((1, 2, 5, 10), key=lambda each: abs(log10(value / (each * power))))
    return float(f"{near * power:.0e}")


def percent(share: float, digits: int = 1) -> str:
    """A share in words, as in 97.5 %."""
    return f"{100 * share:.{digits}f} %"


def points(share: float) -> str:
    """A difference of shares, as in 2.5 points."""
    return f"{100 * share:.1f} points"
