"""How well each class is known: a table that sorts by any of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import JsonValue
from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from nn.metrics import ClassScore, class_scores
from tui.panels import TablePanel, no_answers, palette, shorten
from tui.render import changes, formats, reliability
from tui.render.bars import bar
from tui.state import Answers
from tui.table import Table

NAME_WIDTH = 14
SHORTEST_BAR, WIDEST_BAR = 4, 40


@dataclass(frozen=True)
class ClassRow:
    """One class: its figures and the class that it is most often mistaken for.

    `change` is by how much its recall has risen since an epoch before, if that is known.
    """

    index: int
    score: ClassScore
    taken_for: str
    times: int
    change: float | None


SORT_KEYS: dict[str, Callable[[ClassRow], float]] = {
    "class": lambda row: row.index,
    "recall": lambda row: row.score.recall,
    "precision": lambda row: row.score.precision,
    "F1": lambda row: row.score.f1,
    "images": lambda row: row.score.support,
    "mostly taken for": lambda row: row.times,
    "change": lambda row: row.change or 0.0,
}
"""The columns from left to right, and what each sorts by."""
NUMBER_WIDTHS = {"recall": 9, "precision": 12, "F1": 9, "images": 9}
TAKEN_FOR, TAKEN_FOR_WIDTH = "mostly taken for", 18
SHORT_TAKEN_FOR, SHORTEST_TAKEN_FOR = "taken for", 11
CHANGE_WIDTH = 10
CONFIDENCE_WIDTHS = {"it says": 9, "it is right": 13, "so it is": 18, "images": 9}
"""The columns of the table of confidence, before its bars."""


def class_rows(answers: Answers) -> list[ClassRow]:
    """The rows of the table, in the order of the classes."""
    errors = answers.confusion.copy()
    np.fill_diagonal(errors, 0)
    before: list[ClassScore] | None = None
    if answers.before is not None:
        before = class_scores(answers.before.confusion, answers.class_names)
    rows = []
    for i, score in enumerate(answers.scores):
        other = int(errors[i].argmax())
        times = int(errors[i, other])
        taken_for = answers.class_names[other] if times else ""
        change = None if before is None else score.recall - before[i].recall
        rows.append(ClassRow(i, score, taken_for, times, change))
    return rows


def columns(answers: Answers) -> tuple[str, ...]:
    """The titles that a table of these answers has."""
    return tuple(SORT_KEYS) if answers.before is not None else tuple(SORT_KEYS)[:-1]


def column_widths(answers: Answers, width: int) -> tuple[dict[str, int], int]:
    """The width of each column, and how much of the one of recall is for its bar."""
    longest = max(cell_len(name) for name in answers.class_names)
    name_width = min(max(longest, len("class v")), NAME_WIDTH) + 2
    widths = {"class": name_width, **NUMBER_WIDTHS, TAKEN_FOR: TAKEN_FOR_WIDTH + 2}
    if answers.before is not None:
        widths["change"] = CHANGE_WIDTH
        if width < sum(widths.values()) + SHORTEST_BAR + 2:
            widths[TAKEN_FOR] = SHORTEST_TAKEN_FOR + 2
    room = width - sum(widths.values()) - 2
    bar_width = min(room, WIDEST_BAR) if room >= SHORTEST_BAR else 0
    return {**widths, "recall": widths["recall"] + bar_width}, bar_width


def totals(answers: Answers, widths: dict[str, int], *, ascii: bool) -> Text:
    """What stands below the classes: the means of the columns, then all images together."""
    result = answers.evaluation
    mean = result.macro_average
    line = "macro mean"
    line += f"{100 * mean.recall:.2f}".rjust(widths["class"] - 1 + widths["recall"] - len(line))
    line += f"{100 * mean.precision:.2f}".rjust(widths["precision"])
    line += f"{100 * mean.f1:.2f}".rjust(widths["F1"])
    line += formats.count(len(answers.labels)).rjust(widths["images"])
    figures = [f"accuracy {formats.percent(result.accuracy)}"]
    if result.top_5_accuracy is not None:
        figures.append(f"top-5 {formats.percent(result.top_5_accuracy)}")
    calibration = result.calibration
    figures += [f"loss {formats.loss(result.loss)}", reliability.error(calibration)]
    sentence = reliability.sentence(calibration)
    source = answers.source
    if answers.before is not None:
        old = answers.before.confusion
        change = result.accuracy - float(old.diagonal().sum() / max(old.sum(), 1))
        shown = changes.points(change, ascii=ascii)
        source += f" · change since {answers.before.name}: accuracy {shown} points"
    return Text("\n".join((line, " · ".join(figures), sentence, source)))


def confidence_words(answers: Answers, *, ascii: bool) -> Text:
    """What stands below the table of confidence."""
    error = f"{reliability.error(answers.evaluation.calibration)}: how far off it is on average"
    mark = reliability.mark(ascii=ascii)
    explained = f"a bar that ends before its {mark} is too sure, one beyond it too unsure"
    return Text("\n".join((error, explained, f"c shows the classes again · {answers.source}")))


class ClassTable(Table):
    """A table that says in the footer what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "its mistakes")]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ranges of confidence have no mistakes of their own."""
        assert isinstance(self.parent, ClassesPanel), "a panel makes its table"
        return action != "select_cursor" or not self.parent.showing_confidence


class ClassesPanel(TablePanel):
    """Recall, precision and F1 of each class."""

    help_text: ClassVar[str] = (
        "How well the network knows each class, on test images that it never learned from.\n"
        "Recall is the accuracy within a class: the share of its images that were found.\n"
        "Precision is the share of right ones among all that was called by its name.\n"
        "F1 is the harmonic mean of the two. Taken for: its most frequent mistake, how often.\n"
        "enter opens the mistakes of the class under the cursor.\n"
        "o sorts by the next column, v (or O) turns the order round; the arrow shows both.\n"
        "Change: by how many points recall rose or fell since the last epoch before.\n"
        "The macro mean counts every class the same, however many images it has.\n"
        "Top-5: how often the true class is among the five most probable ones.\n"
        "c shows whether the network is as sure as it should be: of the answers that it is 90 %\n"
        "sure of, 90 % should be right. The calibration error is how far off it is on average."
    )
    lines_below: ClassVar[int] = 4
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "next_column", "sort by"),
        Binding("v,O", "turn", "turn order"),
        Binding("c", "confidence", "confidence"),
    ]

    choices: ClassVar[Mapping[str, Sequence[JsonValue]]] = {
        "sort_column": range(len(SORT_KEYS)),
        "reversed": (True, False),
        "showing_confidence": (True, False),
    }

    class ClassChosen(Message):
        """The mistakes of a true class are wanted."""

        def __init__(self, true: int) -> None:
            super().__init__()
            self.true = true

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(ascii=ascii, id=id)
        self.sort_column = 0
        self.reversed = False
        self.showing_confidence = False
        self._shown: tuple[object, ...] = ()

    def build_table(self) -> Table:
        """A table whose rows are classes."""
        return ClassTable(cursor_type="row", cell_padding=0)

    def action_next_column(self) -> None:
        """Sort by the column to the right, after the last one by the first."""
        answers = self.view.answers
        if answers is not None:
            self._sort((self.sort_column + 1) % len(columns(answers)), False)

    def action_turn(self) -> None:
        """Turn the order round."""
        self._sort(self.sort_column, not self.reversed)

    def action_confidence(self) -> None:
        """Show how sure the network is and how often it is right, or the classes again."""
        self.showing_confidence = not self.showing_confidence
        self.refresh_bindings()
        self.fill()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only classes can be sorted."""
        return not (self.showing_confidence and action in ("next_column", "turn"))

    @on(DataTable.RowSelected)
    def choose(self, event: DataTable.RowSelected) -> None:
        """Ask for the mistakes of a class."""
        event.stop()
        if not self.showing_confidence and event.row_key.value is not None:
            self.post_message(self.ClassChosen(int(event.row_key.value)))

    @on(DataTable.HeaderSelected)
    def sort_by_click(self, event: DataTable.HeaderSelected) -> None:
        """Sort by the column that was clicked; a second click turns the order round."""
        event.stop()
        if not self.showing_confidence:
            again = event.column_index == self.sort_column
            self._sort(event.column_index, again and not self.reversed)

    def _sort(self, column: int, backwards: bool) -> None:
        self.sort_column, self.reversed = column, backwards
        self.fill()

    def fill(self) -> None:
        """Put the classes, or how sure the network is, into the table."""
        answers = self.view.answers
        width, theme = self.size.width, self.app.theme
        shown = (answers, width, theme, self.sort_column, self.reversed, self.showing_confidence)
        self.show_nothing("" if answers else no_answers(self.view))
        if shown == self._shown:
            return
        self._shown = shown
        if answers is None:
            return
        if self.showing_confidence:
            self.say(confidence_words(answers, ascii=self.ascii))
            self._tell_confidence(answers)
            return
        widths, bar_width = column_widths(answers, width)
        self.say(totals(answers, widths, ascii=self.ascii))
        self.sort_column %= len(columns(answers))
        key = SORT_KEYS[columns(answers)[self.sort_column]]
        rows = sorted(class_rows(answers), key=key, reverse=self.reversed)
        self._rebuild(rows, widths, bar_width)

    def _tell_confidence(self, answers: Answers) -> None:
        """One row for each range of confidence that occurs."""
        table, colors = self.table, palette(self.app)
        room = self.size.width - sum(CONFIDENCE_WIDTHS.values()) - 4
        bar_width = max(0, min(room, WIDEST_BAR))
        table.clear(columns=True)
        for title, width in CONFIDENCE_WIDTHS.items():
            table.add_column(Text(title, justify="right"), width=width)
        table.add_column("", width=bar_width + 2)
        for each in reliability.filled(answers.evaluation.calibration):
            words = (
                formats.percent(each.confidence, 1),
                formats.percent(each.accuracy, 1),
                reliability.verdict(each),
                formats.count(each.count),
            )
            drawn = reliability.reliability_bar(each, bar_width, ascii=self.ascii)
            cells = [Text(word, justify="right") for word in words]
            table.add_row(*cells, Text(f"  {drawn}", style=colors.primary))

    def _rebuild(self, rows: list[ClassRow], widths: dict[str, int], bar_width: int) -> None:
        """Sorting moves every row, so the table is filled anew; the cursor stays on its class."""
        table = self.table
        under_cursor = table.ordered_rows[table.cursor_row].key.value if table.row_count else None
        table.clear(columns=True)
        for title, width in widths.items():
            table.add_column(self._header(title, width), width=width, key=title)
        for row in rows:
            cells = self._cells(row, widths, bar_width)
            table.add_row(*cells, key=str(row.index))
        if under_cursor in table.rows:
            table.move_cursor(row=table.get_row_index(str(under_cursor)))

    def _header(self, title: str, width: int) -> Text:
        """A title, with an arrow if the rows are sorted by it."""
        shown = SHORT_TAKEN_FOR if title == TAKEN_FOR and width < TAKEN_FOR_WIDTH else title
        if title == tuple(SORT_KEYS)[self.sort_column]:
            up, down = ("^", "v") if self.ascii else ("▲", "▼")
            shown = f"{shown} {down if self.reversed else up}"
        if title in NUMBER_WIDTHS or title == "change":
            return Text(shown, justify="right")
        return Text(f" {shown}" if title == "class" else f"  {shown}")

    def _cells(self, row: ClassRow, widths: dict[str, int], bar_width: int) -> list[Text]:
        colors = palette(self.app)
        score = row.score
        recall = Text.assemble(
            (bar(score.recall, bar_width, ascii=self.ascii), colors.primary),
            f"{100 * score.recall:{NUMBER_WIDTHS['recall']}.2f}",
        )
        times = f" ({row.times})"
        room = widths[TAKEN_FOR] - 2 - len(times)
        taken_for = shorten(row.taken_for, room, ascii=self.ascii) + times
        cells = [
            Text(f" {shorten(score.name, widths['class'] - 2, ascii=self.ascii)}", style="bold"),
            recall,
            Text(f"{100 * score.precision:.2f}", justify="right"),
            Text(f"{100 * score.f1:.2f}", justify="right"),
            Text(formats.count(score.support), justify="right"),
            Text(f"  {taken_for}" if row.times else "", style=colors.muted),
        ]
        if row.change is not None:
            cells.append(self._change(row.change))
        return cells

    def _change(self, change: float) -> Text:
        colors, shown = palette(self.app), changes.points(change, ascii=self.ascii)
        style = colors.good if change > 0 else colors.bad if change < 0 else colors.muted
        return Text(shown, justify="right", style=style)
