"""What is taken for what: counts of true and predicted classes as a heat map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from pydantic import JsonValue
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from tui.panels import (
    Palette,
    TablePanel,
    mix,
    no_answers,
    palette,
    readable_on,
    shorten,
)
from tui.render import changes, formats
from tui.state import Answers
from tui.table import Table

SHORTEST_NAME = 8
"""To how many cells the rows' names may be cut so that the columns fit."""
LONGEST_NAME = 14
"""How many cells of the rows' names are shown where the columns do not fit anyway."""
NARROWEST_CELL = 6
STRONGEST = 0.8
"""How much of the heat's colour the most frequent mistake has."""
MOST_CLASSES = 100
"""Of more classes only those are shown that are mistaken most: a table of a million places would
take the screen a minute, and nobody could find anything in it."""
SUM = "sum"


class HeatMap:
    """How each cell of a confusion matrix looks and what it means in words.

    Row and column `size`, after the last class, are the sums. `places` are the rows and columns
    that are shown: all of them, unless there are too many classes; `worst_first` puts those first
    that are mistaken most. With `change` the cells are what became of an epoch's before.
    """

    def __init__(
        self,
        answers: Answers,
        percent: bool,
        colors: Palette,
        ascii: bool,
        *,
        change: bool = False,
        worst_first: bool = False,
    ) -> None:
        self.counts = answers.confusion
        self.names = answers.class_names
        self.size = len(self.names)
        self.row_sums, self.column_sums = self.counts.sum(axis=1), self.counts.sum(axis=0)
        self.width = max(NARROWEST_CELL, len(str(self.counts.sum())) + 1)
        self.percent = percent
        self.before = answers.before
        self._source = answers.source
        self.change = change and self.before is not None
        self._colors = colors
        self._ascii = ascii
        errors = self.counts - np.diag(self.counts.diagonal())
        self._most = max(int(errors.max()), 1)
        mistakes = errors.sum(axis=1) + errors.sum(axis=0)
        chosen = np.argsort(-mistakes, kind="stable")[:MOST_CLASSES]
        self.places = (*(chosen if worst_first else np.sort(chosen)).tolist(), self.size)

    @property
    def legend(self) -> str:
        """In words what the cells are, and whose answers."""
        what = "% of the row" if self.percent else "counts"
        if self.change and self.before is not None:
            what = f"change since {self.before.name}{', %' if self.percent else ''}"
        return f"row: true, column: called · {what} · {self._source}"

    @property
    def left_out(self) -> str:
        """In words which classes are shown, where not all are."""
        shown = len(self.places) - 1
        if shown == self.size:
            return ""
        return f" · the worst {shown} of {formats.count(self.size)}"

    def name(self, i: int) -> str:
        """A class's name, or that of the sums."""
        return self.names[i] if i < self.size else SUM

    def look(self, row: int, column: int) -> tuple[str, Style]:
        """The text and the style of a cell: right answers stand in brackets, heat is error."""
        if self.change:
            return self._look_of_change(row, column)
        if self.size in (row, column):
            return f"{self._sum(row, column)} ".rjust(self.width), Style(color=self._colors.muted)
        count = int(self.counts[row, column])
        number = f"{100 * self._share(row, count):.1f}" if self.percent else str(count)
        if row == column:
            return f"[{number}]".rjust(self.width), Style(color=self._colors.good, bold=True)
        if count == 0:
            none = "." if self._ascii else "·"
            return f"{none} ".rjust(self.width), Style(color=self._colors.muted)
        ground = mix(
            self._colors.ground, self._colors.heat, STRONGEST * (count / self._most) ** 0.5
        )
        return f"{number} ".rjust(self.width), Style(color=readable_on(ground), bgcolor=ground)

    def _look_of_change(self, row: int, column: int) -> tuple[str, Style]:
        """By how much a cell grew or shrank; more mistakes are hot, and all else that is better."""
        new, old = self._shares(row, column)
        difference = round(new - old, 1 if self.percent else 0)
        is_right = row == column
        if difference == 0:
            none = "." if self._ascii else "·"
            shown = "[=]" if is_right and row < self.size else f"{none} "
            return shown.rjust(self.width), Style(color=self._colors.muted)
        shown = f"{difference:+.1f}" if self.percent else f"{difference:+.0f}"
        if self.size in (row, column):
            return f"{shown} ".rjust(self.width), Style(color=self._colors.muted)
        if is_right:
            color = self._colors.good if difference > 0 else self._colors.bad
            return f"[{shown}]".rjust(self.width), Style(color=color, bold=True)
        if difference < 0:
            return f"{shown} ".rjust(self.width), Style(color=self._colors.good)
        ground = mix(self._colors.ground, self._colors.heat, STRONGEST / 2)
        return f"{shown} ".rjust(self.width), Style(color=readable_on(ground), bgcolor=ground)

    def _shares(self, row: int, column: int) -> tuple[float, float]:
        """A cell now and before: its count, or per cent of its row."""
        assert self.before is not None, "there was an epoch before"
        values = []
        for counts in (self.counts, self.before.confusion):
            part = counts[:, column] if column < self.size else counts.sum(axis=1)
            count = float(part.sum() if row == self.size else part[row])
            whole = float(counts.sum() if row == self.size else counts[row].sum())
            values.append(100 * count / max(whole, 1.0) if self.percent else count)
        return values[0], values[1]

    def news(self, row: int, column: int) -> str:
        """By how much a cell has changed, in words; empty where that is not known.

        Of how many images a class has it is empty too: that does not change.
        """
        if self.before is None or column == self.size:
            return ""
        part = self.counts[:, column], self.before.confusion[:, column]
        new, old = (int(each.sum() if row == self.size else each[row]) for each in part)
        if new == old:
            return f" · as many as in {self.before.name}"
        sign = changes.sign(new - old, ascii=self._ascii)
        how = "more" if new > old else "fewer"
        return f" · {sign} {abs(new - old)} {how} than in {self.before.name}"

    def words(self, row: int, column: int) -> str:
        """A cell as a sentence."""
        if row == self.size and column == self.size:
            return f"{formats.count(self._sum(row, column))} images in all"
        true, called = self.name(row), self.name(column)
        if row == self.size:
            wrong = self._sum(row, column) - int(self.counts[column, column])
            return f"called {called}: {self._sum(row, column)} in all, {wrong} of them wrongly"
        if column == self.size:
            wrong = self._sum(row, column) - int(self.counts[row, row])
            return f"true {true}: {self._sum(row, column)} in all, {wrong} of them called otherwise"
        count = int(self.counts[row, column])
        of = f"{count} of {self.row_sums[row]} ({formats.percent(self._share(row, count), 1)})"
        return f"true {true}, called {called}: {of}{', right' if row == column else ''}"

    def _share(self, row: int, count: int) -> float:
        return count / max(int(self.row_sums[row]), 1)

    def _sum(self, row: int, column: int) -> int:
        if row == self.size:
            sums = self.column_sums
            return int(sums.sum() if column == self.size else sums[column])
        return int(self.row_sums[row])


