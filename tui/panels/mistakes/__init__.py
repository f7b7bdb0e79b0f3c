"""What the network got wrong: pictures with what they are and what they were taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self, get_args

import numpy as np
from pydantic import JsonValue
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from nn.types import Integers
from tui.panels.mistakes.grid import Grid
from tui.panels.mistakes.large import LargePicture
from tui.render import formats
from tui.state import Answers, View

NOTHING = "No answers yet: they come when the first epoch is over."
Order = Literal["confidence", "loss", "index"]
ORDERS: tuple[Order, ...] = get_args(Order)
ORDER_WORDS = {
    "confidence": "most confident first",
    "loss": "highest loss first",
    "index": "in order of the test set",
}


class MistakesPanel(Vertical):
    """The test images that were taken for something else."""

    help_text: ClassVar[str] = (
        "Test images that the network got wrong, each with its true class, what it was taken\n"
        "for, and how sure the network was.\n"
        "Arrow and page keys move; enter shows one large with the probability of every class.\n"
        "t goes through the true classes, p through the predicted ones (T and P backwards);\n"
        "a shows all again.\n"
        "o changes the order: most confident first, highest loss first, as in the test set.\n"
        "A cell of the confusion matrix opens exactly its images here.\n"
        "i follows the image through every layer of the network."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "cycle_true(1)", "true class"),
        Binding("T", "cycle_true(-1)", "true class back", show=False),
        Binding("p", "cycle_predicted(1)", "predicted"),
        Binding("P", "cycle_predicted(-1)", "predicted back", show=False),
        Binding("a", "all", "all"),
        Binding("o", "order", "order"),
        Binding("i", "inside", "inside", tooltip="follow this image through the network"),
    ]
    choices: ClassVar[Mapping[str, Sequence[JsonValue]]] = {"order": ORDERS}
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

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.answers: Answers | None = None
        self.true: int | None = None
        self.predicted: int | None = None
        self.order: Order = "confidence"

    def compose(self) -> ComposeResult:
        """A line of words, the thumbnails, and the sentence instead of them."""
        yield Static(id="line", markup=False)
        yield Grid(ascii=self.ascii)
        yield Static(NOTHING, id="nothing", markup=False)

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
        """Take the newest state; the cursor stays on its image if that is still here."""
        if view.answers is self.answers:
            return
        same_classes = (
            self.answers is not None
            and view.answers is not None
            and self.answers.class_names == view.answers.class_names
        )
        self.answers = view.answers
        if not same_classes:
            self.true = self.predicted = None
        self._fill()

    def filter(self, true: int | None, predicted: int | None) -> None:
        """Show the images of a true class with a certain answer; None is every class.

        Where both are the same class, these are its right answers.
        """
        self.true, self.predicted = true, predicted
        self._fill()

    def action_cycle_true(self, by: int) -> None:
        """Go to the next true class that has mistakes."""
        if self.answers is not None:
            found = self.answers.mistakes(None, self.predicted)
            self.filter(_following(self.true, self.answers.labels[found], by), self.predicted)

    def action_cycle_predicted(self, by: int) -> None:
        """Go to the next class that others were taken for."""
        if self.answers is not None:
            found = self.answers.mistakes(self.true, None)
            self.filter(self.true, _following(self.predicted, self.answers.predictions[found], by))

    def action_all(self) -> None:
        """Show all mistakes."""
        self.filter(None, None)

    def action_order(self) -> None:
        """Sort by the next of the orders."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
        self._fill()

    def action_inside(self) -> None:
        """Ask for the image under the cursor to be followed through the network."""
        if len(self.grid.indices):
            self.post_message(self.InsideAsked(int(self.grid.indices[self.grid.cursor])))

    def on_grid_chosen(self, event: Grid.Chosen) -> None:
        """Show the picture under the cursor large."""
        event.stop()
        if self.answers is None:
            return
        grid = self.grid
        screen = LargePicture(
            self.answers, grid.indices, grid.cursor, drawing=grid.drawing, ascii=self.ascii
        )
        self.app.push_screen(screen, self._return_to)

    def _return_to(self, place: int | None) -> None:
        if place is not None:
            self.grid.cursor = place

    def _fill(self) -> None:
        if not self.is_mounted:
            return
        answers, grid = self.answers, self.grid
        if answers is None:
            self._say("", NOTHING)
            return
        under_cursor = grid.indices[grid.cursor] if grid.cursor < len(grid.indices) else -1
        indices = answers.mistakes(self.true, self.predicted, self.order)
        place = np.flatnonzero(indices == under_cursor)
        grid.fill(answers, indices, int(place[0]) if len(place) else 0)
        line = self._headline(answers, indices)
        self._say(line, "" if len(indices) else self._why_none(answers))

    def _headline(self, answers: Answers, indices: Integers) -> str:
        """What is shown, in words: in fewer of them where the classes have long names."""
        right = self.true is not None and self.true == self.predicted
        kind = "right answer" if right else "mistake"
        counted = f"{formats.count(len(indices))} {kind}{'' if len(indices) == 1 else 's'}"
        total = formats.count(len(answers.labels))
        true, predicted = (
            "any" if i is None else answers.class_names[i] for i in (self.true, self.predicted)
        )
        order = ORDER_WORDS[self.order]
        line = f"{counted} of {total} · true: {true} · predicted: {predicted} · {order}"
        if cell_len(line) <= self.size.width - 2:
            return line
        return f"{counted} · {true} {'->' if self.ascii else '→'} {predicted} · {order}"

    def _why_none(self, answers: Answers) -> str:
        if len(answers.wrong):
            return "No such mistakes: a shows all again."
        return f"Not one mistake among {formats.count(len(answers.labels))} images."

    def _say(self, line: str, nothing: str) -> None:
        """Write the line of words, and a sentence where there are no pictures."""
        self.query_one("#line", Static).update(line)
        sentence = self.query_one("#nothing", Static)
        sentence.update(nothing)
        sentence.set_class(not nothing, "hidden")
        self.grid.set_class(bool(nothing), "hidden")


def _following(now: int | None, classes: Integers, by: int) -> int | None:
    """The next of the classes that occur; after the last one comes none."""
    choices: list[int | None] = [None, *np.unique(classes).tolist()]
    at = choices.index(now) if now in choices else 0
    return choices[(at + by) % len(choices)]
