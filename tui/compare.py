"""Runs beside each other on the whole screen: their curves, results and differing fields."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from nn.runs.folder import Library, RunFolder
from nn.schema import InputError
from tui.compare_chart import CompareChart
from tui.comparison import Compared, Table, compared, in_words, table
from tui.dialogs import Help
from tui.keys import KeyLine
from tui.panels import palette, say, shorten
from tui.render.charts import LINE_SIGNS, point_sign
from tui.run_state import Phase
from tui.sturdy import SturdyApp
from tui.terminal.screens import LeftOnce
from tui.threads import in_thread
from tui.words import key_table
from tui.zooming import LOG_KEYS, ZOOM_HELP

READ_INTERVAL = 2.0
READING, REMOVED = "reading …", "these runs were removed: esc goes back"
WIDEST = 28
"""Cells of a column at most."""
WIDEST_NAME = 12
"""Cells of a run's name at most: its column is always in sight."""
RESUMABLE = (Phase.LOST, Phase.STOPPED, Phase.FAILED)


@dataclass(frozen=True)
class Wanted:
    """What is to be done with one of the runs."""

    action: Literal["open", "resume", "clone"]
    run_id: str


class CompareTable(DataTable[object]):
    """A table that says in the footer what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "open")]


class Compare(LeftOnce, ModalScreen[Wanted | None]):
    """Some runs, as they are now and become; gives what is wanted of one of them."""

    help_text: ClassVar[str] = (
        "The curves of the runs that were marked, one point an epoch, each with its own sign.\n"
        "Below, what came of each and the fields in which they differ, farther right what only\n"
        "some have; the last line tells them of the run under the cursor. The scores are those of\n"
        "the best epoch.\n"
        "In the table the arrows choose a cell: o sorts by its column, and again the other way\n"
        "round; enter opens its run, u resumes it, n puts its configuration into the form, space\n"
        "hides its curve, which leaves the others more room, or shows it again.\n"
        f"tab goes to the curves, and back. {ZOOM_HELP}.\n"
        "The marks stay for when you come back; space takes one away there."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "back", tooltip="back to the dashboard"),
        Binding("tab", "app.focus_next", "curves/table", tooltip="to the curves, or to the table"),
        Binding("c", "chart", "chart", tooltip="next: accuracy or loss; test, validation, train"),
        Binding("t", "time", "time/epochs", tooltip="over the time of training, or over epochs"),
        *LOG_KEYS,
        Binding("o", "sort", "sort", tooltip="sort by the column of the cursor; again: turn"),
        Binding("space", "hide", "hide", tooltip="hide the curve of a run, or show it again"),
        Binding("u", "resume", "resume", tooltip="let the run go on from its checkpoint"),
        Binding("n", "clone", "clone", tooltip="put its configuration into the form"),
        Binding("question_mark", "help", "help", key_display="?", tooltip="explain this screen"),
    ]
    AUTO_FOCUS = "CompareTable"

    def __init__(self, library: Library, run_ids: Sequence[str], *, ascii: bool = False) -> None:
        super().__init__()
        self._folders = [RunFolder(library.runs_path / run_id) for run_id in run_ids]
        self._ascii = ascii
        self._runs: list[Compared] = []
        self._found = table([])
        self._sorted_by = ""
        self._falling = False
        self._lines: list[Compared] = []
        self._reading = False
        self._nothing = READING

    def compose(self) -> ComposeResult:
        """The chart, the table and the keys."""
        yield CompareChart(READING, ascii=self._ascii)
        yield CompareTable(cursor_type="cell", cell_padding=1, fixed_columns=1)
        yield Static(id="told", markup=False)
        yield KeyLine(ascii=self._ascii)

    def on_mount(self) -> None:
        """Look at the runs, now and then again."""
        self._look()
        self.set_interval(READ_INTERVAL, self._look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The axis of accuracies is always linear."""
        return action != "log" or not self.is_mounted or self._chart.has_loss

    def action_chart(self) -> None:
        """Show the next of the scores."""
        self._chart.next_score()
        self.refresh_bindings()

    def action_time(self) -> None:
        """Show them over time, or over epochs."""
        self._chart.turn_time()

    def action_log(self) -> None:
        """Make the axis of losses logarithmic or linear."""
        self._chart.turn_log()

    def action_log_x(self) -> None:
        """Make the axis of epochs or of time logarithmic or linear."""
        self._chart.turn_log_x()

    def action_hide(self) -> None:
        """Leave the curve of the run under the cursor out, or show it again."""
        run = self._under_cursor()
        if run is not None:
            self._chart.hide(run.id)
            self._fill()

    def action_sort(self) -> None:
        """Sort by the column under the cursor, from its least to its greatest; again: turn."""
        if not self._runs:
            return
        title = self._found.titles[self._table.cursor_column]
        self._falling = not self._falling if title == self._sorted_by else False
        self._sorted_by = title
        self._fill()

    def action_resume(self) -> None:
        """Let the run under the cursor go on."""
        run = self._under_cursor()
        if run is None:
            return
        if run.phase in RESUMABLE:
            self.dismiss(Wanted("resume", run.id))
        else:
            self.notify(
                f"Run {run.id} is {run.phase}; what stopped, failed or is lost can be resumed."
            )

    def action_clone(self) -> None:
        """Take the configuration of the run under the cursor."""
        run = self._under_cursor()
        if run is not None:
            self.dismiss(Wanted("clone", run.id))

    def action_help(self) -> None:
        """Explain this screen and its keys."""
        self.app.push_screen(Help(key_table(self.BINDINGS), self.help_text))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)

    @on(DataTable.CellSelected)
    def _open(self, event: DataTable.CellSelected) -> None:
        event.stop()
        run = self._under_cursor()
        if run is not None:
            self.dismiss(Wanted("open", run.id))

    @on(DataTable.CellHighlighted)
    def _describe(self) -> None:
        """Tell the fields of the run under the cursor."""
        run = self._under_cursor()
        told = "" if run is None else in_words(self._found, self._runs.index(run))
        say(self.query_one("#told", Static), told)

    def _look(self) -> None:
        assert isinstance(self.app, SturdyApp), "the dashboard shows this screen"
        if not self._reading:
            self._reading = True
            self.app.attempt(self._read)

    async def _read(self) -> None:
        try:
            runs = await in_thread(lambda: _compared(self._folders))
            if (runs != self._runs or self._nothing == READING) and self.is_attached:
                self._runs, self._nothing = runs, REMOVED
                self._fill()
                self._chart.show(runs, REMOVED)
        finally:
            self._reading = False

    @property
    def _chart(self) -> CompareChart:
        return self.query_one(CompareChart)

    @property
    def _table(self) -> CompareTable:
        return self.query_one(CompareTable)

    def _under_cursor(self) -> Compared | None:
        row = self._table.cursor_row
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def _fill(self) -> None:
        """Write the table anew; the cursor stays on its run and its column."""
        found, shown = table(self._runs), self._table
        self._found = found
        under = self._under_cursor()
        titles = [str(key.value) for key in shown.columns]
        title = titles[shown.cursor_column] if titles else ""
        order = list(range(len(self._runs)))
        if self._sorted_by in found.titles:
            column = found.titles.index(self._sorted_by)
            order = found.order(column, falling=self._falling)
        self._lines = [self._runs[i] for i in order]
        shown.clear(columns=True)
        for column, name in enumerate(found.titles):
            shown.add_column(self._heading(name), width=_width(found, column), key=name)
        for i in order:
            shown.add_row(*self._line(found, i))
        ids = [run.id for run in self._lines]
        row = ids.index(under.id) if under is not None and under.id in ids else 0
        shown.move_cursor(row=row, column=found.titles.index(title) if title in found.titles else 0)
        self._describe()

    def _heading(self, name: str) -> Text:
        turn = ("▼" if self._falling else "▲") if name == self._sorted_by else ""
        return Text(f"{shorten(name, WIDEST - 2, ascii=self._ascii)}{turn}")

    def _line(self, found: Table, index: int) -> list[Text]:
        """A run's cells; the first one has its curve's sign and colour, if that is seen."""
        own = palette(self.app).series
        sign = point_sign(index, ascii=self._ascii) or LINE_SIGNS[self._ascii][1]
        run, *cells = found.lines[index]
        sign = " " if run.text in self._chart.hidden else sign
        name = shorten(run.text, WIDEST_NAME, ascii=self._ascii)
        first = Text.assemble((sign, own[index % len(own)]), f" {name}")
        return [first, *(Text(shorten(each.text, WIDEST, ascii=self._ascii)) for each in cells)]


def _width(found: Table, column: int) -> int:
    """As wide as its widest cell, with room for a sign of a run, or of how it is sorted."""
    title = cell_len(found.titles[column]) + 1
    widest = max((cell_len(line[column].text) for line in found.lines), default=0)
    if column == 0:
        return max(title, min(widest, WIDEST_NAME) + 2)
    return min(max(title, widest), WIDEST)


def _compared(folders: Sequence[RunFolder]) -> list[Compared]:
    """The runs that can be read; one may have been removed meanwhile."""
    runs = []
    for folder in folders:
        with suppress(InputError, OSError):
            if folder.config_file.exists():
                runs.append(compared(folder))
    return runs
