"""How thumbnails share a space: how large they are, and how many stand beside each other."""

from __future__ import annotations

from dataclasses import dataclass

LOWEST_PICTURE = 7
"""Lines that a digit needs to be recognised."""

MARGIN = 2


@dataclass(frozen=True)
class Tiling:
    """How thumbnails fill a space: sizes in cells, the label's lines below each picture."""

    columns: int
    tile_width: int
    tile_height: int
    picture_width: int
    label_lines: int


def tiling(
    width: int,
    height: int,
    proportion: float,
    label_lines: int,
    lowest: int = LOWEST_PICTURE,
    count: int | None = None,
) -> Tiling:
    """As many thumbnails of at least `lowest` lines as there is room for, made to fill it.

    `proportion` is a picture's width in pixels for one of height. Where there are only `count` of
    them they are larger, up to about twice as high.
    """
    most = max(1, height // (lowest + label_lines))
    fewest = most if count is None else max(1, most // 2)
    for rows in range(fewest, most + 1):
        at = _in_rows(rows, width, height, proportion, label_lines, lowest)
        if count is not None and at.columns * rows >= count:
            break
    return at


def _in_rows(
    rows: int, width: int, height: int, proportion: float, label_lines: int, lowest: int
) -> Tiling:
    """Thumbnails of the height at which so many rows of them cover most of the space."""
    highest = max(1, height // rows - label_lines)
    sizes = (
        _of_height(lines, width, proportion, label_lines)
        for lines in range(highest, min(lowest, highest) - 1, -1)
    )
    return max(sizes, key=lambda at: at.columns * at.picture_width * at.tile_height)


def _of_height(lines: int, width: int, proportion: float, label_lines: int) -> Tiling:
    """As many thumbnails of that height as fit beside each other; the last one needs no gap."""
    widest = max(1, width - MARGIN)
    picture_width = min(max(1, round(2 * lines * proportion)), widest)
    columns = max(1, (width + 1) // (picture_width + MARGIN))
    lines = max(1, round(picture_width / proportion / 2))
    tile_width = max(1, (width + 1) // columns)
    return Tiling(columns, tile_width, lines + label_lines, picture_width, label_lines)
