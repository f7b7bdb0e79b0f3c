"""One picture as large as the screen allows, with everything that the network thought of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from nn.types import Integers
from tui.panels import Palette, palette, shorten
from tui.render import formats
from tui.render.bars import bar
from tui.render.images import PictureStyle, image_text
from tui.state import Answers

NAME_WIDTH = 14
WIDEST_BAR = 24
BESIDE = 60
"""From this width of the screen on the bars stand beside the picture."""


class LargePicture(ModalScreen[int]):
    """A picture, its classes and all probabilities; it returns the place where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "close"),
        Binding("enter", "close", "close", show=False),
        Binding("left", "move(-1)", "previous"),
        Binding("right", "move(1)", "next"),
        Binding("up", "scroll(-1)", "scroll", show=False),
        Binding("down", "scroll(1)", "scroll", show=False),
    ]
    DEFAULT_CSS = """
    LargePicture { align: center middle; background: $background; }
    LargePicture > #frame {
        border: round $primary; background: $background; padding: 0 1;
        border-title-color: $foreground; border-subtitle-color: $text-muted;
    }
    LargePicture #picture { width: auto; height: auto; margin-right: 2; }
    LargePicture #scroll { width: 1fr; height: 1fr; scrollbar-size: 1 1; }
    LargePicture #bars { width: auto; height: auto; }
    """

    def __init__(
        self, answers: Answers, indices: Integers, place: int, *, drawing: PictureStyle, ascii: bool
    ) -> None:
        super().__init__()
        self.answers = answers
        self.indices = indices
        self.place = place
        self.drawing = drawing
        self.ascii = ascii

    def compose(self) -> ComposeResult:
        """The picture, and the bars beside or below it."""
        with Container(id="frame"):
            yield Static(id="picture", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(id="bars", markup=False)

    def on_mount(self) -> None:
        """Paint."""
        self._paint()

    def on_resize(self) -> None:
        """Paint for the new size."""
        self._paint()

    def action_close(self) -> None:
        """Go back to the thumbnails."""
        self.dismiss(self.place)

    def action_move(self, by: int) -> None:
        """Show a neighbour."""
        self.place = min(max(self.place + by, 0), len(self.indices) - 1)
        self._paint()

    def action_scroll(self, by: int) -> None:
        """Scroll the bars, if there are more classes than lines."""
        self.query_one("#scroll").scroll_relative(y=by, animate=False)

    def _paint(self) -> None:
        width, height = self.app.size
        beside = width >= BESIDE
        index, colors = int(self.indices[self.place]), palette(self.app)
        image = self.answers.images[index]
        rows, columns = image.shape[:2]
        lines = picture_lines(rows, height - 4 if beside else height // 2)
        across = min(round(2 * lines * columns / rows), width // 2 if beside else width - 6)
        picture = image_text(
            image, width=max(across, 1), style=self.drawing, ink=colors.ink, paper=colors.paper
        )
        room = width - 8 - (across + 2 if beside else 0)
        bars = probability_bars(self.answers, index, room, colors, self.ascii)
        frame = self.query_one("#frame", Container)
        frame.border_title = title(self.answers, index)
        arrows = "left/right" if self.ascii else "← →"
        frame.border_subtitle = (
            f"{formats.count(self.place + 1)} of {formats.count(len(self.indices))} "
            f"· {arrows} others · esc back"
        )
        self.query_one("#picture", Static).update(picture)
        self.query_one("#bars", Static).update(bars)
        self._size_frame(beside, across, len(picture.split("\n")), bars)

    def _size_frame(self, beside: bool, across: int, lines: int, bars: Text) -> None:
        """As large as what is in it, if the screen is."""
        screen_width, screen_height = self.app.size
        wide, high = max(line.cell_len for line in bars.split("\n")), len(bars.split("\n"))
        frame = self.query_one("#frame", Container)
        frame.styles.layout = "horizontal" if beside else "vertical"
        width = across + 2 + wide + 1 if beside else max(across, wide)
        height = max(lines, high) if beside else lines + high
        title_width = cell_len(str(frame.border_title)) + 4
        frame.styles.width = min(max(width, title_width) + 4, screen_width)
        frame.styles.height = min(height + 2, screen_height)


def picture_lines(rows: int, most: int) -> int:
    """How many lines a picture is drawn in: two pixels a line, or several lines for them.

    Whole multiples keep pixels sharp; where not even one fits, the picture is made smaller.
    """
    whole = max(1, -(-rows // 2))
    return whole * (most // whole) if most >= whole else max(1, most)


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
) -> Text:
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
    return Text("\n").join(_best_first(lines, probabilities.tolist()))


def _marks(is_true: bool, is_called: bool) -> str:
    return ", ".join(["called"] * is_called + ["true"] * is_true)


def _best_first(lines: Sequence[Text], probabilities: Sequence[float]) -> list[Text]:
    """Many classes are easier to look through by their probability."""
    if len(lines) <= 20:
        return list(lines)
    order = sorted(range(len(lines)), key=lambda i: -probabilities[i])
    return [lines[i] for i in order]
