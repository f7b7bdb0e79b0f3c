"""Which learning rate suits the design: a test, its curve and what it suggests."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from tui.panels import Palette, palette, shorten
from tui.render import formats
from tui.render.rate_chart import rate_chart
from tui.state import RateState, View, network_summary

NOTHING = (
    "Trains a copy of this design for a hundred batches while the learning rate rises, and finds "
    "from the loss which rate would suit. No run and no model is touched: t starts the test."
)

LOW = 14
"""Lines below which the curve needs those that a longer explanation would take."""


class RatePanel(Static, can_focus=True):
    """Starts a learning rate test, follows it and offers its result."""

    help_text: ClassVar[str] = (
        "Finds a learning rate for the design on the left (Smith, 2017): a copy of it learns one\n"
        "batch after another, each at a higher rate. At first nothing happens, then the loss\n"
        "falls, at last it explodes. The dashed line is the rate that is suggested: between\n"
        "the one where the loss falls fastest and a tenth of the one where it is lowest.\n"
        "t starts the test, and cancels it; u puts the rate into the form. No run is touched."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "test", "test", tooltip="test which learning rate suits the design"),
        Binding("t", "cancel", "cancel", tooltip="cancel the test"),
        Binding("u", "use", "use the rate", tooltip="put the suggested rate into the form"),
    ]
    DEFAULT_CSS = """
    RatePanel { height: 1fr; }
    RatePanel.-nothing { content-align: center middle; text-align: center; color: $text-muted; }
    """

    class TestAsked(Message):
        """The design's rates are to be tested."""

    class CancelAsked(Message):
        """The test is to end."""

    class RateChosen(Message):
        """The suggested rate is to be used."""

        def __init__(self, rate: float) -> None:
            super().__init__()
            self.rate = rate

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.ascii = ascii
        self.state: RateState | None = None
        self._painted: tuple[object, ...] = ()

    def show(self, view: View) -> None:
        """Take the newest state, and repaint if it is news."""
        self.state = view.rate
        wanted = (view.rate, view.rate and view.rate.version, self.size, self.app.theme)
        if wanted == self._painted:
            return
        self._painted = wanted
        self.refresh_bindings()
        self.set_class(view.rate is None, "-nothing")
        if view.rate is None:
            self.update(NOTHING)
        else:
            width, height = self.size
            self.update(picture(view.rate, width, height, palette(self.app), ascii=self.ascii))

    def on_resize(self) -> None:
        """Paint in the new size."""
        self.show(View(rate=self.state))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        running = self.state is not None and self.state.running
        match action:
            case "test":
                return not running
            case "cancel":
                return running
            case "use":
                return self.state is not None and self.state.suggestion is not None
            case _:
                return True

    def action_test(self) -> None:
        """Ask for a test."""
        self.post_message(self.TestAsked())

    def action_cancel(self) -> None:
        """Ask for the test's end."""
        self.post_message(self.CancelAsked())

    def action_use(self) -> None:
        """Ask for the suggested rate to be used."""
        if self.state is not None and self.state.suggestion is not None:
            self.post_message(self.RateChosen(self.state.suggestion))


def picture(state: RateState, width: int, height: int, colors: Palette, *, ascii: bool) -> Text:
    """What is tested, the curve, and below it how far it is or what was found."""
    what = Text(shorten(_what(state), width, ascii=ascii), colors.muted)
    words = Text(_words(state, brief=height < LOW), colors.bad if state.problem else colors.text)
    below = list(words.wrap(Console(width=max(width, 1)), max(width, 1)))
    chart = rate_chart(
        state.test,
        state.tried,
        state.suggestion,
        width=width,
        height=height - 1 - len(below),
        color=colors.primary,
        foreground=colors.muted,
        ascii=ascii,
    )
    return Text("\n").join([what, *([chart] if chart else []), *below])


def _what(state: RateState) -> str:
    training = state.config.training
    network = network_summary(state.config.network.layers)
    return f"{training.optimizer.kind}, batches of {training.batch_size}, {network}"


def _words(state: RateState, *, brief: bool) -> str:
    if state.problem:
        return f"The test could not be done: {state.problem}."
    if state.result is not None:
        found = f"{state.result.sentence[0].upper()}{state.result.sentence[1:]}."
        if state.suggestion is None:
            return found
        if brief:
            found = f"A learning rate of {state.suggestion:g} would suit."
        return f"{found} u puts it into the form."
    so_far = f"{len(state.tried)} of {state.test.steps} batches"
    if state.cancelled:
        return f"Cancelled after {so_far}; t tests again."
    if not state.tried:
        return "The test is starting."
    return f"{so_far}, learning rate {formats.rate(state.tried[-1].learning_rate)}"
