"""Axes: which stretch of values a chart shows, where its ticks are and what they say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tui.render.formats import rate

Values = NDArray[np.float64]

SMALLEST, LARGEST = 1e-100, 1e100
"""What an axis can show: its span and steps stay far from where floats overflow or vanish."""


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high` with the values and the texts of its ticks."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    log: bool = False

    def fractions(self, values: Values) -> Values:
        """Where values lie on the axis, 0 at its low end and 1 at its high end."""
        low, high = self.low, self.high
        if self.log:
            low, high, values = math.log10(low), math.log10(high), np.log10(values)
        return (values - low) / (high - low)


def drawable(values: Values, *, log: bool = False) -> NDArray[np.bool_]:
    """Which values an axis can show: finite ones, above zero on a logarithmic axis."""
    shown = np.abs(values) < LARGEST
    return shown & (values > SMALLEST) if log else shown


def across(low: float, high: float, n_ticks: int) -> Scale:
    """A horizontal axis that ends where its values end; a single value stands in the middle."""
    if _is_flat(low, high):
        reach = max(0.5, abs(low) * 1e-3)
        return Scale(low - reach, low + reach, (low,), (f"{low:,g}",))
    step = _round_step((high - low) / n_ticks)
    ticks = _multiples(step, low, high)
    if not ticks:
        # A step of up to five halves of that length may miss an axis that does not begin at 0.
        step = _round_step(step / 3)
        ticks = _multiples(step, low, high)
    return Scale(low, high, ticks, _labels(ticks, step))


def across_log(low: float, high: float, n_ticks: int) -> Scale:
    """A horizontal logarithmic axis for values above zero, that ends where its values end.

    Within less than a factor of four its ticks are those of a linear axis.
    """
    if _is_flat(low, high):
        low, high = low / 2, high * 2
    if high / low < 4:
        return replace(across(low, high, n_ticks), log=True)
    ticks = _steps_of_ten(low, high, n_ticks)
    return Scale(low, high, ticks, tuple(map(rate, ticks)), log=True)


def upward(low: float, high: float, n_ticks: int, *, percent: bool = False) -> Scale:
    """A vertical axis that ends a little outside its values, on a fifth of the tick distance.

    With `percent` the values are fractions, and the axis stays within 0 and 100 % if they do.
    """
    within = percent and low >= 0 and high <= 1
    if _is_flat(low, high):
        low, high = _around(low)
    step = _round_step((high - low) / n_ticks)
    fifth = step / 5
    low, high = math.floor(low / fifth + 1e-9) * fifth, math.ceil(high / fifth - 1e-9) * fifth
    if within:
        low, high = max(low, 0.0), min(high, 1.0)
    ticks = _multiples(step, low, high)
    if percent:
        labels = _percents(_labels(tuple(100 * tick for tick in ticks), 100 * step))
    else:
        labels = _labels(ticks, step)
    return Scale(low, high, ticks, labels)


def upward_log(low: float, high: float, n_ticks: int, *, percent: bool = False) -> Scale:
    """A vertical logarithmic axis for values above zero.

    Within less than a factor of four its ticks are those of a linear axis.
    """
    if _is_flat(low, high):
        low, high = low / 2, high * 2
    if high / low < 4:
        linear = upward(low, high, n_ticks, percent=percent)
        if linear.low > 0:
            return replace(linear, log=True)
    low, high = _one_digit(low, math.floor), _one_digit(high, math.ceil)
    ticks = _steps_of_ten(low, high, n_ticks)
    labels = tuple(rate(100 * tick if percent else tick) for tick in ticks)
    return Scale(low, high, ticks, _percents(labels) if percent else labels, log=True)


def _multiples(step: float, low: float, high: float) -> tuple[float, ...]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(i * step for i in range(first, last + 1))


def _one_digit(value: float, rounding: Callable[[float], int]) -> float:
    """A value with one significant digit."""
    exponent = math.floor(math.log10(value))
    digit = rounding(round(value / 10.0**exponent, 9))
    return float(f"{digit}e{exponent}")


def _steps_of_ten(low: float, high: float, n_ticks: int) -> tuple[float, ...]:
    """The most ticks up to n_ticks of the usual divisions of a factor of ten."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        steps = [float(f"{digit}e{exponent}") for exponent in exponents for digit in digits]
        ticks = [step for step in steps if low <= step <= high]
        if len(ticks) <= n_ticks:
            break
    return tuple(ticks[:: max(1, math.ceil(len(ticks) / n_ticks))])


def _is_flat(low: float, high: float) -> bool:
    return high - low <= max(1e-9 * max(abs(low), abs(high)), SMALLEST)


def _around(value: float) -> tuple[float, float]:
    reach = abs(value) / 2 if abs(value) > SMALLEST else 1.0
    return value - reach, value + reach


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not less than this."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


def _labels(ticks: tuple[float, ...], step: float) -> tuple[str, ...]:
    """Ticks with as many decimals as their distance needs."""
    if step < 1e-6 or max(map(abs, ticks), default=0.0) >= 1e9:
        return tuple(f"{tick:g}" for tick in ticks)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return tuple(f"{tick:,.{decimals}f}" for tick in ticks)


def _percents(numbers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{number} %" for number in numbers)
