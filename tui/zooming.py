"""Charts that are looked at closely: a cursor to read off, and a stretch of their axis."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget

from tui.series import Floats
from tui.window import Range, Window

LABELS = 8
"""About how many columns of a chart its labels take."""

READOUT_WIDTH = 150
"""Cells of all that is told about the place of the cursor."""

ZOOM_KEYS = (
    Binding("left", "move(-1)", "cursor", key_display="←→", tooltip="move the cursor"),
    Binding("right", "move(1)", "cursor", show=False, tooltip="move it on"),
    Binding("up,plus", "zoom(1)", "zoom", key_display="↑↓", tooltip="zoom in or out"),
    Binding("down,minus", "zoom(-1)", "zoom out", show=False),
    Binding("w,escape", "whole", "whole run", tooltip="show the whole run, without a cursor"),
)
"""The keys of such a chart."""

LOG_KEYS = (
    Binding("l", "log", "log y", tooltip="make the axis of losses and rates logarithmic"),
    Binding("h", "log_x", "log x", tooltip="make the axis of epochs logarithmic"),
)

ZOOM_HELP = (
    "The arrows left and right move a cursor, up and down zoom to it; what stands at the\n"
    "cursor is told below"
)


@dataclass(frozen=True)
class Axis:
    """What a chart goes along: how far it reaches now, and where on it a cursor can stand (n,).

    `least` is the shortest stretch that is shown, `columns` about how wide the chart is,
    `grows_to` as in `Window`.
    """

    reach: Range
    places: Floats
    columns: int
    least: float
    log: bool = False
    grows_to: float | None = None

    def shown(self, window: Window) -> Range:
        """The stretch of it that is seen."""
        return window.shown(self.reach, self.grows_to)


class Zooming(Widget):
    """A widget with such charts; its keys are `ZOOM_KEYS`."""

    window = Window()

    def axis(self) -> Axis | None:
        """The axis of its charts; None while there is none."""
        raise NotImplementedError

    def look(self, window: Window) -> None:
        """Show another stretch, or another cursor."""
        self.window = window
        self.refresh()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who sees the whole need not go back to it."""
        return action != "whole" or self.window != Window()

    def action_move(self, columns: int) -> None:
        """Move the cursor, or bring it."""
        axis = self.axis()
        if axis is not None:
            moved = self.window.moved(
                columns,
                axis.columns,
                axis.places,
                axis.reach,
                log=axis.log,
                grows_to=axis.grows_to,
            )
            self.look(moved)

    def action_zoom(self, steps: int) -> None:
        """Come closer to the cursor, or to what is newest; or go back."""
        axis = self.axis()
        if axis is not None:
            zoomed = self.window.zoomed(
                steps, axis.reach, axis.least, log=axis.log, grows_to=axis.grows_to
            )
            self.look(zoomed)

    def action_whole(self) -> None:
        """Show all, without a cursor."""
        self.look(Window())


def told_at_cursor(told: list[tuple[str, str]], width: int, height: int, muted: str) -> list[Text]:
    """Names with values below a chart, in so many lines wherever the cursor is."""
    most = max(1, min(-(-READOUT_WIDTH // max(width, 1)), height // 4))
    lines = flowing(told, width, most, muted)
    return [*lines, *[Text()] * (most - len(lines))]


def flowing(parts: list[tuple[str, str]], width: int, most: int, muted: str) -> list[Text]:
    """Names with values in so many lines at most; what finds no room is left out."""
    lines = [Text(no_wrap=True)]
    for name, value in parts:
        part = Text.assemble((f"{name} ", muted), (value, "bold"))
        gap = "   " if lines[-1] else ""
        if lines[-1].cell_len + len(gap) + part.cell_len > width:
            if len(lines) == most or part.cell_len > width:
                break
            lines.append(Text(no_wrap=True))
            gap = ""
        lines[-1].append(gap).append_text(part)
    return lines
