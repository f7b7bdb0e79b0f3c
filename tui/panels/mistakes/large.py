"""One picture as large as the screen allows, with everything that the network thought of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from nn.types import Integers
from tui.dialogs import Help
from tui.panels import Palette, palette, shorten
from tui.panels.mistakes.second import neighbours_text, opinions_text
from tui.render import formats
from tui.render.bars import bar
from tui.render.images import PictureStyle, image_text
from tui.state import Answers, SecondLook
from tui.terminal.screens import LeftOnce

NAME_WIDTH = 14
WIDEST_BAR = 24
MANY, FIRST = 20, 8
"""Of more classes than many only the first stand above what others say."""

BESIDE = 56
"""From this width on the words stand beside the picture."""

LEAST_STRIP, MOST_STRIP, LEAST_PICTURE = 8, 12, 10
"""Lines of the nearest images with their words, and of the picture above them."""

NEWS_INTERVAL = 0.1


HELP = """
One test image, large: its true class and what the network called it, with the loss (minus the
logarithm of the true class's probability) and the probability of every class.
Other saved models: what each of them calls it, how sure it is, and whether that is right, the same
mistake or another one.
Nearest training images: their classes, and how far away they are (the Euclidean distance of pixels
from 0 to 1): a wrong answer is often that of a near neighbour.
"""
HELP_KEYS = (
    ("←, →", "the image before, the next one"),
    ("↑, ↓", "scroll what does not fit"),
    ("i", "follow it through every layer of the network"),
    ("esc", "back to all of them"),
)

KEYS_WIDTH = 60
"""From this width on all keys are named below the picture."""


@dataclass(frozen=True)
class Left:
    """Where a large picture was left: at which image, and whether it is to be followed further."""

    index: int
    inside: bool = False


class LargePicture(LeftOnce, ModalScreen[Left]):
    """A picture, its classes, all probabilities, and what else is known of it.

    It returns the image where it was left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "close"),
        Binding("enter", "close", "close", show=False),
        Binding("left", "move(-1)", "previous"),
        Binding("right", "move(1)", "next"),
        Binding("up", "scroll(-1)", "scroll", show=False),
        Binding("down", "scroll(1)", "scroll", show=False),
        Binding("i", "inside", "inside"),
        Binding("question_mark", "help", "help"),
    ]
    DEFAULT_CSS = """
    LargePicture { background: $background; }
    LargePicture > #frame {
        width: 1fr; height: 1fr; layout: vertical;
        border: round $primary; background: $background; padding: 0 1;
        border-title-color: $foreground; border-subtitle-color: $text-muted;
    }
    LargePicture #upper { height: 1fr; }
    LargePicture #picture { width: auto; height: auto; margin-right: 2; }
    LargePicture #scroll { width: 1fr; height: 1fr; scrollbar-size: 1 1; }
    LargePicture #words { width: auto; height: auto; }
    LargePicture #nearest { width: auto; height: auto; }
    """

    class Shown(Message):
        """One of the images is looked at; `image_bytes` is its size."""

        def __init__(self, indices: Integers, place: int, image_bytes: int) -> None:
            super().__init__()
            self.indices = indices
            self.place = place
            self.image_bytes = image_bytes

    def __init__(
        self,
        answers: Answers,
        indices: Integers,
        place: int,
        second: SecondLook,
        *,
        drawing: PictureStyle,
        ascii: bool,
    ) -> None:
        super().__init__()
        self.answers = answers
        self.indices = indices
        self.place = place
        self.second = second
        self.drawing = drawing
        self.ascii = ascii
        self._news = -1

    def compose(self) -> ComposeResult:
        """The picture, the words beside or below it, and its neighbours."""
        with Container(id="frame"):
            with Container(id="upper"):
                yield Static(id="picture", markup=False)
                with VerticalScroll(id="scroll", can_focus=False):
                    yield Static(id="words", markup=False)
            yield Static(id="nearest", markup=False)

    def on_mount(self) -> None:
        """Paint, and paint again whenever more is known."""
        self._show()
        self.set_interval(NEWS_INTERVAL, self._take_news)

    def on_resize(self) -> None:
        """Paint for the new size."""
        self._paint()

    def action_close(self) -> None:
        """Go back to the thumbnails."""
        self.dismiss(Left(int(self.indices[self.place])))

    def action_inside(self) -> None:
        """Follow it through the network."""
        self.dismiss(Left(int(self.indices[self.place]), inside=True))

    def action_help(self) -> None:
        """Explain what stands here."""
        keys = HELP_KEYS
        if self.ascii:
            keys = (("left/right", keys[0][1]), ("up/down", keys[1][1]), *keys[2:])
        self.app.push_screen(Help(keys, HELP))

    def action_move(self, by: int) -> None:
        """Show a neighbour."""
        self.place = min(max(self.place + by, 0), len(self.indices) - 1)
        self.query_one("#scroll").scroll_home(animate=False)
        self._show()

    def action_scroll(self, by: int) -> None:
        """Scroll the words, if there are more lines than there is room for."""
        self.query_one("#scroll").scroll_relative(y=by, animate=False)

    def _show(self) -> None:
        self._paint()
        self.post_message(self.Shown(self.indices, self.place, self.answers.images[0].nbytes))

    def _take_news(self) -> None:
        if self.second.news != self._news:
            self._paint()

    def _paint(self) -> None:
        self._news = self.second.news
        size, index = self.app.size, int(self.indices[self.place])
        at = arrange(size.width - 4, size.height - 2, self.answers.images.shape[1:3])
        frame, upper = self.query_one("#frame", Container), self.query_one("#upper", Container)
        arrows = "left/right" if self.ascii else "← →"
        frame.border_title = title(self.answers, index)
        more = "i inside · ? help · " if size.width >= KEYS_WIDTH else ""
        frame.border_subtitle = (
            f"{formats.count(self.place + 1)} of {formats.count(len(self.indices))} "
            f"· {arrows} others · {more}esc back"
        )
        upper.styles.layout = "horizontal" if at.beside else "vertical"
        colors = palette(self.app)
        picture = image_text(
            self.answers.images[index],
            width=at.picture_width,
            style=self.drawing,
            ink=colors.ink,
            paper=colors.paper,
        )
        nearest = self._nearest(index, (size.width - 4, at.strip_lines or LEAST_STRIP), colors)
        words = self._words(index, at.words_width, colors)
        if not at.strip_lines:
            words = Text("\n\n").join([words, nearest])
        self.query_one("#picture", Static).update(picture)
        self.query_one("#words", Static).update(words)
        strip = self.query_one("#nearest", Static)
        strip.display = bool(at.strip_lines)
        strip.styles.height = at.strip_lines
        strip.update(nearest)

    def _words(self, index: int, width: int, colors: Palette) -> Text:
        """The probabilities, and the opinions of others: before those of the least classes."""
        bars = probability_bars(self.answers, index, width, colors, self.ascii)
        opinions = opinions_text(
            self.second.of(index),
            self.answers,
            index,
            width,
            colors,
            problem=self.second.problem,
            ascii=self.ascii,
        )
        if len(bars) <= MANY:
            return Text("\n").join([*bars, Text(), opinions])
        heading = Text("all other classes", colors.muted)
        parts = [*bars[:FIRST], Text(), opinions, Text(), heading, *bars[FIRST:]]
        return Text("\n").join(parts)

    def _nearest(self, index: int, size: tuple[int, int], colors: Palette) -> Text:
        drawing: PictureStyle = "fine" if self.drawing == "half" else self.drawing
        return neighbours_text(
            self.second.of(index),
            self.answers,
            size,
            drawing,
            colors,
            problem=self.second.problem,
            ascii=self.ascii,
        )


