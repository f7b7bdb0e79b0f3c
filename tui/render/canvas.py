"""A sheet of paper with a drawing on it, and how it shares a space with what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from rich.text import Text

from tui.render.images import PictureStyle, image_text

FRAME = 2
"""Cells of the paper's frame, in both directions."""

GAP = 1

FEWEST_BARS = 5
"""Lines of bars that a picture beside them may not take away."""


@dataclass(frozen=True)
class Arrangement:
    """Sizes in cells; the sheet is twice as many cells wide as high, without its frame.

    `seen_width` is the width of the picture that the network sees, 0 if there is no room for it.
    """

    sheet_height: int
    side_width: int
    seen_width: int
    seen_height: int


def arrange(width: int, height: int, picture: tuple[int, int], classes: int = 10) -> Arrangement:
    """A sheet as large as leaves room for bars beside it.

    `picture` is the height and width of the network's input in pixels: it is shown with a column
    of cells for each, or half as large, if enough lines are left for some of its classes.
    """
    least_side = 30 if width >= 70 else 18
    sheet_height = max(min(height - FRAME, (width - least_side - GAP - FRAME) // 2), 1)
    side_width = max(width - 2 * sheet_height - FRAME - GAP, 0)
    bars = min(classes, FEWEST_BARS)
    for wide in (picture[1], picture[1] // 2):
        high = max(round(picture[0] * wide / picture[1] / 2), 1)
        if 4 <= wide <= side_width and 1 + high + 1 + bars <= height:
            return Arrangement(sheet_height, side_width, wide, high)
    return Arrangement(sheet_height, side_width, 0, 0)


def sheet_text(
    ink: NDArray[Any],
    *,
    height: int,
    style: PictureStyle,
    ink_color: str,
    paper_color: str,
    pen: tuple[float, float],
    mark: str,
    mark_style: str,
) -> Text:
    """A square drawing in `height` lines, with a mark of one cell where the pen is.

    `pen` is a place on the square: (0, 0) its upper left corner, (1, 1) its lower right one.
    """
    picture = image_text(ink, width=2 * height, style=style, ink=ink_color, paper=paper_color)
    lines = picture.split("\n", allow_blank=True)
    column, row = (
        min(int(share * cells), cells - 1)
        for share, cells in zip(pen, (2 * height, height), strict=True)
    )
    line = lines[row]
    lines[row] = Text.assemble(line[:column], (mark, mark_style), line[column + 1 :])
    return Text("\n").join(lines)
