"""The sheet of paper: what the mouse and the pen's keys do on it."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from nn.types import Bytes
from tui.panels import palette, picture_style
from tui.render.canvas import sheet_text
from tui.render.images import PictureStyle
from tui.sketch import MARGIN, THICKNESSES, Sketch

STEP = 1 / 24
"""How far an arrow key takes the pen, as a share of the sheet's side."""

PEN_MARKS = {False: ("┼", "+"), True: ("●", "O")}
"""The pen while it is up and down, also in ASCII."""


class Sheet(Widget, can_focus=True):
    """A drawing under way: there the mouse draws, and selects no text."""

    ALLOW_SELECT: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"move({across}, {down})", "move", show=False)
        for key, across, down in (
            ("left", -1, 0),
            ("right", 1, 0),
            ("up", 0, -1),
            ("down", 0, 1),
            ("home", -1, -1),
            ("pageup", 1, -1),
            ("end", -1, 1),
            ("pagedown", 1, 1),
        )
    ]
    DEFAULT_CSS = """
    Sheet { width: auto; height: auto; border: round $foreground 30%; }
    Sheet:focus { border: round $primary; }
    Sheet { border-title-color: $foreground; border-subtitle-color: $text-muted; }
    """

    class Drawn(Message):
        """There is other ink on the sheet than before."""

        def __init__(self, ink: Bytes) -> None:
            super().__init__()
            self.ink = ink

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self.sketch = Sketch()
        self.lines = 1
        self._is_dragged = False
        self._told: tuple[bool, ...] = ()

    @property
    def drawing(self) -> PictureStyle:
        """How pictures are drawn."""
        return picture_style(self.app, ascii=self.ascii)

    def on_mount(self) -> None:
        """Say how the pen is."""
        self._tell()

    def scale(self, lines: int) -> None:
        """Be so many lines high, and twice as many cells wide."""
        if lines != self.lines:
            self.lines = lines
            self.styles.width, self.styles.height = 2 * lines + 2, lines + 2
            self.refresh()

    def render(self) -> Text:
        """The drawing, and the pen on it."""
        sketch, colors = self.sketch, palette(self.app)
        return sheet_text(
            sketch.ink[MARGIN:-MARGIN, MARGIN:-MARGIN],
            height=self.lines,
            style=self.drawing,
            ink_color=colors.ink,
            paper_color=colors.paper,
            pen=sketch.pen,
            mark=PEN_MARKS[sketch.is_down][self.ascii],
            mark_style=f"bold {colors.on_cursor} on {colors.cursor}",
        )

    def action_move(self, across: int, down: int) -> None:
        """Take the pen a step further; one that is down draws."""
        x, y = self.sketch.pen
        self._go(x + across * STEP, y + down * STEP)

    def lower(self) -> None:
        """Begin a stroke."""
        self.sketch.lower()
        self._changed()

    def lift(self) -> None:
        """End it."""
        self.sketch.lift()
        self._tell()

    def undo(self) -> None:
        """Take back the last stroke, or the clearing."""
        self.sketch.undo()
        self._changed()

    def clear(self) -> None:
        """Take an empty sheet."""
        self.sketch.clear()
        self._changed()

    def thicken(self, by: int) -> None:
        """Choose another pen."""
        self.sketch.thicken(by)
        self._tell()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin a stroke there."""
        if event.button != 1 or event.get_content_offset(self) is None:
            return
        self._is_dragged = True
        self.capture_mouse()
        self.sketch.lift()
        self.sketch.move_to(*self._place(event))
        self.lower()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw it on."""
        if self._is_dragged and event.button == 1:
            self._go(*self._place(event))
        else:
            self._let_go()

    def on_mouse_up(self) -> None:
        """End it."""
        self._let_go()

    def _let_go(self) -> None:
        if self._is_dragged:
            self._is_dragged = False
            self.release_mouse()
            self.lift()

    def _place(self, event: events.MouseEvent) -> tuple[float, float]:
        """Where the mouse is on the sheet: in the middle of a cell, or closer if it says so."""
        at = event.get_content_offset_capture(self)
        across, down = (
            part if part else 0.5 for part in (event.pointer_x % 1, event.pointer_y % 1)
        )
        return (at.x + across) / (2 * self.lines), (at.y + down) / self.lines

    def _go(self, x: float, y: float) -> None:
        before = self.sketch.strokes
        self.sketch.move_to(x, y)
        if self.sketch.strokes is not before:
            self._changed()
        else:
            self.refresh()

    def _changed(self) -> None:
        self._tell()
        self.post_message(self.Drawn(self.sketch.ink))

    def _tell(self) -> None:
        """Show how the pen is, in words too."""
        self.border_title = f"pen {'down' if self.sketch.is_down else 'up'}"
        self.border_subtitle = f"width {self.sketch.level + 1}/{len(THICKNESSES)}"
        self.refresh()
        state = (self.sketch.is_down, self.sketch.can_undo, bool(self.sketch.strokes))
        if state != self._told:
            self._told = state
            self.refresh_bindings()
