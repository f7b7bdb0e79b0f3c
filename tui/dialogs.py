"""Questions that lie over the dashboard: choose, name, load, help. Escape leaves each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from nn.checkpoint import Model, load_model
from nn.data import short_name
from nn.runs.folder import Library
from nn.schema import InputError
from tui.render import formats
from tui.state import ModelRow, model_row
from tui.terminal.screens import LeftOnce
from tui.threads import in_thread

T = TypeVar("T")

LONGEST_LIST = 20
"""Lines of a list at most, on however large a screen."""


class AnswerList(OptionList):
    """A list that shows its cursor, also when it has got less room."""

    def on_resize(self) -> None:
        """Scroll to where the cursor is."""
        self.scroll_to_highlight()


class Dialog(LeftOnce, ModalScreen[T | None]):
    """A box in the middle of the screen; its answer is None where it was left with escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back")]

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """The box; what is in it is `content`."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._title
            box.border_subtitle = "esc: back"
            yield from self.content()

    def content(self) -> ComposeResult:
        """What the box holds."""
        yield from ()

    def on_resize(self) -> None:
        """Once everything else has its place, a list takes what is left."""
        self.call_after_refresh(self._fit_lists)

    def _fit_lists(self) -> None:
        """A list that is longer than the screen scrolls."""
        box = self.query_one(".dialog")
        for options in box.query_children(OptionList):
            others = sum(each.outer_size.height for each in box.children if each is not options)
            room = self.size.height - box.gutter.height - others
            options.styles.max_height = max(1, min(room, LONGEST_LIST))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


@dataclass(frozen=True)
class Choice:
    """One answer to choose, perhaps with a key of its own, or a name before what it means."""

    id: str
    text: str
    key: str = ""
    name: str = ""


class ChoiceList(AnswerList):
    """Answers below each other; what is long goes on below where it began."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__(*(Option(choice.text, choice.id) for choice in choices), markup=False)
        self._choices = choices
        self._names = max((len(choice.name) + 1 for choice in choices if choice.name), default=0)

    def on_resize(self) -> None:
        """Break the lines for the new width."""
        width = self.scrollable_content_region.width
        for index, choice in enumerate(self._choices):
            self.replace_option_prompt_at_index(index, self._line(choice, width))

    def _line(self, choice: Choice, width: int) -> Text:
        key = f"{choice.key}  " if choice.key else ""
        lead = f"{key}{choice.name:<{self._names}}"
        lines = wrap(choice.text, max(width - len(lead), 1))
        text = Text(f"\n{' ' * len(lead)}".join([f"{lead}{''.join(lines[:1])}", *lines[1:]]))
        text.stylize("bold", 0, len(key))
        return text


class Choose(Dialog[str]):
    """A question with a few answers: arrows and enter, or an answer's key. Gives its id.

    `proposed` is the place of the answer that enter alone gives.
    """

    def __init__(
        self, title: str, question: str, choices: Sequence[Choice], *, proposed: int = 0
    ) -> None:
        super().__init__(title)
        self._proposed = proposed
        self._question = question
        self._choices = {choice.id: choice for choice in choices}

    def content(self) -> ComposeResult:
        """The question and the answers."""
        if self._question:
            yield Static(self._question, markup=False)
        yield ChoiceList(list(self._choices.values()))

    def on_mount(self) -> None:
        """Propose an answer."""
        self.query_one(OptionList).highlighted = self._proposed

    def on_key(self, event: Key) -> None:
        """Take an answer by its key."""
        for choice in self._choices.values():
            if choice.key and choice.key == event.key:
                event.stop()
                self.dismiss(choice.id)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)


