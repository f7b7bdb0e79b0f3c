"""Numbers as people read them, the same on the screen and on the command line.

A value that is not finite, like the time left before the first batch, is shown as "?".
"""

from __future__ import annotations

import math

UNKNOWN = "?"


def count(n: int) -> str:
    """A whole number with separated thousands: "3,274,634"."""
    return f"{n:,}"


def short(n: float) -> str:
    """A number in three significant digits and a decimal prefix: "13.9 M"."""
    return _scaled(n, ("", "k", "M", "G", "T", "P")).rstrip()


def size(n_bytes: float) -> str:
    """An amount of memory in decimal units: "246 MB"."""
    return _scaled(n_bytes, ("B", "kB", "MB", "GB", "TB", "PB"))


def _scaled(value: float, units: tuple[str, ...]) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    rank = 0
    while rank < len(units) - 1 and abs(value) >= (999.5 if rank else 1000):
        value /= 1000
        rank += 1
    if rank == 0:
        return f"{value:.0f} {units[0]}"
    decimals = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{decimals}f} {units[rank]}"


def duration(seconds: float) -> str:
    """A stretch of time as minutes and seconds, "1:12", or with hours, "2:03:04"."""
    if not math.isfinite(seconds):
        return UNKNOWN
    minutes, second = divmod(max(0, round(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def age(seconds: float) -> str:
    """How long ago something happened, in its largest whole unit: "12 s", "3 min", "2 h", "5 d"."""
    if not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= length:
            return f"{whole // length} {unit}"
    return f"{whole} s"


def percent(fraction: float, digits: int = 2) -> str:
    """A fraction as "99.12 %"; only what is wholly right reads as 100."""
    if not math.isfinite(fraction):
        return UNKNOWN
    shown = round(100 * fraction, digits)
    if fraction < 1 <= shown / 100:
        shown = 100 - 10**-digits
    return f"{shown:.{digits}f} %"


def loss(nats: float) -> str:
    """A loss as "0.1085"; one far beyond what losses are in three significant digits, "2.04e56"."""
    return f"{nats:.4f}" if abs(nats) < 10_000 else rate(nats)


def rate(x: float) -> str:
    """A learning rate in at most three significant digits: "0.001", "3e-4"."""
    if not math.isfinite(x):
        return UNKNOWN
    mantissa, exponent = f"{x:.2e}".split("e")
    if x == 0 or -3 <= int(exponent) < 3:
        return f"{float(f'{mantissa}e{exponent}'):g}"
    return f"{float(mantissa):g}e{int(exponent)}"
