"""The probabilities of all classes as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.text import Text

from tui.render import formats
from tui.render.bars import bar

GAP = 2
NAME_WIDTH = 14
SHARE_WIDTH = len(" 100.0 %")
SHORTEST_BAR = 3


def probability_bars(
    names: Sequence[str],
    probabilities: NDArray[np.floating],
    *,
    width: int,
    height: int,
    color: str,
    best_color: str,
    ascii: bool = False,
) -> Text:
    """A bar a class in `height` lines of at most `width` cells, the most probable one in bold.

    The classes keep their order, in as few columns as they fit into. Where there is no room for
    all of them, the most probable ones are shown, in the order of their probabilities.
    """
    if width < 1 or height < 1 or not names:
        return Text()
    name_width = min(max(map(cell_len, names)), NAME_WIDTH, max(width // 3, 1))
    least = name_width + 1 + SHORTEST_BAR + SHARE_WIDTH
    most_columns = max((width + GAP) // (least + GAP), 1)
    columns = min(-(-len(names) // height), most_columns)
    if len(names) <= columns * height:
        shown = list(range(len(names)))
    else:
        shown = np.argsort(-probabilities, kind="stable")[: columns * height].tolist()
    rows = -(-len(shown) // columns)
    column_width = (width - GAP * (columns - 1)) // columns
    best = int(np.argmax(probabilities))
    cells = [
        _line(
            names[i],
            float(probabilities[i]),
            name_width,
            column_width,
            f"bold {best_color}" if i == best else color,
            ascii,
        )
        for i in shown
    ]
    gap = Text(" " * GAP)
    return Text("\n").join(gap.join(cells[row::rows]) for row in range(rows))


def _line(
    name: str, probability: float, name_width: int, width: int, style: str, ascii: bool
) -> Text:
    label = Text(name)
    label.truncate(name_width, pad=True, overflow="crop" if ascii else "ellipsis")
    room = max(width - name_width - 1 - SHARE_WIDTH, 0)
    share = f"{formats.percent(probability, 1):>{SHARE_WIDTH}}"
    drawn = bar(probability, room, ascii=ascii)
    line = Text.assemble(label, " ", (drawn, style), share, no_wrap=True)
    if style.startswith("bold"):
        line.stylize("bold")
    line.truncate(width, overflow="crop")
    return line
