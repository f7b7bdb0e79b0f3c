"""Every run there is, living or over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from tui.panels import PHASE_SIGNS, TablePanel, palette, shorten
from tui.render import formats
from tui.render.bars import bar
from tui.state import Phase, RunRow, View

NOTHING = "No runs yet: press space to start one."
COLUMNS = {
    "run": 9,
    "state": 13,
    "progress": 17,
    "best": 10,
    "age": 8,
    "dataset": 16,
    "network": 40,
}
BAR_WIDTH = 10
RESUMABLE = (Phase.LOST, Phase.STOPPED)


class RunsPanel(TablePanel):
    """The runs, the newest first, with keys to open, resume and stop one."""

    help_text: ClassVar[str] = (
        "Every run in the folder of saved models. A run trains in a process of its own:\n"
        "closing the dashboard does not end it.\n"
        "enter opens the run under the cursor in all views.\n"
        "u resumes one that was stopped or lost, from its last checkpoint.\n"
        "k asks a living run to write a checkpoint and stop.\n"
        "Lost: its process ended without a word, as after a power cut."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open"),
        Binding("u", "resume", "resume"),
        Binding("k", "stop", "stop"),
    ]

    class RunMessage(Message):
        """Something is wanted of a run."""

        def __init__(self, run_id: str) -> None:
            super().__init__()
            self.run_id = run_id

    class RunChosen(RunMessage):
        """The run is to be opened."""

    class ResumeAsked(RunMessage):
        """The run is to go on from its checkpoint."""

    class StopAsked(RunMessage):
        """The run is to stop."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        ascii: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(ascii=ascii, id=id)
        self._clock = clock
        self._cells: dict[str, tuple[Text, ...]] = {}

    def build_table(self) -> DataTable[object]:
        """A table whose rows are runs."""
        table: DataTable[object] = DataTable(cursor_type="row", cell_padding=0)
        table.cursor_foreground_priority = "renderable"
        return table

    def on_mount(self) -> None:
        """Make the columns."""
        for title, width in COLUMNS.items():
            table_title = Text(f" {title}" if title == "run" else title)
            self.table.add_column(table_title, width=width, key=title)

    def show(self, view: View) -> None:
        """Take the newest state."""
        self.view = view
        self.show_nothing("" if view.runs else NOTHING)
        cells = {row.id: self._row_cells(row) for row in view.runs}
        if list(cells) == list(self._cells):
            self._update(cells)
        else:
            self._rebuild(cells)
        self._cells = cells
        self._describe()

    def action_resume(self) -> None:
        """Ask for the run under the cursor to go on."""
        row = self._row_under_cursor()
        if row is None:
            return
        if row.phase in RESUMABLE:
            self.post_message(self.ResumeAsked(row.id))
        else:
            self.notify(f"Run {row.id} is {row.phase}; only a stopped or lost one can be resumed.")

    def action_stop(self) -> None:
        """Ask for the run under the cursor to stop."""
        row = self._row_under_cursor()
        if row is None:
            return
        if row.phase.alive:
            self.post_message(self.StopAsked(row.id))
        else:
            self.notify(f"Run {row.id} is {row.phase}; there is nothing to stop.")

    @on(DataTable.RowSelected)
    def choose(self, event: DataTable.RowSelected) -> None:
        """Open the run."""
        event.stop()
        self.post_message(self.RunChosen(str(event.row_key.value)))

    @on(DataTable.RowHighlighted)
    def describe(self, event: DataTable.RowHighlighted) -> None:
        """Tell the run under the cursor in full."""
        event.stop()
        self._describe()

    def _row_under_cursor(self) -> RunRow | None:
        row = self.table.cursor_row
        return self.view.runs[row] if row < len(self.view.runs) else None

    def _describe(self) -> None:
        row = self._row_under_cursor()
        if row is not None:
            self.say(f"{row.id}: {row.network} on {row.dataset}")

    def _update(self, cells: dict[str, tuple[Text, ...]]) -> None:
        """Write what is new into a table of the same runs."""
        for run_id, row in cells.items():
            for title, old, new in zip(COLUMNS, self._cells[run_id], row, strict=True):
                if old != new or old.spans != new.spans:
                    self.table.update_cell(run_id, title, new)

    def _rebuild(self, cells: dict[str, tuple[Text, ...]]) -> None:
        """Runs came or went: fill the table anew, the cursor staying on its run."""
        table = self.table
        on_run = list(self._cells)[table.cursor_row] if self._cells else None
        table.clear()
        for run_id, row in cells.items():
            table.add_row(*row, key=run_id)
        if on_run in cells:
            table.move_cursor(row=table.get_row_index(str(on_run)))

    def _row_cells(self, row: RunRow) -> tuple[Text, ...]:
        colors = palette(self.app)
        tones = {
            Phase.TRAINING: colors.good,
            Phase.FINISHED: colors.primary,
            Phase.FAILED: colors.bad,
            Phase.LOST: colors.bad,
        }
        sign = PHASE_SIGNS[row.phase][self.ascii]
        progress = bar(row.progress, BAR_WIDTH, track=True, ascii=self.ascii)
        best = "" if row.best_accuracy is None else formats.percent(row.best_accuracy)
        age = formats.age(self._clock() - row.started)
        return (
            Text(f" {shorten(row.id, 8, ascii=self.ascii)}", style="bold"),
            Text(f"{sign} {row.phase}", style=tones.get(row.phase, colors.accent)),
            Text.assemble((progress, colors.primary), f"{100 * row.progress:4.0f} %"),
            Text(best),
            Text(age),
            Text(shorten(row.dataset, COLUMNS["dataset"] - 1, ascii=self.ascii)),
            Text(shorten(row.network, COLUMNS["network"], ascii=self.ascii), style=colors.muted),
        )
