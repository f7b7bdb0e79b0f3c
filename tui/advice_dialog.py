"""Remarks about a run over the dashboard, each with its evidence and what to try."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from nn.runs.advice import Advice, Remark, Try
from tui.dialogs import Dialog

LOOK_INTERVAL = 0.5
"""Seconds after which news of a run that trains are shown."""

NO_RUN = "There is no run to speak of yet: space starts one, 5 lists those that there are."

TRY = "enter: try the line · "


class AdviceDialog(Dialog[Try]):
    """What there is to remark now and as the run goes on; gives what is to be tried."""

    def __init__(self, look: Callable[[], Advice | None]) -> None:
        super().__init__("Advice, from the run's own figures")
        self._look = look
        self._shown: Advice | None = None
        self._tries: dict[str, Try] = {}

    def content(self) -> ComposeResult:
        """One list, so that the arrows lead to all of it."""
        yield OptionList(Option(Text(NO_RUN)))

    def on_mount(self) -> None:
        """Show what is known, and later what is new."""
        self._show_news()
        self.set_interval(LOOK_INTERVAL, self._show_news)

    def _show_news(self) -> None:
        advice, options = self._look(), self.query_one(OptionList)
        if advice is None or advice == self._shown:
            return
        at = options.highlighted
        chosen = None if at is None else options.get_option_at_index(at).id
        self._shown, self._tries = advice, {}
        options.clear_options()
        options.add_options(self._options(advice))
        ids = [option.id for option in options.options]
        options.highlighted = ids.index(chosen) if chosen in ids else 0
        follows = any(tried.changes for tried in self._tries.values())
        self.query_one(".dialog").border_subtitle = f"{TRY if follows else ''}esc: back"

    def _options(self, advice: Advice) -> Iterator[Option]:
        if advice.silence:
            yield Option(Text(advice.silence), "silence")
        for remark in advice.remarks:
            yield Option(_told(remark), remark.kind)
            for tried in remark.tries:
                name = f"{remark.kind}: {tried.words}"
                self._tries[name] = tried
                yield Option(_line(tried), name)
        rest = _rest(advice)
        if rest:
            yield Option(
                _hanging(*((Text("- ", "dim"), Text(each, "dim")) for each in rest)), "rest"
            )

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        tried = self._tries.get(event.option_id or "")
        if tried is not None and tried.changes:
            self.dismiss(tried)


def _told(remark: Remark) -> Table:
    words = Text.assemble(
        (remark.title, "bold"),
        f" ({remark.sure})\n{remark.evidence}\nHow sure: {remark.because}.",
    )
    return _hanging((Text("! ", "bold"), words))


def _line(tried: Try) -> Table:
    """What to try; what enter can do says so, and when it takes effect."""
    line = Text(tried.words)
    if tried.changes:
        when = "also while it trains" if tried.live else "in a new run"
        line.append(f"  [enter: {when}]", "dim")
    return _hanging((Text("   try "), line))


def _hanging(*paragraphs: tuple[Text, Text]) -> Table:
    """Each a sign and words, whose lines all begin behind the sign."""
    grid = Table.grid(expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(ratio=1)
    for paragraph in paragraphs:
        grid.add_row(*paragraph)
    return grid


def _rest(advice: Advice) -> list[str]:
    parts = []
    if advice.remarks and advice.passed:
        parts.append(f"No sign of {', '.join(advice.passed)}.")
    parts += [f"Cannot be told: {name} (needs {why})." for name, why in advice.waiting.items()]
    return parts