class Cell:
    """A place in the table, painted from the newest heat map whenever it comes into sight.

    Ten thousand of them need neither be measured nor replaced when the numbers change.
    """

    def __init__(self, panel: ConfusionPanel, row: int, column: int) -> None:
        self.panel, self.row, self.column = panel, row, column

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        if self.panel.heat_map is not None:
            yield Segment(*self.panel.heat_map.look(self.row, self.column))


class HeatTable(Table):
    """A table that says in the footer what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "see its images")]

    def looks(self) -> tuple[object, ...]:
        """Cells are painted from the newest heat map."""
        return *super().looks(), self._panel.heat_map

    @property
    def _panel(self) -> ConfusionPanel:
        assert isinstance(self.parent, ConfusionPanel), "a panel makes its table"
        return self.parent

    def line(self, cell: object, room: int) -> list[Segment] | None:
        """A place of the map is painted from its numbers."""
        heat_map = self._panel.heat_map
        if not isinstance(cell, Cell) or heat_map is None:
            return super().line(cell, room)
        return [Segment(*heat_map.look(cell.row, cell.column))]


class ConfusionPanel(TablePanel):
    """The confusion matrix."""

    help_text: ClassVar[str] = (
        "Which classes are taken for which: a row is a true class, a column what the network\n"
        "called it. Right answers lie on the diagonal, in brackets; everywhere else the\n"
        "stronger the colour, the more frequent the mistake. The edges hold the sums.\n"
        "The arrow keys move; the line below tells the cell in words.\n"
        "enter opens exactly the images of the cell among the mistakes.\n"
        "c shows counts, or per cent of the row.\n"
        "d shows what has changed since the last epoch before: +3 are three images more.\n"
        "o puts those classes first that are mistaken most, and again sorts them as they are.\n"
        f"Of more than {MOST_CLASSES} classes those are shown that are mistaken most."
    )
    lines_below: ClassVar[int] = 2
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "percent", "counts/%"),
        Binding("d", "change", "change", tooltip="what changed since the last epoch, or what is"),
        Binding("o", "order", "sort", tooltip="the classes that are mistaken most first, or not"),
    ]

    choices: ClassVar[Mapping[str, Sequence[JsonValue]]] = dict.fromkeys(
        ("percent", "change", "worst_first"), (True, False)
    )

    class CellChosen(Message):
        """The images of a true class that were called by a certain name are wanted."""

        def __init__(self, true: int, predicted: int) -> None:
            super().__init__()
            self.true = true
            self.predicted = predicted

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(ascii=ascii, id=id)
        self.percent = False
        self.change = False
        self.worst_first = False
        self.heat_map: HeatMap | None = None
        self._shown: tuple[object, ...] = ()
        self._built_for: tuple[object, ...] = ()

    def build_table(self) -> Table:
        """A table whose cells touch, so that heat flows together."""
        return HeatTable(cell_padding=0, cursor_background_priority="css")

    def fill(self) -> None:
        """Take new answers; the places are made anew only for other classes or another width."""
        answers = self.view.answers
        how = self.percent, self.change, self.worst_first
        shown = (answers, how, self.app.theme, self.size.width)
        self.show_nothing("" if answers else no_answers(self.view))
        if shown == self._shown:
            return
        self._shown = shown
        if answers is None:
            self.heat_map = None
            return
        old = self.heat_map
        heat_map = self.heat_map = HeatMap(
            answers,
            self.percent,
            palette(self.app),
            self.ascii,
            change=self.change,
            worst_first=self.worst_first,
        )
        built_for = (heat_map.names, heat_map.places, heat_map.width, self.size.width)
        if built_for != self._built_for:
            self._built_for = built_for
            self._build(heat_map, old)
        self.refresh_bindings()
        self.table.notify_style_update()
        self._describe()

    def action_percent(self) -> None:
        """Show counts, or per cent of the row."""
        self.percent = not self.percent
        self.fill()

    def action_change(self) -> None:
        """Show what has changed, or what is."""
        self.change = not self.change
        self.fill()

    def action_order(self) -> None:
        """Put the classes first that are mistaken most, or sort them as they are."""
        self.worst_first = not self.worst_first
        self.fill()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A change is known where an epoch was before."""
        answers = self.view.answers
        return action != "change" or (answers is not None and answers.before is not None)

    @on(DataTable.CellSelected)
    def choose(self, event: DataTable.CellSelected) -> None:
        """Ask for the images of a cell; sums have none of their own."""
        event.stop()
        if self.heat_map is None:
            return
        row, column = (self.heat_map.places[i] for i in event.coordinate)
        if max(row, column) < self.heat_map.size:
            self.post_message(self.CellChosen(row, column))

    @on(DataTable.CellHighlighted)
    def describe(self, event: DataTable.CellHighlighted) -> None:
        """Tell the cell under the cursor in words."""
        event.stop()
        self._describe()

    def _describe(self) -> None:
        if self.heat_map is not None:
            row, column = (self.heat_map.places[i] for i in self.table.cursor_coordinate)
            told = self.heat_map.words(row, column) + self.heat_map.news(row, column)
            self.say(f"{told}{self.heat_map.left_out}\n{self.heat_map.legend}")

    def _build(self, heat_map: HeatMap, old: HeatMap | None) -> None:
        """Make the places; what stands in them follows by itself.

        The cursor stays on its classes.
        """
        table, places = self.table, heat_map.places
        room = self.size.width - heat_map.width * len(places) - 2
        if room < SHORTEST_NAME:
            room = max(SHORTEST_NAME, min(self.size.width // 3, LONGEST_NAME))
        cursor = table.cursor_coordinate
        row, column = cursor
        if old is not None and old.names == heat_map.names:
            row, column = (
                places.index(old.places[i]) if old.places[i] in places else i for i in cursor
            )
        table.clear(columns=True)
        for i in places:
            title = shorten(heat_map.name(i), heat_map.width - 1, ascii=self.ascii)
            table.add_column(Text(f"{title} ", justify="right"), width=heat_map.width)
        for i in places:
            cells = [Cell(self, i, j) for j in places]
            name = shorten(heat_map.name(i), room, ascii=self.ascii)
            table.add_row(*cells, label=Text(f" {name} "))
        table.move_cursor(row=row, column=column)
