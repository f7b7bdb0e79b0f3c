"""How the network is trained: the data, the training's fields, and the buttons."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from nn.config import RunConfig
from tui.form import LIST, Draft
from tui.form_rows import FieldList

FIRST = ("training.learning_rate", "training.epochs", "training.batch_size")
"""The fields that people change most stand at the top."""


class TrainingPanel(Vertical):
    """Edits everything of a draft but its layers."""

    help_text = """\
How the next run trains. "live" marks fields that may change while it runs: enter applies them to
the run at once. "new run" marks those that differ from the run that trains now. In ctrl+p,
"augment" fills in how images may be changed at random."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.leave_fields", "back")]

    def __init__(self, draft: Draft) -> None:
        super().__init__(id="training")
        self.border_title = "Training"
        self._draft = draft

    def compose(self) -> ComposeResult:
        """Fields that scroll, and below them the buttons."""
        with VerticalScroll(can_focus=False):
            yield FieldList(id="training-fields")
        yield Static(id="note", markup=False)
        with Horizontal(id="buttons"):
            yield Button("start", id="start", compact=True, action="app.start_or_pause")
            yield Button("step", id="step", compact=True, action="app.step")
            yield Button("stop", id="stop", compact=True, action="app.stop")

    def on_mount(self) -> None:
        """Draw the draft."""
        self.show(None, "", "start", can_start=True)

    def edit(self) -> None:
        """Put the cursor into the first field."""
        self.query_one(FieldList).edit()

    def show(self, running: RunConfig | None, note: str, verb: str, *, can_start: bool) -> None:
        """Draw the draft.

        `running` is the configuration of a run that trains meanwhile, `note` a sentence about the
        two, `verb` what the first button does.
        """
        fields = [f for f in self._draft.fields() if not f.path.startswith(LIST)]
        fields.sort(
            key=lambda field: FIRST.index(field.path) if field.path in FIRST else len(FIRST)
        )
        self.query_one(FieldList).show(self._draft, fields, running)
        remark = self.query_one("#note", Static)
        remark.update(note)
        remark.display = bool(note)
        start = self.query_one("#start", Button)
        start.label = verb
        start.disabled = not can_start
        for name in ("step", "stop"):
            self.query_one(f"#{name}", Button).disabled = running is None
