"""Turns what stands on a screen into a picture, cell by cell.

Text is set in DejaVu Sans Mono, which Pillow finds where the system keeps its fonts. Blocks and
braille are drawn here, so that they fill their cells and meet without a seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.app import App
from textual.color import Color

FONT_SIZE = 20
WIDTH, HEIGHT = 12, 24
"""Pixels of a cell: what a sign of that size takes."""

MARGIN = 12
INK, PAPER = Color(224, 224, 224), Color(18, 18, 18)
"""Where a style leaves it open."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in eighths of a cell."""

SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
QUADRANTS = dict(zip("▘▝▀▖▌▞▛▗▚▐▜▄▙▟█", range(1, 16), strict=True))
"""Bits: 1 and 2 for the upper quarters, 4 and 8 for the lower ones."""

BRAILLE = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of the dot that each bit stands for."""

Pen = ImageDraw.ImageDraw
Place = tuple[int, int]


def screen_of(app: App[str]) -> list[list[Segment]]:
    """What stands on the screen line by line, with what shines through a dialog."""
    stack = app._background_screens
    update = app.screen._compositor.render_update(full=True, screen_stack=stack)
    assert isinstance(update, LayoutUpdate)
    return [[each for strip in line for each in strip] for line in update.strips]


def text_of(lines: Sequence[Sequence[Segment]]) -> str:
    """The signs alone."""
    return "\n".join("".join(segment.text for segment in line) for line in lines)


def paint(lines: Sequence[Sequence[Segment]]) -> Image.Image:
    """The picture of some lines, all signs of which are one cell wide."""
    cells = [
        (sign, (MARGIN + column * WIDTH, MARGIN + row * HEIGHT), segment_style)
        for row, line in enumerate(lines)
        for column, (sign, segment_style) in enumerate(
            (sign, segment.style or Style.null()) for segment in line for sign in segment.text
        )
    ]
    width = max(left for _, (left, _), _ in cells) + WIDTH + MARGIN
    height = MARGIN + len(lines) * HEIGHT + MARGIN
    image = Image.new("RGB", (width, height), PAPER.rgb)
    pen = ImageDraw.Draw(image)
    for _, (left, top), style in cells:
        pen.rectangle((left, top, left + WIDTH - 1, top + HEIGHT - 1), _colors(style)[1].rgb)
    for sign, place, style in cells:
        _draw(pen, sign, place, style)
    return image.quantize(method=Image.Quantize.MAXCOVERAGE)


def _draw(pen: Pen, sign: str, place: Place, style: Style) -> None:
    ink, paper = _colors(style)
    if sign in SHADES:
        _fill(pen, (0, 0, 8, 8), place, paper.blend(ink, SHADES[sign]))
    elif "⠀" <= sign <= "⣿":
        _dots(pen, ord(sign) - ord("⠀"), place, ink)
    elif boxes := _boxes(sign):
        for box in boxes:
            _fill(pen, box, place, ink)
    elif sign != " ":
        pen.text(place, sign, ink.rgb, _font(bold=bool(style.bold)))


def _boxes(sign: str) -> list[Box]:
    """What a block fills; nothing of other signs."""
    if sign in QUADRANTS:
        corners = enumerate(((0, 0), (4, 0), (0, 4), (4, 4)))
        return [(x, y, x + 4, y + 4) for bit, (x, y) in corners if QUADRANTS[sign] >> bit & 1]
    if "▁" <= sign <= "▇":
        return [(0, ord("█") - ord(sign), 8, 8)]
    if "▉" <= sign <= "▏":
        return [(0, 0, ord("▐") - ord(sign), 8)]
    return {"▔": [(0, 0, 8, 1)], "▕": [(7, 0, 8, 8)]}.get(sign, [])


def _fill(pen: Pen, box: Box, place: Place, color: Color) -> None:
    left, top, right, bottom = (
        start + round(eighths * size / 8)
        for eighths, start, size in zip(box, place * 2, (WIDTH, HEIGHT) * 2, strict=True)
    )
    pen.rectangle((left, top, right - 1, bottom - 1), color.rgb)


def _dots(pen: Pen, bits: int, place: Place, ink: Color) -> None:
    """Round dots of four pixels, in a raster of six."""
    for bit, (column, row) in enumerate(BRAILLE):
        if bits >> bit & 1:
            left, top = place[0] + 1 + column * WIDTH // 2, place[1] + 1 + row * HEIGHT // 4
            pen.rectangle((left, top + 1, left + 3, top + 2), ink.rgb)
            pen.rectangle((left + 1, top, left + 2, top + 3), ink.rgb)


def _colors(style: Style) -> tuple[Color, Color]:
    """Of the ink and of the paper."""
    ink = INK if style.color is None else Color.from_rich_color(style.color)
    paper = PAPER if style.bgcolor is None else Color.from_rich_color(style.bgcolor)
    if style.reverse:
        ink, paper = paper, ink
    return (ink.blend(paper, 0.4) if style.dim else ink), paper


@cache
def _font(*, bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(f"DejaVuSansMono{'-Bold' if bold else ''}.ttf", FONT_SIZE)
