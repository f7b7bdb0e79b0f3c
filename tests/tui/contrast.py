"""How well what stands on a screen can be read, as W3C measures it (WCAG 2.1, contrast ratio)."""

from __future__ import annotations

from rich.color import Color, ColorSystem
from rich.style import Style
from textual.app import App


def contrasts(app: App[str], system: ColorSystem) -> list[tuple[float, str, str]]:
    """Each piece of text: its contrast in that system of colours, itself, and its colours."""
    found = []
    for strip in app.screen._compositor.render_strips():
        for text, style, _ in strip:
            if any(each.isalnum() for each in text) and _is_known(style):
                ink, ground = _colors(style, system)
                found.append((contrast(ink, ground), text.strip(), f"{ink} on {ground}"))
    return found


def _is_known(style: Style | None) -> bool:
    """Whether it is not for the terminal's own settings to say what this looks like."""
    colors = (None, None) if style is None else (style.color, style.bgcolor)
    return all(color is not None and not color.is_default for color in colors)


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """From 1, the same, to 21, black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _colors(style: Style, system: ColorSystem) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    ink, ground = (
        (color or Color.default()).downgrade(system).get_truecolor(foreground=place == 0)
        for place, color in enumerate((style.color, style.bgcolor))
    )
    return (tuple(ground), tuple(ink)) if style.reverse else (tuple(ink), tuple(ground))  # type: ignore[return-value]


def _luminance(color: tuple[int, int, int]) -> float:
    shares = (each / 255 for each in color)
    linear = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares
    )
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
