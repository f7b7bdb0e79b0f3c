"""Text that can be read, in whichever colours the terminal has.

A theme is made for true colours. With 256 or 16 of them ink and ground move towards each other.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import BLACK, WHITE, Color
from textual.filter import LineFilter

READABLE = 4.5
"""The contrast that text needs (WCAG 2.1, success criterion 1.4.3)."""

MARKS = frozenset(".,;:!?%()'\"")
"""What belongs to words; other signs may be parts of pictures."""

SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""How far ink is moved towards black or white, as little as will do."""


class ContrastFilter(LineFilter):
    """Makes words darker or lighter where they would not stand out; pictures stay as they are."""

    def __init__(self, colors: ColorSystem) -> None:
        super().__init__()
        self._colors = colors

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, with ink that can be read."""
        return [
            Segment(text, readable(style, self._colors), control)
            if style is not None and any(each.isalnum() or each in MARKS for each in text)
            else Segment(text, style, control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=4096)
def readable(style: Style, colors: ColorSystem) -> Style:
    """A style with enough contrast; one with a colour that only the terminal knows stays."""
    ink, ground = style.color, style.bgcolor
    if ink is None or ground is None or ink.is_default or ground.is_default:
        return style
    shown = _shown(ground, colors)
    if contrast(_shown(ink, colors), shown) >= READABLE:
        return style
    end = max((BLACK, WHITE), key=lambda each: contrast(each, shown))
    for share in SHARES:
        new = _shown(ink, ColorSystem.TRUECOLOR).blend(end, share).rich_color
        if contrast(_shown(new, colors), shown) >= READABLE:
            break
    return style + Style(color=new)


def contrast(one: Color, other: Color) -> float:
    """How far two colours are apart (WCAG 2.1), from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _shown(color: RichColor, colors: ColorSystem) -> Color:
    """A colour as a terminal of that many shows it."""
    return Color(*color.downgrade(colors).get_truecolor())


def _luminance(color: Color) -> float:
    """The relative luminance of WCAG 2.1, from 0 to 1."""
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
