"""What the network got wrong: pictures with what they are and what they were taken for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
from pydantic import JsonValue
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from nn.types import Integers
from tui.dialogs import Choice, Choose
from tui.panels import ReadyPanel, no_answers, say
from tui.panels.mistakes.grid import Grid
from tui.panels.mistakes.large import LargePicture, Left
from tui.panels.mistakes.words import Selection, pairs_of
from tui.render import formats
from tui.render.images import PictureStyle
from tui.state import ORDERS, Answers, SecondLook, View

__all__ = ["LargePicture", "MistakesPanel"]

ANSWERS_KEYS = ("pair", "order", "cycle_true", "cycle_predicted", "inside", "write", "mix", "look")
"""What means nothing without answers."""

PAIRS_SAY = "How many of each: true class → what it was taken for."


class MistakesPanel(ReadyPanel):
    """The test images that were taken for something else."""

    help_text: ClassVar[str] = (
        "Test images that the network got wrong, each with its true class, what it was taken\n"
        "for, and how sure the network was.\n"
        "Arrow and page keys move; enter shows one large with the probability of every class,\n"
        "what other saved models say of it, and the training images that are nearest to it\n"
        "(by the Euclidean distance of pixels from 0 to 1).\n"
        "t goes through the true classes, p through the predicted ones (T and P backwards);\n"
        "f chooses a pair of them, the most frequent first; a or escape shows all again.\n"
        "o changes the order: by confidence (the probability of the answer), by loss (minus the\n"
        "logarithm of the true class's probability), by margin (the true class's probability\n"
        "less the highest other one), or as in the test set.\n"
        "Pairs of classes take turns, so that a frequent one does not crowd out the others;\n"
        "m lets them, or not.\n"
        "d draws the images smaller, larger, or in ASCII.\n"
        "A cell of the confusion matrix opens exactly its images here.\n"
        "w writes all that are shown, in this order, to a table (CSV) and a sheet of pictures\n"
        "(PNG) beside the saved models.\n"
        "i follows the image through every layer of the network, also from the large picture."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,escape", "all", "all", tooltip="show all mistakes again"),
        Binding("f", "pair", "filter", tooltip="choose a pair of classes"),
        Binding("o", "order", "order", tooltip="sort by confidence, loss or margin"),
        Binding("t", "cycle_true(1)", "true class", tooltip="the next true class alone"),
        Binding("T", "cycle_true(-1)", "true class", show=False, tooltip="the true class before"),
        Binding("p", "cycle_predicted(1)", "predicted", tooltip="the next predicted class alone"),
        Binding(
            "P", "cycle_predicted(-1)", "predicted", show=False, tooltip="the predicted one before"
        ),
        Binding("i", "inside", "inside", tooltip="follow this image through the network"),
        Binding("w", "write", "write", tooltip="write these mistakes to CSV and PNG files"),
        Binding("m", "mix", "mix", tooltip="pairs of classes take turns, or not"),
        Binding("d", "look", "drawing", tooltip="draw smaller, larger, or in ASCII"),
    ]
    choices: ClassVar[Mapping[str, Sequence[JsonValue]]] = {
        "selection.order": ORDERS,
        "selection.mixed": (True, False),
    }
    DEFAULT_CSS = """
    MistakesPanel > #line {
        height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
    }
    MistakesPanel > #nothing {
        height: 1fr; content-align: center middle; text-align: center; color: $text-muted;
    }
    MistakesPanel > .hidden { display: none; }
    """

    class InsideAsked(Message):
        """An image of the test set is to be followed through the network."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    class WritingAsked(Message):
        """Images are to be written to files; `selection` tells which of the mistakes they are."""

        def __init__(self, answers: Answers, indices: Integers, selection: str) -> None:
            super().__init__()
            self.answers = answers
            self.indices = indices
            self.selection = selection

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.answers: Answers | None = None
        self._why_nothing = no_answers(View())
        self.selection = Selection()
        self.second = SecondLook()

    def compose(self) -> ComposeResult:
        """A line of words, the thumbnails, and the sentence instead of them."""
        yield Static(id="line", markup=False)
        yield Grid(ascii=self.ascii)
        yield Static(id="nothing", markup=False)

    @property
    def grid(self) -> Grid:
        """The thumbnails."""
        return self.query_one(Grid)

    def on_mount(self) -> None:
        """Show what was given before there was a screen."""
        self._fill()

    def on_resize(self) -> None:
        """Say as much as there is room for."""
        self._fill()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the thumbnails."""
        self.grid.focus(scroll_visible)
        return self

    def show(self, view: View) -> None:
        """Take the newest state; the cursor stays on its image, or on the first place."""
        self.second = view.second
        why_nothing = no_answers(view)
        if view.answers is self.answers and why_nothing == self._why_nothing:
            return
        self._why_nothing = why_nothing
        same_classes = (
            self.answers is not None
            and view.answers is not None
            and self.answers.class_names == view.answers.class_names
        )
        self.answers = view.answers
        if not same_classes:
            self.selection = replace(self.selection, true=None, predicted=None)
        self._fill()
        self.refresh_bindings()

    def ahead(self) -> Iterator[None]:
        """Paint the thumbnails that will be in sight."""
        return self.grid.ahead()

    def filter(self, true: int | None, predicted: int | None) -> None:
        """Show the images of a true class with a certain answer; None is every class.

        Where both are the same class, these are its right answers.
        """
        self._select(replace(self.selection, true=true, predicted=predicted))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        if action == "all":
            return self.selection.is_filtered
        return self.answers is not None or action not in ANSWERS_KEYS

    def action_cycle_true(self, by: int) -> None:
        """Go to the next true class that has mistakes."""
        if self.answers is not None:
            now = self.selection
            found = self.answers.mistakes(None, now.predicted)
            self.filter(_following(now.true, self.answers.labels[found], by), now.predicted)

    def action_cycle_predicted(self, by: int) -> None:
        """Go to the next class that others were taken for."""
        if self.answers is not None:
            now = self.selection
            found = self.answers.mistakes(now.true, None)
            self.filter(now.true, _following(now.predicted, self.answers.predictions[found], by))

    def action_pair(self) -> None:
        """Choose a pair of classes, those that are mistaken most first."""
        answers = self.answers
        if answers is None or not len(answers.wrong):
            return
        arrow = "->" if self.ascii else "→"
        choices = [Choice("all", f"all {formats.count(len(answers.wrong))} mistakes")]
        for true, called, count in pairs_of(answers):
            names = f"{answers.class_names[true]} {arrow} {answers.class_names[called]}"
            choices.append(Choice(f"{true}-{called}", f"{formats.count(count):>6}  {names}"))

        def filter_by(chosen: str | None) -> None:
            if chosen == "all":
                self.filter(None, None)
            elif chosen is not None:
                true, called = map(int, chosen.split("-"))
                self.filter(true, called)

        self.app.push_screen(
            Choose("Which mistakes?", PAIRS_SAY.replace("→", arrow), choices), filter_by
        )

    def action_all(self) -> None:
        """Show all mistakes."""
        self.filter(None, None)

    def action_order(self) -> None:
        """Sort by the next of the orders."""
        following = ORDERS[(ORDERS.index(self.selection.order) + 1) % len(ORDERS)]
        self._select(replace(self.selection, order=following))

    def action_mix(self) -> None:
        """Let the pairs of classes take turns, or not."""
        self._select(replace(self.selection, mixed=not self.selection.mixed))

    def action_look(self) -> None:
        """Draw the thumbnails smaller, larger, or in another way."""
        self.grid.next_look()

    def action_write(self) -> None:
        """Ask for all that are shown to be written to files."""
        answers, indices = self.answers, self.grid.indices
        if answers is not None and len(indices):
            self.post_message(self.WritingAsked(answers, indices, self.selection.name(answers)))

    def action_inside(self) -> None:
        """Ask for the image under the cursor to be followed through the network."""
        if len(self.grid.indices):
            self.post_message(self.InsideAsked(int(self.grid.indices[self.grid.cursor])))

    def on_grid_chosen(self, event: Grid.Chosen) -> None:
        """Show the picture under the cursor large."""
        event.stop()
        if self.answers is None:
            return
        grid, style = self.grid, self.grid.look.style
        drawing: PictureStyle = "half" if style == "fine" else style
        screen = LargePicture(
            self.answers,
            grid.indices,
            grid.cursor,
            self.second,
            drawing=drawing,
            ascii=self.ascii,
        )
        self.app.push_screen(screen, self._return_from)

    def _return_from(self, left: Left | None) -> None:
        """Put the cursor on an image, if it is still here; perhaps follow it further."""
        if left is None:
            return
        place = np.flatnonzero(self.grid.indices == left.index)
        if len(place):
            self.grid.cursor = int(place[0])
        if left.inside:
            self.post_message(self.InsideAsked(left.index))

    def _select(self, selection: Selection) -> None:
        """Show others, or in another order: from the first one on."""
        self.selection = selection
        if self.is_mounted:
            self.grid.cursor = 0
        self._fill()
        self.refresh_bindings()

    def _fill(self) -> None:
        if not self.is_mounted:
            return
        answers, grid = self.answers, self.grid
        if answers is None:
            self._say("", self._why_nothing)
            return
        under_cursor = grid.indices[grid.cursor] if 0 < grid.cursor < len(grid.indices) else -1
        indices = self.selection.of(answers)
        place = np.flatnonzero(indices == under_cursor)
        grid.fill(answers, indices, self.selection.order, int(place[0]) if len(place) else 0)
        room = self.size.width - 2
        line = self.selection.headline(answers, len(indices), room, ascii=self.ascii)
        self._say(line, "" if len(indices) else self._why_none(answers))

    def _why_none(self, answers: Answers) -> str:
        if len(answers.wrong):
            return "No such mistakes: a shows all again."
        return f"Not one mistake among {formats.count(len(answers.labels))} images."

    def _say(self, line: str, nothing: str) -> None:
        """Write the line of words, and a sentence where there are no pictures."""
        say(self.query_one("#line", Static), line)
        sentence = self.query_one("#nothing", Static)
        say(sentence, nothing)
        sentence.set_class(not nothing, "hidden")
        self.grid.set_class(bool(nothing), "hidden")


def _following(now: int | None, classes: Integers, by: int) -> int | None:
    """The next of the classes that occur; after the last one comes none."""
    choices: list[int | None] = [None, *np.unique(classes).tolist()]
    at = choices.index(now) if now in choices else 0
    return choices[(at + by) % len(choices)]
