"""Maps of numbers above and below zero as characters: one large, or many side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from rich.text import Text

from tui.render.images import (
    GREY_LEVELS,
    PictureStyle,
    Shades,
    cover,
    half_blocks,
    quadrants,
    ramp,
    rgb,
)

LEAST_WIDTH = 8
"""Cells below which a map of many pixels tells nothing."""

ENLARGED = (4, 3, 2, 1, 3 / 4, 1 / 2, 3 / 8, 1 / 3, 1 / 4)
"""How many cells a pixel may take; three of them make whole lines of an even number only."""


@dataclass(frozen=True)
class Look:
    """How maps are drawn, and in which colours as #rrggbb.

    `ink` is 1, `paper` 0 and `below` -1. Where nothing is `coloured`, numbers below zero make zero
    a middle shade.
    """

    drawing: PictureStyle
    ink: str
    below: str
    paper: str
    words: str
    cursor: str
    on_cursor: str
    coloured: bool = True


@dataclass(frozen=True)
class Tiling:
    """How maps fill a space: so many columns and rows of pictures, their sizes in cells."""

    columns: int
    rows: int
    width: int
    lines: int

    @property
    def count(self) -> int:
        """How many pictures there are on a page."""
        return self.columns * self.rows


def tiling(height: int, width: int, count: int, room: tuple[int, int]) -> Tiling:
    """Pictures of maps so large that all have room (columns, lines), or as small as can be.

    Each has an edge to its left and a line for its number below.
    """
    least = min(LEAST_WIDTH, max(2 * width, len(str(count))))
    crisp = [factor for factor in ENLARGED if factor != 3 or height % 2 == 0 or height == 1]
    widths = [round(width * factor) for factor in crisp]
    tallest = 2 * (room[1] - 1) * width / height
    fitting = [each for each in widths if least <= each < room[0] and each <= tallest]
    tried = [_tiling(height, width, each, room) for each in fitting or [min(least, room[0] - 1)]]
    return next((each for each in tried if each.count >= count), tried[-1])


def _tiling(height: int, width: int, wide: int, room: tuple[int, int]) -> Tiling:
    wide = max(1, wide)
    lines = max(1, min(int(height * wide / width / 2), room[1] - 1))
    return Tiling(max(1, room[0] // (wide + 1)), max(1, room[1] // (lines + 1)), wide, lines)


def fitted(height: int, width: int, room: tuple[int, int]) -> tuple[int, int]:
    """The size (columns, lines) of one map as large as fits, by a whole factor if one does."""
    most = min(room[0] / width, 2 * room[1] / height)
    factor = float(int(most)) if most >= 1 else most
    return max(1, round(width * factor)), max(1, round(height * factor / 2))


def map_text(values: NDArray[Any], size: tuple[int, int], look: Look) -> Text:
    """One map (H, W) of values in [-1, 1] in so many columns and lines."""
    return _painted(_resized(values[:, :, None], size, look)[0], look)


def page_text(
    values: NDArray[Any], labels: Sequence[str], chosen: int | None, at: Tiling, look: Look
) -> Text:
    """Maps (H, W, n) of values in [-1, 1] side by side, each with a label; one may be marked."""
    pixels = _resized(values, (at.width, at.lines), look)
    lines: list[Text] = []
    for first in range(0, len(pixels), at.columns):
        places = range(first, min(first + at.columns, len(pixels)))
        lines += _row(pixels[first : first + at.columns], places, labels, chosen, at, look)
    return Text("\n", no_wrap=True).join(lines)


def _row(
    pixels: Shades,
    places: range,
    labels: Sequence[str],
    chosen: int | None,
    at: Tiling,
    look: Look,
) -> list[Text]:
    """Pictures beside each other, and their labels below them."""
    across = pixels.transpose(1, 0, 2).reshape(pixels.shape[1], -1)
    pictures = _painted(across, look).split("\n")
    mark = "|" if look.drawing == "ascii" else "▌"
    cursor = Style(color=look.on_cursor, bgcolor=look.cursor, bold=True)
    lines = []
    for picture in pictures:
        parts = picture.divide(range(at.width, at.width * len(places), at.width))
        line = Text(no_wrap=True)
        for place, part in zip(places, parts, strict=True):
            line.append(mark if place == chosen else " ", Style(color=look.cursor))
            line.append_text(part)
        lines.append(line)
    below = Text(no_wrap=True)
    for place in places:
        label = labels[place] if len(labels[place]) <= at.width else ""
        below.append(" ").append(
            label.center(at.width), cursor if place == chosen else Style(color=look.words)
        )
    return [*lines, below]


def _resized(values: NDArray[Any], size: tuple[int, int], look: Look) -> Shades:
    """(n, rows, columns) pixels, each the mean of the area that it covers.

    Means fade thin strokes, so each map's farthest pixel from zero is brought back to what it was.
    """
    across = 2 if look.drawing == "quadrant" else 1
    down = 1 if look.drawing == "ascii" else 2
    rows = cover(values.shape[0], size[1] * down)
    columns = cover(values.shape[1], size[0] * across)
    maps = np.clip(np.nan_to_num(values.astype(np.float64)), -1, 1).transpose(2, 0, 1)
    resized: Shades = rows @ maps @ columns.T
    was, became = (np.abs(each).max(axis=(1, 2), keepdims=True) for each in (maps, resized))
    restored: Shades = np.clip(resized * (was / np.where(became > 0, became, 1)), -1, 1)
    return restored


def _painted(pixels: Shades, look: Look) -> Text:
    """Pixels (rows, columns) as characters."""
    if look.coloured and look.drawing == "half":
        return half_blocks(_colours(pixels, look))
    shades = (pixels + 1) / 2 if pixels.min() < 0 else pixels
    if look.drawing == "half":
        return half_blocks(_colours(shades, look))
    return ramp(shades) if look.drawing == "ascii" else quadrants(shades)


def _colours(pixels: Shades, look: Look) -> NDArray[np.uint8]:
    """(rows, columns, 3): few enough levels that neighbouring cells often share a style."""
    levels = np.round(pixels * (GREY_LEVELS - 1))[..., None] / (GREY_LEVELS - 1)
    paper, ink, below = (np.array(rgb(each)) for each in (look.paper, look.ink, look.below))
    ends = np.where(levels < 0, below, ink)
    mixed: Shades = np.round(paper + np.abs(levels) * (ends - paper))
    return mixed.astype(np.uint8)
