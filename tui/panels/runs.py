"""Every run there is, living or over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from nn.data import short_name
from tui.comparison import MOST
from tui.panels import PHASE_SIGNS, TablePanel, palette, shorten
from tui.render import formats
from tui.render.bars import bar
from tui.state import Phase, RunRow
from tui.table import Table

NOTHING = "No runs yet: press space to start one."
WIDTHS = {"run": 9, "state": 13, "progress": 17, "best": 9, "age": 7}
"""The columns whose width is known; dataset and network share the rest."""
WIDEST_DATASET = 24
NARROWEST_NETWORK = 10
"""Below this a network is only told under the table."""
BAR_WIDTH = 10
RESUMABLE = (Phase.LOST, Phase.STOPPED, Phase.FAILED)


class RunTable(Table):
    """A table that says in the footer what enter does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "open")]


class RunsPanel(TablePanel):
    """The runs, the newest first, with keys to open, resume, stop and remove one."""

    help_text: ClassVar[str] = (
        "Every run in the folder of saved models. A run trains in a process of its own:\n"
        "closing the dashboard does not end it. Best is the test accuracy of its best epoch.\n"
        "enter opens the run under the cursor in all views.\n"
        "u resumes one that stopped, failed or is lost, from its last checkpoint.\n"
        "k asks a living run to write a checkpoint and stop.\n"
        "d removes one that has ended, after a question; saved models stay.\n"
        "space marks a run, again: no longer; c compares the marked ones, which stay marked until\n"
        "esc takes all marks away.\n"
        "n puts a run's configuration into the form, for a new run like it.\n"
        "Lost: its process ended without a word, as after a power cut."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", tooltip="mark a run, or no longer"),
        Binding("escape", "unmark", "no marks", tooltip="take all marks away"),
        Binding("c", "compare", "compare", tooltip="compare the marked runs"),
        Binding("n", "clone", "clone", tooltip="put its configuration into the form"),
        Binding("u", "resume", "resume"),
        Binding("k", "stop", "stop"),
        Binding("d", "remove", "remove"),
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

    class RemoveAsked(RunMessage):
        """The run is to be removed."""

    class CloneAsked(RunMessage):
        """A new run like this one is wanted."""

    class CompareAsked(Message):
        """Some runs are to be shown beside each other."""

        def __init__(self, run_ids: tuple[str, ...]) -> None:
            super().__init__()
            self.run_ids = run_ids

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        ascii: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(ascii=ascii, id=id)
        self._clock = clock
        self._cells: dict[str, dict[str, Text]] = {}
        self._widths: dict[str, int] = {}
        self._marked: set[str] = set()

    def build_table(self) -> Table:
        """A table whose rows are runs."""
        return RunTable(cursor_type="row", cell_padding=0)

    def fill(self) -> None:
        """Write what is new into the table."""
        rows = self.view.runs
        self._marked &= {row.id for row in rows}
        self.show_nothing("" if rows else NOTHING)
        widths = self._column_widths()
        cells = {row.id: self._row_cells(row, widths) for row in rows}
        if list(cells) == list(self._cells) and widths == self._widths:
            self._update(cells)
        else:
            self._rebuild(cells, widths)
        self._cells, self._widths = cells, widths
        self._describe()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a run the keys are those of the dashboard."""
        if action == "unmark":
            return bool(self._marked)
        return action not in ("mark", "compare", "clone") or bool(self.view.runs)

    def action_mark(self) -> None:
        """Mark the run under the cursor, or no longer, and go on to the next."""
        row = self._row_under_cursor()
        if row is None:
            return
        if row.id not in self._marked and len(self._marked) == MOST:
            self.notify(f"{MOST} runs at most can be compared.")
            return
        self._marked ^= {row.id}
        self.fill()
        self.refresh_bindings()
        self.table.action_cursor_down()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self._marked.clear()
        self.fill()
        self.refresh_bindings()

    def action_compare(self) -> None:
        """Ask for the marked runs to be shown beside each other."""
        marked = tuple(row.id for row in self.view.runs if row.id in self._marked)
        if len(marked) > 1:
            self.post_message(self.CompareAsked(marked))
        else:
            self.notify("Mark two runs or more first: space marks the one under the cursor.")

    def action_clone(self) -> None:
        """Ask for the configuration of the run under the cursor."""
        row = self._row_under_cursor()
        if row is not None:
            self.post_message(self.CloneAsked(row.id))

    def action_resume(self) -> None:
        """Ask for the run under the cursor to go on."""
        row = self._row_under_cursor()
        if row is None:
            return
        if row.phase in RESUMABLE:
            self.post_message(self.ResumeAsked(row.id))
        else:
            self.notify(
                f"Run {row.id} is {row.phase}; what stopped, failed or is lost can be resumed."
            )

    def action_stop(self) -> None:
        """Ask for the run under the cursor to stop."""
        row = self._row_under_cursor()
        if row is None:
            return
        if row.phase.alive:
            self.post_message(self.StopAsked(row.id))
        else:
            self.notify(f"Run {row.id} is {row.phase}; there is nothing to stop.")

    def action_remove(self) -> None:
        """Ask for the run under the cursor to be removed."""
        row = self._row_under_cursor()
        if row is None:
            return
        if row.phase.alive:
            self.notify(f"Run {row.id} is {row.phase}; k stops it, then it can be removed.")
        else:
            self.post_message(self.RemoveAsked(row.id))

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
        return self.view.runs[row] if 0 <= row < len(self.view.runs) else None

    def _describe(self) -> None:
        row = self._row_under_cursor()
        if row is not None:
            marked = len(self._marked)
            also = (
                f"{marked} marked{', c compares them' if marked > 1 else ''} · " if marked else ""
            )
            self.say(f"{also}{row.id}: {row.network} on {row.dataset}")

    def _column_widths(self) -> dict[str, int]:
        longest = max((cell_len(short_name(row.dataset)) for row in self.view.runs), default=0)
        widths = {**WIDTHS, "dataset": min(max(longest, len("dataset")), WIDEST_DATASET) + 1}
        room = self.size.width - sum(widths.values()) - 2
        return {**widths, "network": room} if room >= NARROWEST_NETWORK else widths

    def _update(self, cells: dict[str, dict[str, Text]]) -> None:
        """Write what is new into a table of the same runs."""
        for run_id, row in cells.items():
            for title, new in row.items():
                old = self._cells[run_id][title]
                if (old.plain, old.style, old.spans) != (new.plain, new.style, new.spans):
                    self.table.update_cell(run_id, title, new)

    def _rebuild(self, cells: dict[str, dict[str, Text]], widths: dict[str, int]) -> None:
        """Runs came or went: fill the table anew, the cursor staying on its run."""
        table = self.table
        on_run = list(self._cells)[table.cursor_row] if self._cells else None
        table.clear(columns=True)
        for title, width in widths.items():
            table.add_column(Text(f" {title}" if title == "run" else title), width=width, key=title)
        for run_id, row in cells.items():
            table.add_row(*row.values(), key=run_id)
        if on_run is not None and on_run in cells:
            table.move_cursor(row=table.get_row_index(on_run))

    def _row_cells(self, row: RunRow, widths: dict[str, int]) -> dict[str, Text]:
        """The cells by the titles of their columns."""
        colors = palette(self.app)
        tones = {
            Phase.TRAINING: colors.good,
            Phase.FINISHED: colors.primary,
            Phase.FAILED: colors.bad,
            Phase.LOST: colors.bad,
        }
        mark = "*" if row.id in self._marked else " "
        sign = PHASE_SIGNS[row.phase][self.ascii]
        progress = bar(row.progress, BAR_WIDTH, track=True, ascii=self.ascii)
        best = "" if row.best_accuracy is None else formats.percent(row.best_accuracy)
        dataset = shorten(short_name(row.dataset), widths["dataset"] - 1, ascii=self.ascii)
        network = shorten(row.network, widths.get("network", 0), ascii=self.ascii)
        cells = {
            "run": Text(
                f"{mark}{shorten(row.id, WIDTHS['run'] - 2, ascii=self.ascii)}", style="bold"
            ),
            "state": Text(f"{sign} {row.phase}", style=tones.get(row.phase, colors.accent)),
            "progress": Text.assemble((progress, colors.primary), f"{100 * row.progress:4.0f} %"),
            "best": Text(best),
            "age": Text(formats.age(self._clock() - row.started)),
            "dataset": Text(dataset),
            "network": Text(network, style=colors.muted),
        }
        return {title: cells[title] for title in widths}
