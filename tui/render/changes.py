"""What has become more or less, told by a sign and not by colour alone."""

from __future__ import annotations


def sign(difference: float, *, ascii: bool = False) -> str:
    """An arrow upwards or downwards, or an equals sign."""
    up, down = ("^", "v") if ascii else ("▲", "▼")
    return up if difference > 0 else down if difference < 0 else "="


def points(difference: float, digits: int = 2, *, ascii: bool = False) -> str:
    """A difference of shares as "▲ 1.20", in hundredths; one that rounds to nothing as "= 0.00"."""
    shown = round(100 * difference, digits)
    return f"{sign(shown, ascii=ascii)} {abs(shown):.{digits}f}"