class SaveAs(Dialog[str]):
    """Asks for a model's name, and again before another model is replaced."""

    def __init__(self, library: Library, name: str, what: str) -> None:
        super().__init__("Save the model")
        self._library = library
        self._name = name
        self._what = what
        self._agreed = ""

    def content(self) -> ComposeResult:
        """What is saved, the name and what is wrong with it."""
        yield Static(f"Saves {self._what}. Name:", markup=False)
        yield Input(self._name, placeholder="a name, as in digits", select_on_focus=False)
        yield Static("enter: save", id="remark", markup=False)

    @on(Input.Changed)
    def _forget(self) -> None:
        self._agreed = ""
        self._say("enter: save")

    @on(Input.Submitted)
    def _save(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        try:
            path = self._library.model_path(name)
        except InputError as error:
            self._say(str(error), wrong=True)
            return
        if path.exists() and self._agreed != name:
            self._agreed = name
            self._say(f"{path.stem} exists already; enter again replaces it", wrong=True)
            return
        self.dismiss(path.stem)

    def _say(self, sentence: str, *, wrong: bool = False) -> None:
        remark = self.query_one("#remark", Static)
        remark.update(sentence)
        remark.set_class(wrong, "wrong")


class Number(Dialog[int]):
    """Asks for a whole number from 0 to `most`."""

    def __init__(self, title: str, most: int) -> None:
        super().__init__(title)
        self._most = most

    def content(self) -> ComposeResult:
        """Where to type, and what will do."""
        yield Input(placeholder=f"0 to {self._most:,}")
        yield Static(f"0 to {self._most:,} · enter: go there", id="remark", markup=False)

    @on(Input.Submitted)
    def _answer(self, event: Input.Submitted) -> None:
        digits = event.value.replace(",", "").strip()
        if digits.isdecimal() and int(digits) <= self._most:
            self.dismiss(int(digits))
            return
        remark = self.query_one("#remark", Static)
        remark.update(f"{event.value!r} will not do; give a number from 0 to {self._most:,}")
        remark.set_class(True, "wrong")


class LoadModel(Dialog[Model]):
    """The saved models, to choose one; a broken one says so here and changes nothing."""

    def __init__(self, library: Library) -> None:
        super().__init__("Load a model")
        self._library = library

    def content(self) -> ComposeResult:
        """The list, and what is to say about it."""
        yield AnswerList()
        yield Static("reading…", id="remark", markup=False)

    def on_mount(self) -> None:
        """Read the models' descriptions."""
        self._list_models()

    @work(exit_on_error=False)
    async def _list_models(self) -> None:
        lines = await in_thread(
            lambda: [(path, _describe(path)) for path in self._library.models()]
        )
        options = self.query_one(OptionList)
        options.add_options([Option(line, str(path)) for path, line in lines])
        options.highlighted = 0 if lines else None
        options.focus()
        none = f"none in {self._library.path} yet; ctrl+s saves one"
        self._say("enter: load" if lines else none)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self._say("reading…")
        self._load(Path(event.option_id or ""))

    @work(exit_on_error=False, exclusive=True)
    async def _load(self, path: Path) -> None:
        try:
            model = await in_thread(lambda: load_model(path))
        except InputError as error:
            self._say(str(error), wrong=True)
        except (OSError, MemoryError) as error:
            self._say(f"{path}: cannot be read ({error})", wrong=True)
        else:
            self.dismiss(model)

    def _say(self, sentence: str, *, wrong: bool = False) -> None:
        remark = self.query_one("#remark", Static)
        remark.update(sentence)
        remark.set_class(wrong, "wrong")


def _describe(path: Path) -> Text:
    """A model in one line, or that it is broken."""
    try:
        return _model_line(model_row(path))
    except InputError:
        return Text(f"{path.stem:<16} cannot be read; enter says why", no_wrap=True)


def _model_line(row: ModelRow) -> Text:
    accuracy = "not tested" if row.test_accuracy is None else formats.percent(row.test_accuracy)
    facts = (f"{row.name:<16}", f"{accuracy:>10}", f"{formats.short(row.parameters):>7}")
    line = "  ".join((*facts, short_name(row.dataset), row.network))
    return Text(line, no_wrap=True, overflow="ellipsis")


class Help(Dialog[None]):
    """All keys, and what the visible panel is for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("t", "tour", "tour")]

    def __init__(self, keys: Sequence[tuple[str, str]], explanation: str) -> None:
        super().__init__("Help")
        self._keys = keys
        self._explanation = explanation

    def content(self) -> ComposeResult:
        """The visible panel first, then the keys that work everywhere."""
        text = Text()
        text.append(f"{_flowing(self._explanation)}\n\n")
        for key, meaning in self._keys:
            text.append(f"{key:>10}", "bold").append(f"  {meaning}\n")
        with VerticalScroll():
            yield Static(text)

    def on_mount(self) -> None:
        """Say where there is more."""
        self.query_one(".dialog").border_subtitle = "t: tour · esc: back"

    async def action_tour(self) -> None:
        """Be shown around instead."""
        self.dismiss(None)
        await self.app.run_action("tour")


def _flowing(text: str) -> str:
    """A text whose lines end where its sentences do, for the screen to break."""
    return re.sub(r"(?<![.;:])\n", " ", text.strip())
