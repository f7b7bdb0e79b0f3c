"""A single row of text as a picture of a number."""

from __future__ import annotations

import math


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
