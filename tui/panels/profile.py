"""Where the time of training the design goes: stage by stage, with bars."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from tui.panels import Palette, palette
from tui.render.profile_table import COLUMNS_SAID, conditions, profile_table, result
from tui.state import ProfileState, View, network_summary

NOTHING = (
    "Takes a few steps with a copy of this design, on images drawn at random, and shows where "
    "their time goes. No run and no model is touched: t starts it."
)

DISTURBED = "A run trains meanwhile and has its share of the processors: alone, this is faster."


class ProfilePanel(VerticalScroll, can_focus=True):
    """Starts measuring a design, follows it and shows what was found."""

    help_text: ClassVar[str] = (
        "Shows where the time of a training step goes, for the design on the left. A stage of the\n"
        "network is a layer, or several that are carried out together, joined by + in the order\n"
        "that they are computed in. By: how a convolution was computed. G/s: billions of\n"
        "multiply-adds a second, as the layers' definitions count them; fft needs fewer, and so\n"
        "its rate may be above what the processor can do. On a narrow screen columns are left\n"
        "out. t starts measuring, and cancels it. No run is touched."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "measure", "measure", tooltip="measure where the time of a step goes"),
        Binding("t", "cancel", "cancel", tooltip="cancel measuring"),
    ]
    DEFAULT_CSS = """
    ProfilePanel { height: 1fr; scrollbar-size: 1 1; }
    ProfilePanel Static { height: auto; }
    ProfilePanel.-nothing { align: center middle; }
    ProfilePanel.-nothing Static { text-align: center; color: $text-muted; }
    """

    class MeasureAsked(Message):
        """The design's steps are to be measured."""

    class CancelAsked(Message):
        """Measuring is to end."""

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.state: ProfileState | None = None
        self._text = Static(markup=False)
        self._painted: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """What may be longer than there is room for."""
        yield self._text

    def show(self, view: View) -> None:
        """Take the newest state, and repaint if it is news."""
        self.state = state = view.profile
        wanted = (state, state and state.version, self.size, self.app.theme)
        if wanted == self._painted:
            return
        self._painted = wanted
        self.refresh_bindings()
        self.set_class(state is None, "-nothing")
        width = self.scrollable_content_region.width
        self._text.update(
            NOTHING
            if state is None
            else picture(state, max(width, 1), palette(self.app), ascii=self.ascii)
        )

    def on_resize(self) -> None:
        """Paint in the new size."""
        self.show(View(profile=self.state))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        running = self.state is not None and self.state.running
        match action:
            case "measure":
                return not running
            case "cancel":
                return running
            case _:
                return True

    def action_measure(self) -> None:
        """Ask for a measurement."""
        self.post_message(self.MeasureAsked())

    def action_cancel(self) -> None:
        """Ask for its end."""
        self.post_message(self.CancelAsked())


def picture(state: ProfileState, width: int, colors: Palette, *, ascii: bool) -> RenderableType:
    """What is measured, and how far that is or what was found."""
    what = Text(network_summary(state.config.network.layers), colors.muted)
    if state.result is None:
        return Group(what, Text(_progress(state), colors.bad if state.problem else colors.text))
    lines: list[RenderableType] = [
        what,
        Text(result(state.result), colors.text),
        *([Text(DISTURBED, colors.accent)] if state.disturbed else []),
        Text(),
        profile_table(state.result, width=width, ascii=ascii, bars=colors.primary),
        Text(),
        Text(f"{COLUMNS_SAID} Measured: {conditions(state.result)}.", colors.muted),
    ]
    return Group(*lines)


def _progress(state: ProfileState) -> str:
    if state.problem:
        return f"The steps could not be measured: {state.problem}."
    so_far = f"{state.done} of {state.total} steps"
    if state.cancelled:
        return f"Cancelled after {so_far}; t measures again." if state.done else "Cancelled."
    return so_far if state.done else "Measuring is starting."
