"""How well each class is known: a table that sorts by any of its columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from nn.metrics import ClassScore
from tui.panels import TablePanel, palette, shorten
from tui.render import formats
from tui.render.bars import bar
from tui.state import Answers, View

NAME_WIDTH = 14
WIDEST_BAR = 40
NOTHING = "No answers yet: they come when the first epoch is over."


@dataclass(frozen=True)
class ClassRow:
    """One class: its figures and the class that it is most often mistaken for."""

    index: int
    score: ClassScore
    taken_for: str
    times: int


@dataclass(frozen=True)
class Column:
    """A column: its title, its width without a bar, and what it sorts by."""

    title: str
    width: int
    key: Callable[[ClassRow], float]


COLUMNS = (
    Column("class", NAME_WIDTH, lambda row: row.index),
    Column("recall", 8, lambda row: row.score.recall),
    Column("precision", 11, lambda row: row.score.precision),
    Column("F1", 8, lambda row: row.score.f1),
    Column("images", 8, lambda row: row.score.support),
    Column("taken for", NAME_WIDTH + 6, lambda row: row.times),
)
RECALL = 1


def class_rows(answers: Answers) -> list[ClassRow]:
    """The rows of the table, in the order of the classes."""
    errors = answers.confusion.copy()
    np.fill_diagonal(errors, 0)
    rows = []
    for i, score in enumerate(answers.scores):
        other = int(errors[i].argmax())
        times = int(errors[i, other])
        rows.append(ClassRow(i, score, answers.class_names[other] if times else "", times))
    return rows


def totals(answers: Answers) -> str:
    """The line below the table."""
    means = [
        formats.percent(float(np.mean([getattr(score, name) for score in answers.scores])))
        for name in ("recall", "precision", "f1")
    ]
    accuracy = float(np.mean(answers.predictions == answers.labels))
    return (
        f"accuracy {formats.percent(accuracy)} · loss {float(answers.losses.mean()):.4f} · "
        f"{formats.count(len(answers.labels))} images · "
        f"class means: recall {means[0]}, precision {means[1]}, F1 {means[2]}"
    )


class ClassesPanel(TablePanel):
    """Recall, precision and F1 of each class."""

    help_text: ClassVar[str] = (
        "How well the network knows each class, on test images that it never learned from.\n"
        "Recall is the accuracy within a class: the share of its images that were found.\n"
        "Precision is the share of right ones among all that was called by its name.\n"
        "F1 is the harmonic mean of the two. Taken for: its most frequent mistake, how often.\n"
        "o sorts by the next column, v (or O) turns the order round; the arrow shows both."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "next_column", "sort by"),
        Binding("v,O", "turn", "turn order"),
    ]

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(ascii=ascii, id=id)
        self.sort_column = 0
        self.reversed = False
        self._shown: tuple[object, ...] = ()

    def build_table(self) -> DataTable[object]:
        """A table whose rows are classes."""
        return DataTable(cursor_type="row", cell_padding=0, cursor_foreground_priority="renderable")

    def show(self, view: View) -> None:
        """Take the newest state."""
        self.view = view
        self._fill()

    def on_resize(self) -> None:
        """Give the bars what room there is."""
        super().on_resize()
        self._fill()

    def action_next_column(self) -> None:
        """Sort by the column to the right, after the last one by the first."""
        self._sort((self.sort_column + 1) % len(COLUMNS), False)

    def action_turn(self) -> None:
        """Turn the order round."""
        self._sort(self.sort_column, not self.reversed)

    @on(DataTable.HeaderSelected)
    def sort_by_click(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; a second click turns the order round."""
        event.stop()
        again = event.column_index == self.sort_column
        self._sort(event.column_index, again and not self.reversed)

    def _sort(self, column: int, backwards: bool) -> None:
        self.sort_column, self.reversed = column, backwards
        self._fill()

    def _fill(self) -> None:
        answers = self.view.answers
        width, theme = self.size.width, self.app.theme
        shown = (answers, width, theme, self.sort_column, self.reversed)
        if shown == self._shown:
            return
        self._shown = shown
        self.show_nothing("" if answers else NOTHING)
        if answers is None:
            return
        self.say(totals(answers))
        rows = sorted(class_rows(answers), key=COLUMNS[self.sort_column].key, reverse=self.reversed)
        self._rebuild(rows, self._bar_width(width))

    def _bar_width(self, width: int) -> int:
        """What the other columns, and a scrollbar, leave."""
        left = width - sum(column.width for column in COLUMNS) - 2
        return min(max(left, 0), WIDEST_BAR)

    def _rebuild(self, rows: list[ClassRow], bar_width: int) -> None:
        """Sorting moves every row, so the table is filled anew; the cursor stays on its class."""
        table = self.table
        on_class = (
            table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
            if (table.row_count)
            else None
        )
        table.clear(columns=True)
        for i, column in enumerate(COLUMNS):
            extra = bar_width if i == RECALL else 0
            table.add_column(self._title(i), width=column.width + extra)
        for row in rows:
            table.add_row(*self._cells(row, bar_width), key=str(row.index))
        if on_class is not None and on_class in table.rows:
            table.move_cursor(row=table.get_row_index(on_class))

    def _title(self, i: int) -> Text:
        title = COLUMNS[i].title
        if i == self.sort_column:
            up, down = ("^", "v") if self.ascii else ("▲", "▼")
            title = f"{title} {down if self.reversed else up}"
        if i in (0, len(COLUMNS) - 1):
            return Text(f" {title}" if i == 0 else f"  {title}")
        return Text(title, justify="right")

    def _cells(self, row: ClassRow, bar_width: int) -> list[Text]:
        colors = palette(self.app)
        score = row.score
        recall = Text.assemble(
            (bar(score.recall, bar_width, ascii=self.ascii), colors.primary),
            f"{100 * score.recall:8.2f}",
        )
        taken = f"{row.times:5} {shorten(row.taken_for, NAME_WIDTH, ascii=self.ascii)}"
        return [
            Text(f" {shorten(score.name, NAME_WIDTH - 1, ascii=self.ascii)}", style="bold"),
            recall,
            Text(f"{100 * score.precision:.2f}", justify="right"),
            Text(f"{100 * score.f1:.2f}", justify="right"),
            Text(formats.count(score.support), justify="right"),
            Text(taken if row.times else "", style=colors.muted),
        ]