@dataclass(frozen=True)
class Arrangement:
    """Sizes in cells; neighbours have a strip of their own, or none if `strip_lines` is 0."""

    beside: bool
    picture_width: int
    words_width: int
    strip_lines: int


def arrange(width: int, height: int, picture: tuple[int, int]) -> Arrangement:
    """The picture as large as leaves room for words, beside it if there is room for both."""
    rows, columns = picture
    beside = width >= BESIDE
    has_strip = beside and height >= LEAST_STRIP + LEAST_PICTURE
    most = (height - LEAST_STRIP if has_strip else height) if beside else height // 2
    lines = picture_lines(rows, most)
    widest = width // 2 if beside else width
    across = max(min(round(2 * lines * columns / rows), widest), 1)
    drawn = max(round(across * rows / columns / 2), 1)
    strip = min(height - drawn, MOST_STRIP) if has_strip else 0
    return Arrangement(beside, across, max(width - (across + 3 if beside else 1), 1), strip)


def picture_lines(rows: int, most: int) -> int:
    """How many lines a picture is drawn in: two pixels a line, or several lines for them.

    Multiples of a half keep pixels sharp enough; where not even one line for two pixels fits, the
    picture is made smaller.
    """
    whole = max(1, -(-rows // 2))
    half = max(1, whole // 2)
    return whole + (most - whole) // half * half if most >= whole else max(1, most)


def title(answers: Answers, index: int) -> str:
    """What the picture is and what it was taken for."""
    true, called = (
        answers.class_names[int(classes[index])]
        for classes in (answers.labels, answers.predictions)
    )
    loss = f"loss {float(answers.losses[index]):.3f}"
    return f"image {formats.count(index)} · true {true} · called {called} · {loss}"


def probability_bars(
    answers: Answers, index: int, width: int, colors: Palette, ascii: bool
) -> list[Text]:
    """Every class with its probability, in the order of the classes; words mark the two."""
    probabilities = answers.probabilities[index]
    true, called = int(answers.labels[index]), int(answers.predictions[index])
    names = [shorten(name, NAME_WIDTH, ascii=ascii) for name in answers.class_names]
    name_width = max(map(cell_len, names))
    marks = [_marks(i == true, i == called) for i in range(len(names))]
    beside = len(" 100.00 %  ") + max(map(len, marks))
    bar_width = min(max(width - name_width - beside, 0), WIDEST_BAR)
    lines = []
    for i, (name, words) in enumerate(zip(names, marks, strict=True)):
        color = colors.good if i == true else colors.bad if i == called else colors.series[0]
        share = float(probabilities[i])
        lines.append(
            Text.assemble(
                (name + " " * (name_width - cell_len(name) + 1), "bold" if words else ""),
                (bar(share, bar_width, ascii=ascii), color),
                f"{formats.percent(share):>9} ",
                (words, f"bold {color}"),
                no_wrap=True,
            )
        )
    return _best_first(lines, probabilities.tolist())


def _marks(is_true: bool, is_called: bool) -> str:
    return ", ".join(["called"] * is_called + ["true"] * is_true)


def _best_first(lines: Sequence[Text], probabilities: Sequence[float]) -> list[Text]:
    """Many classes are easier to look through by their probability."""
    if len(lines) <= MANY:
        return list(lines)
    order = sorted(range(len(lines)), key=lambda i: -probabilities[i])
    return [lines[i] for i in order]
