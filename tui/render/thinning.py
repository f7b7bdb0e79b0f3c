"""Long curves made short: thinned to what a canvas can show, averaged, and the range of that.

A run of a hundred thousand batches is drawn several times a minute, so that all of this works on
whole arrays or on a few values a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Given = Sequence[float] | NDArray[Any]
Range = tuple[float, float]

FINENESS = 8
"""Means of a column that a long curve is first made of, where it is averaged."""


def decimate(
    x: Given, y: Given, columns: int, *, log: bool = False, within: Range | None = None
) -> tuple[Values, Values]:
    """At most 4 * columns points of a curve: the first, last, lowest and highest of each column.

    A line through them covers the same cells as one through all. x (n,) does not decrease and is
    cut into equal columns, on a logarithmic axis into columns of equal ratio, from its first value
    to its last or `within` a range; points whose y is not finite are left out.
    """
    xs, ys = _known(x, y)
    if len(xs) <= 4 * columns:
        return xs, ys
    kept = set()
    for first, after in _columns(xs, columns, log, within):
        part = ys[first:after]
        kept |= {first, after - 1, first + int(part.argmin()), first + int(part.argmax())}
    order = sorted(kept)
    return xs[order], ys[order]


def envelope(
    x: Given, y: Given, columns: int, *, log: bool = False, within: Range | None = None
) -> tuple[Values, Values, Values]:
    """In which range the values of each column lie: one of its x, its lowest and its highest y.

    Columns without a finite value are left out; x as for `decimate`.
    """
    xs, ys = _known(x, y)
    if len(xs) == 0:
        return xs, ys, ys
    starts = np.array([first for first, _ in _columns(xs, columns, log, within)])
    lows, highs = np.minimum.reduceat(ys, starts), np.maximum.reduceat(ys, starts)
    return xs[starts], lows, highs


def smooth(y: Given, width: float) -> Values:
    """The mean of each value and its neighbours, about `width` values in all, as long as y.

    Each mean stands in the middle of what it is of, so that a curve neither lags behind nor
    overshoots; at both ends it is of the neighbours that there are, so that it reaches the newest
    value. Values that are not finite stay NaN and count for nothing.
    """
    ys = np.asarray(y, dtype=np.float64)
    half = min(max(0, round((width - 1) / 2)), len(ys) - 1)
    if half <= 0:
        return ys
    known = np.isfinite(ys)
    window = np.ones(2 * half + 1)
    if known.all():
        to_an_end = np.minimum(np.arange(len(ys)), half)
        counts = (to_an_end + to_an_end[::-1] + 1).astype(np.float64)
    else:
        counts = np.convolve(known.astype(np.float64), window)[half : half + len(ys)]
    totals = np.convolve(np.where(known, ys, 0.0), window)[half : half + len(ys)]
    return np.where(known, totals / np.where(known, counts, 1.0), np.nan)


def averaged(x: Given, y: Given, width: float, columns: int) -> tuple[Values, Values]:
    """A curve of which each value is a mean of about so many.

    A curve of far more values than columns is first made of the means of equal stretches, so that
    a run of a million batches costs no more than one of a thousand.
    """
    xs, ys = _known(x, y)
    # A power of two, so that a curve that grows is not made anew for each of its values.
    stretch = 1 << max(0, (len(ys) // (FINENESS * max(columns, 1))).bit_length() - 1)
    if width > 1 and stretch > 1:
        starts = np.arange(0, len(ys), stretch)
        ends = np.minimum(starts + stretch, len(ys))
        # The first and the last value keep their places, so that the curve is as long as before.
        middles = (starts + ends - 1) // 2
        middles[0], middles[-1] = 0, len(ys) - 1
        xs, ys = xs[middles], np.add.reduceat(ys, starts) / (ends - starts)
        width /= stretch
    return xs, smooth(ys, width)


def _known(x: Given, y: Given) -> tuple[Values, Values]:
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = np.isfinite(ys)
    return (xs, ys) if known.all() else (xs[known], ys[known])


def _columns(
    xs: Values, columns: int, log: bool, within: Range | None = None
) -> list[tuple[int, int]]:
    """Where the values of each column begin and end, of those columns that have any."""
    low, high = within or (xs[0], xs[-1])
    spaced = np.geomspace if log and low > 0 else np.linspace
    edges = spaced(low, high, columns + 1)[1:-1]
    inner = np.searchsorted(xs, edges).tolist()
    return [(a, b) for a, b in pairwise([0, *inner, len(xs)]) if a < b]
