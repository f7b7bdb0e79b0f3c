"""What is said of mistakes: in the line above them and below each of them."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len

from nn.types import Integers
from tui.panels import shorten
from tui.render import formats
from tui.state import Answers, Order

ORDER_WORDS: dict[Order, str] = {
    "confidence": "most confident first",
    "loss": "highest loss first",
    "margin": "lowest margin first",
    "index": "in order of the test set",
}
PAIRS = 200
"""How many pairs of classes can be chosen from: those that are mistaken most."""


@dataclass(frozen=True)
class Selection:
    """Which mistakes are shown, and in which order.

    None is every class; the same class twice is its right answers. If `mixed`, the pairs of
    classes take turns.
    """

    true: int | None = None
    predicted: int | None = None
    order: Order = "confidence"
    mixed: bool = True

    @property
    def is_filtered(self) -> bool:
        """Whether some mistakes are left out."""
        return self.true is not None or self.predicted is not None

    @property
    def takes_turns(self) -> bool:
        """Whether pairs of classes do take turns: not in the test set's order, nor one alone."""
        several = self.true is None or self.predicted is None
        return self.mixed and several and self.order != "index"

    def of(self, answers: Answers) -> Integers:
        """The images that are shown, in their order."""
        return answers.mistakes(self.true, self.predicted, self.order, mixed=self.takes_turns)

    def name(self, answers: Answers) -> str:
        """What tells these mistakes from others, in a few words."""
        pair = (("true", self.true), ("predicted", self.predicted))
        parts = [f"{word} {answers.class_names[i]}" for word, i in pair if i is not None]
        return " ".join([*parts, f"by {self.order}"])

    def headline(self, answers: Answers, count: int, width: int, *, ascii: bool) -> str:
        """What is shown, and whose answers; in fewer words where there is little room."""
        right = self.true is not None and self.true == self.predicted
        kind = "right answer" if right else "mistake"
        number = formats.count(count)
        counted = f"{number} {kind}{'' if count == 1 else 's'}"
        true, predicted = (
            "any" if i is None else answers.class_names[i] for i in (self.true, self.predicted)
        )
        arrow = "->" if ascii else "→"
        order = ORDER_WORDS[self.order]
        turning = f"{order} · pairs in turn" if self.takes_turns else order
        total = formats.count(len(answers.labels))
        source = answers.source
        lines = (
            f"{counted} of {total} · true: {true} · predicted: {predicted} · {turning} · {source}",
            f"{counted} · true {true} {arrow} predicted {predicted} · {turning} · {source}",
            f"{counted} · {true} {arrow} {predicted} · {turning} · {source}",
            f"{counted} · {true} {arrow} {predicted} · {order} · {source}",
            f"{counted} · {true} {arrow} {predicted} · {order}",
            f"{number} · {true}{arrow}{predicted} · {order}",
        )
        return next((line for line in lines if cell_len(line) <= width), lines[-1])


def pairs_of(answers: Answers) -> list[tuple[int, int, int]]:
    """True class, predicted class and how often, of the pairs that are mistaken most."""
    confusion = answers.confusion.copy()
    classes = len(confusion)
    confusion[range(classes), range(classes)] = 0
    places = (-confusion).argsort(axis=None, kind="stable")[:PAIRS].tolist()
    pairs = [divmod(place, classes) for place in places]
    return [
        (true, called, int(confusion[true, called]))
        for true, called in pairs
        if confusion[true, called]
    ]


def figure(answers: Answers, index: int, order: Order) -> str:
    """What an image is sorted by, in as few cells as can be."""
    match order:
        case "confidence":
            return formats.percent(float(answers.confidence[index]), 0)
        case "loss":
            return f"{float(answers.losses[index]):.2f}"
        case "margin":
            return formats.percent(float(answers.margins[index]), 0)
        case "index":
            return f"#{index}"


def label(
    answers: Answers, index: int, order: Order, width: int, lines: int, *, ascii: bool
) -> list[str]:
    """True and predicted class with the figure, each line exactly `width` cells."""
    arrow = "->" if ascii else "→"
    true, called = (
        answers.class_names[int(classes[index])]
        for classes in (answers.labels, answers.predictions)
    )
    shown = figure(answers, index, order)
    if lines == 1:
        return [_spread(f"{true}{arrow}{called}", shown, width, ascii)]
    return [_spread(true, "", width, ascii), _spread(f"{arrow}{called}", shown, width, ascii)]


def _spread(left: str, right: str, width: int, ascii: bool) -> str:
    """A text at each end of a line; the left one gives way."""
    right = right if width > cell_len(right) + 3 else ""
    room = width - cell_len(right) - (1 if right else 0)
    left = shorten(left, room, ascii=ascii)
    return left + " " * (width - cell_len(left) - cell_len(right)) + right
