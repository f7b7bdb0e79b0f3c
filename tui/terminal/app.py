"""An app that is good to its terminal: it writes little, waits for nothing and cleans up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import ClassVar

from rich.console import COLOR_SYSTEMS, Console, RenderableType
from textual import on
from textual._compositor import CompositorUpdate
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen

from tui.exits import Exit
from tui.terminal import clicks, lists, toasts
from tui.terminal.ascii import AsciiFilter
from tui.terminal.compositor import SparingScreen
from tui.terminal.contrast import ContrastFilter
from tui.terminal.repaint import Shown
from tui.terminal.screens import Palette
from tui.terminal.turns import KeysInTurn

if sys.platform != "win32":
    from tui.terminal.driver import TerminalDriver

for mended in (clicks, lists, toasts):
    mended.mend()

LOOK_INTERVAL = 0.25
"""Seconds between two looks at the terminal."""


class TerminalApp(KeysInTurn):
    """Paints what has changed, and as often as the terminal takes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "to the shell", show=False),
        Binding("ctrl+l", "repaint", "paint anew", show=False),
    ]

    def __init__(self, *, ascii: bool) -> None:
        self._ascii_filter = AsciiFilter(ascii)
        self._shown = Shown()
        self._is_stale = False
        super().__init__()
        colors = COLOR_SYSTEMS[self.console.color_system or "truecolor"]
        self._contrast_filter = ContrastFilter(colors)

    def get_default_screen(self) -> Screen[object]:
        """The one that is put together with little work."""
        return SparingScreen(id="_default")

    def get_driver_class(self) -> type[Driver]:
        """The driver that waits for nothing, where there is one."""
        return super().get_driver_class() if sys.platform == "win32" else TerminalDriver

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and behind them what makes the most of the terminal."""
        mine = (self._contrast_filter, self._ascii_filter)
        return [*super().get_line_filters(), *(each for each in mine if each.enabled)]

    def on_mount(self) -> None:
        """Begin to look after the terminal."""
        self.set_interval(LOOK_INTERVAL, self._look_at_terminal)

    def on_resize(self) -> None:
        """What a terminal shows after its size has changed, or after a stop, is unknown."""
        self._shown.forget()

    def watch_theme(self) -> None:
        """Whoever paints before Textual's next look at the theme finds its colours already."""
        self.get_css_variables()

    def action_command_palette(self) -> None:
        """Show the commands."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    @on(Driver.SignalResume)
    def action_repaint(self) -> None:
        """Paint all of it, as after somebody else's message on the terminal."""
        self._shown.forget()
        self.refresh()

    def action_suspend_process(self) -> None:
        """Go to the shell; `fg` comes back."""
        if sys.platform != "win32" and isinstance(self._driver, TerminalDriver):
            self.app_suspend_signal.publish(self)
            self._driver.stop_process()

    def _look_at_terminal(self) -> None:
        if sys.platform == "win32" or not isinstance(self._driver, TerminalDriver):
            return
        if self._driver.hung_up:
            self.exit(return_code=Exit.HUNG_UP)
        elif self._is_stale and not self._driver.outlet.is_behind:
            self._is_stale = False
            self.refresh()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Leave out pictures for which the terminal has no time yet: a newer one follows."""
        driver = self._driver
        if isinstance(renderable, CompositorUpdate):
            if (
                sys.platform != "win32"
                and isinstance(driver, TerminalDriver)
                and driver.outlet.is_behind
            ):
                self._is_stale = True
                return
            renderable = _Changes(renderable, self._shown)
        super()._display(screen, renderable)


class _Changes(CompositorUpdate):
    """An update that is held against what is shown when it is written, not before."""

    def __init__(self, update: CompositorUpdate, shown: Shown) -> None:
        self._update, self._shown = update, shown

    def render_segments(self, console: Console) -> str:
        """What is to be written."""
        return self._shown.bring_up(self._update, console)
