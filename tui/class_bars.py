"""Each class's accuracy as a bar."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from tui.panels import Palette, shorten
from tui.render.bars import bar
from tui.state import Answers

NAME_WIDTH = 12
SHORTEST_BAR = 8
PERCENT_WIDTH = 6


def class_bars(
    answers: Answers, width: int, height: int, colors: Palette, ascii: bool
) -> list[Text]:
    """Each class's accuracy as a bar, in columns; the lowest ones if there is no room for all."""
    names = [shorten(score.name, NAME_WIDTH, ascii=ascii) for score in answers.scores]
    name_width = max(map(cell_len, names))
    narrowest = name_width + SHORTEST_BAR + PERCENT_WIDTH + 3
    columns = max(1, (width + 2) // narrowest)
    rows = min(max(1, height - 1), -(-len(names) // columns))
    columns = min(columns, -(-len(names) // rows))
    chosen = list(range(len(names)))
    title = f"accuracy by class · {answers.source}"
    if len(chosen) > rows * columns:
        lowest = sorted(chosen, key=lambda i: answers.scores[i].recall)[: rows * columns]
        chosen = sorted(lowest)
        title = f"accuracy by class, the {len(chosen)} lowest of {len(names)} · {answers.source}"
    column_width = (width + 2) // columns
    bar_width = max(0, column_width - name_width - PERCENT_WIDTH - 3)
    lines = [Text(no_wrap=True) for _ in range(rows)]
    for place, i in enumerate(chosen):
        recall, line = answers.scores[i].recall, lines[place % rows]
        line.append(names[i] + " " * (name_width - cell_len(names[i]) + 1), "bold")
        line.append(bar(recall, bar_width, ascii=ascii), colors.primary)
        line.append(f"{100 * recall:{PERCENT_WIDTH}.1f}  ")
    for line in lines:
        line.rstrip()
        line.truncate(width)
    heading = Text(shorten(title, width, ascii=ascii), colors.muted)
    return [heading, *lines] if height > 1 else lines
