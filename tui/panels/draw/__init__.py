"""A sheet to draw on, and what a network reads there, stroke by stroke."""

from __future__ import annotations

from typing import ClassVar, Self

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from nn.layers import show_shape
from nn.types import Bytes
from tui.panels import Palette, palette, shorten
from tui.panels.draw.sheet import Sheet
from tui.pieces import one_line, piece
from tui.render import formats
from tui.render.canvas import Arrangement, arrange
from tui.render.images import PictureStyle, image_text
from tui.render.probabilities import probability_bars
from tui.state import Recognition, View

__all__ = ["DrawPanel", "Sheet"]

HOW = (
    "Draw with the mouse. Or with keys: arrows move the pen, space sets it down and lifts it. "
    "At every stroke the network says here what it sees."
)
DIGIT = (28, 28)


class DrawPanel(Horizontal):
    """Somebody draws, a network reads."""

    help_text: ClassVar[str] = (
        "Draw, and see at every stroke what a network takes it for: the model that was loaded,\n"
        "else the best network of the run so far, else the model digits.\n"
        "Drag the mouse; or move the pen with the arrow keys, and set it down and lift it with\n"
        "space. Home, end and the page keys move it aslant.\n"
        "A drawing is cut out, scaled to 20×20, and centred by its mass in 28×28, as MNIST's\n"
        "digits were; the small picture is what the network is given. Networks of another size\n"
        "get it in proportion, those for colours get it in grey.\n"
        "i follows the drawing through every layer of that network, with each new stroke.\n"
        "Enter keeps the drawing as a test picture of the class that you say it is.\n"
        "Space belongs to the pen here: other views start and pause a run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "lower", "pen down", tooltip="set the pen down, to draw"),
        Binding("space", "lift", "pen up", tooltip="lift it"),
        Binding("enter", "keep", "keep", tooltip="keep the drawing as a test picture"),
        Binding("i", "inside", "inside", tooltip="follow the drawing through the network"),
        Binding("u", "undo", "undo", tooltip="take back the last stroke, or the clearing"),
        Binding("c,backspace", "clear", "clear", tooltip="take an empty sheet"),
        Binding("n", "choose_reader", "network", tooltip="let another network read"),
        Binding(
            "plus,equals_sign",
            "thicken(1)",
            "width",
            key_display="+ -",
            tooltip="a thicker or a thinner pen",
        ),
        Binding("minus", "thicken(-1)", "thinner", show=False),
    ]
    DEFAULT_CSS = """
    DrawPanel { height: 1fr; }
    DrawPanel > #side { width: 1fr; height: 1fr; margin: 0 0 0 1; }
    """

    class ReaderAsked(Message):
        """Another network is to read."""

    class InsideAsked(Message):
        """The drawing is to be followed through the network."""

    class KeepAsked(Message):
        """The drawing is to be kept."""

        def __init__(self, ink: Bytes) -> None:
            super().__init__()
            self.ink = ink

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.sheet = Sheet(ascii=ascii)
        self.recognition = Recognition()
        self._painted: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """The sheet, and beside it what is read."""
        yield self.sheet
        yield Static(id="side", markup=False)

    def on_resize(self) -> None:
        """Fill the new space."""
        self._fill()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the sheet."""
        self.sheet.focus(scroll_visible)
        return self

    def show(self, view: View) -> None:
        """Take the newest state."""
        if view.recognition is not None:
            self.recognition = view.recognition
        if self.is_mounted:
            self._fill()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        sketch = self.sheet.sketch
        match action:
            case "lower":
                return not sketch.is_down
            case "lift":
                return sketch.is_down
            case "undo":
                return sketch.can_undo
            case "clear" | "keep" | "inside":
                return bool(sketch.strokes)
            case _:
                return True

    def action_lower(self) -> None:
        """Begin a stroke."""
        self.sheet.lower()

    def action_lift(self) -> None:
        """End it."""
        self.sheet.lift()

    def action_keep(self) -> None:
        """Ask for the drawing to be kept."""
        self.post_message(self.KeepAsked(self.sheet.sketch.ink))

    def action_inside(self) -> None:
        """Ask for the drawing to be followed through the network."""
        self.post_message(self.InsideAsked())

    def action_choose_reader(self) -> None:
        """Ask for another network."""
        self.post_message(self.ReaderAsked())

    def action_undo(self) -> None:
        """Take back the last stroke, or the clearing."""
        self.sheet.undo()

    def action_clear(self) -> None:
        """Take an empty sheet."""
        self.sheet.clear()

    def action_thicken(self, by: int) -> None:
        """Choose another pen."""
        self.sheet.thicken(by)

    def _fill(self) -> None:
        """Paint what is read, if that is news."""
        wanted = (self.recognition, self.size, self.app.theme)
        if wanted == self._painted:
            return
        self._painted = wanted
        model = self.recognition.model
        seen_size = DIGIT if model is None else model.card.input_shape[:2]
        classes = len(self.recognition.class_names) or 10
        at = arrange(*self.size, (seen_size[0], seen_size[1]), classes)
        self.sheet.scale(at.sheet_height)
        text = side_text(
            self.recognition, at, self.size.height, self.sheet.drawing, palette(self.app)
        )
        self.query_one("#side", Static).update(text, layout=False)


def side_text(
    found: Recognition, at: Arrangement, height: int, style: PictureStyle, colors: Palette
) -> Text:
    """What stands beside the sheet: who reads what, what it sees, and all probabilities."""
    ascii = style == "ascii"
    if found.problem:
        return Text(found.problem, colors.bad)
    if found.seen is None or found.probabilities is None:
        reader = Text(found.reader, "bold")
        return Text("\n\n").join([reader, Text(HOW, colors.muted)])
    best = int(found.probabilities.argmax())
    answer = f"{found.class_names[best]}  {formats.percent(float(found.probabilities[best]), 1)}"
    left = [piece(answer, 0, "bold")]
    parts = [one_line(left, [piece(found.reader, 1, colors.muted)], at.side_width)]
    rest = height - 1
    if at.seen_width:
        picture = image_text(
            found.seen, width=at.seen_width, style=style, ink=colors.ink, paper=colors.paper
        )
        in_grey = ", in grey" if found.seen.shape[2] > 1 else ""
        caption = f"sees {show_shape(found.seen.shape)}{in_grey}"
        parts += [picture, Text(shorten(caption, at.side_width, ascii=ascii), colors.muted)]
        rest -= at.seen_height + 1
    parts.append(
        probability_bars(
            found.class_names,
            found.probabilities,
            width=at.side_width,
            height=rest,
            color=colors.primary,
            best_color=colors.accent,
            ascii=ascii,
        )
    )
    return Text("\n").join(parts)
