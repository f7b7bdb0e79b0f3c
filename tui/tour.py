"""The tour: in four short screens what one can do here, and with which keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.body import TABS
from tui.dialogs import Dialog


@dataclass(frozen=True)
class Stage:
    """A screen of the tour; [b] stands before each key in its text."""

    title: str
    text: str


STAGES = (
    Stage(
        "design",
        "The design is the network to train next. [b]e[/b] goes to its layers: [b]a[/b] adds one, "
        "[b]enter[/b] opens the fields of one, [b]n[/b] offers other networks: small learns in "
        "seconds, the one that is there in minutes.",
    ),
    Stage(
        "train",
        "[b]space[/b] starts a run of that design; then it pauses it, and lets it go on. [b]x[/b] "
        "stops it. A run needs no screen: [b]q[/b] leaves it training, and `cnn-tui attach` comes "
        "back.",
    ),
    Stage(
        "look",
        "Digits turn to the views: [b]{curves}[/b] how it learns, [b]{mistakes}[/b] what it gets "
        "wrong, [b]{inside}[/b] what each layer makes of an image, [b]{draw}[/b] a sheet to draw "
        "on. [b]?[/b] explains the view and its keys.",
    ),
    Stage(
        "compare",
        "Edit the design, start again. [b]{runs}[/b] lists the runs: [b]space[/b] marks some, "
        "[b]c[/b] compares them. [b]ctrl+s[/b] saves a network. [b]ctrl+p[/b] finds every command, "
        "this tour too.",
    ),
)


class Tour(Dialog[None]):
    """Shows around, a screen at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter,right", "turn(1)", "next"),
        Binding("left,backspace", "turn(-1)", "back"),
        Binding("q", "leave", "skip"),
    ]

    def __init__(self) -> None:
        super().__init__("")
        self._stage = 0

    def content(self) -> ComposeResult:
        """What is said, and how to go on."""
        with VerticalScroll(can_focus=False):
            yield Static(id="stage")

    def on_mount(self) -> None:
        """Begin at the beginning."""
        self._show()

    def action_turn(self, by: int) -> None:
        """Go on, or back; behind the last screen is the dashboard."""
        if self._stage + by == len(STAGES):
            self.dismiss(None)
            return
        self._stage = max(self._stage + by, 0)
        self._show()

    def _show(self) -> None:
        stage, last = STAGES[self._stage], self._stage == len(STAGES) - 1
        keys = {name: key for name, (key, _) in TABS.items()}
        self.query_one("#stage", Static).update(Text.from_markup(stage.text.format(**keys)))
        box = self.query_one(".dialog")
        box.border_title = f"{self._stage + 1} of {len(STAGES)}: {stage.title}"
        box.border_subtitle = f"space: {'begin' if last else 'next'} · esc: skip"
