"""What is drawn, where and how: what all parts of the view share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from tui.insight import Insight, Stop, Walk
from tui.panels import Palette
from tui.render.images import PictureStyle, rgb
from tui.render.maps import Look

BESIDE = 64
"""From this width on something large stands beside the rest."""

LARGE_WIDTH, GAP = 28, 2
BLUE_ON_DARK, BLUE = "#56a8f0", "#00468c"


@dataclass(frozen=True)
class Shown:
    """Where somebody is in which network, and how to draw it; the size is in cells.

    With `grey` the screen shows no colours, whatever is painted.
    """

    insight: Insight
    walk: Walk
    size: tuple[int, int]
    colors: Palette
    drawing: PictureStyle
    attentive: bool = False
    grey: bool = False

    @property
    def ascii(self) -> bool:
        """Whether only ASCII may be written."""
        return self.drawing == "ascii"

    @property
    def coloured(self) -> bool:
        """Whether colours can say something."""
        return self.drawing == "half" and not self.grey

    @property
    def stop(self) -> Stop:
        """The stop that is shown."""
        return self.walk.at(self.insight)

    @property
    def look(self) -> Look:
        """The colours of maps."""
        c = self.colors
        words = c.muted, c.cursor, c.on_cursor
        return Look(self.drawing, c.ink, self.blue, c.paper, *words, coloured=self.coloured)

    @property
    def blue(self) -> str:
        """A blue on the paper of pictures, which words call so: not a theme's."""
        return BLUE_ON_DARK if sum(rgb(self.colors.paper)) < sum(rgb(self.colors.ink)) else BLUE


def left_width(width: int) -> int:
    """The columns that are left beside something large."""
    return width - LARGE_WIDTH - GAP if width >= BESIDE else width


def cut(line: Text, shown: Shown) -> Text:
    """A line that is not longer than there is room."""
    line.no_wrap = True
    if line.cell_len > shown.size[0]:
        line.truncate(max(0, shown.size[0] - 1), overflow="crop")
        line.append("~" if shown.ascii else "…")
    return line


def side_by_side(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    """Lines beside others that begin after so many columns."""
    lines = []
    for n in range(max(len(left), len(right))):
        line = left[n].copy() if n < len(left) else Text()
        line.pad_right(max(0, width - line.cell_len))
        lines.append(line.append_text(right[n]) if n < len(right) else line)
    return lines
