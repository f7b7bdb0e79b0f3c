"""What a person looks at, one panel a file, and here what all of them rest on.

A panel is given the newest `View` by `show` and paints what of it concerns it. Panels never
import each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Self

from rich.text import Text
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from tui.render.images import PictureStyle
from tui.safe_colors import ON_DARK, ON_LIGHT
from tui.state import Phase, View
from tui.table import Table

MIDDLE_GREY = "#808080"
"""Readable on a dark and on a light ground: for terminals that keep their own colours secret."""

BLACK, WHITE = "#000000", "#FFFFFF"


@dataclass(frozen=True)
class Palette:
    """The theme's colours as #rrggbb, for text that is not styled by CSS.

    What is good, bad or a mistake (heat), and curves, have colours that everybody tells apart. Ink
    and paper are those of pictures.
    """

    ground: str
    text: str
    muted: str
    primary: str
    accent: str
    good: str
    bad: str
    heat: str
    cursor: str
    on_cursor: str
    ink: str
    paper: str

    @property
    def series(self) -> tuple[str, ...]:
        """The colours of curves, in their order."""
        return (ON_DARK if self.ink == WHITE else ON_LIGHT).series


def palette(app: App[object]) -> Palette:
    """The colours of the theme that the app shows now."""
    names = "background", "foreground", "text-primary", "text-warning", "block-cursor-background"
    variables = app.theme_variables
    return _palette(tuple(variables[name] for name in names), app.current_theme.dark)


@lru_cache(maxsize=32)
def _palette(values: tuple[str, ...], dark: bool) -> Palette:
    unknown_ground = Color.parse("#000000" if dark else "#ffffff")
    ground, *colors = (Color.parse(value) for value in values)
    text, primary, accent, cursor = (_opaque(color, dark) for color in colors)
    if ground.ansi is not None:
        ground = unknown_ground
    muted = text if text.hex6 == MIDDLE_GREY else ground.blend(text, 0.6)
    safe = ON_DARK if dark else ON_LIGHT
    return Palette(
        ground=ground.hex6,
        text=text.hex6,
        muted=muted.hex6,
        primary=primary.hex6,
        accent=accent.hex6,
        good=safe.good,
        bad=safe.bad,
        heat=safe.heat,
        cursor=cursor.hex6,
        on_cursor=cursor.get_contrast_text(1).hex6,
        ink=WHITE if dark else BLACK,
        paper=BLACK if dark else WHITE,
    )


def _opaque(color: Color, dark: bool) -> Color:
    """A colour that can be mixed; one of the terminal's own is made legible on what it may be."""
    plain = Color(color.r, color.g, color.b)
    if color.ansi is None:
        return plain
    if color.ansi < 0:
        return Color.parse(MIDDLE_GREY)
    return plain.lighten(0.15) if dark else plain


def picture_style(app: App[object], *, ascii: bool) -> PictureStyle:
    """How pictures are drawn: with colours, without them, or in ASCII."""
    if ascii:
        return "ascii"
    return "quadrant" if app.no_color and app.native_ansi_color else "half"


def mix(ground: str, color: str, share: float) -> str:
    """A colour laid thinly over a ground: 0 is the ground, 1 the colour."""
    return Color.parse(ground).blend(Color.parse(color), share).hex6


def readable_on(ground: str) -> str:
    """Black or white, whichever is the better one for text on a ground."""
    return Color.parse(ground).get_contrast_text(1).hex6


def shorten(name: str, width: int, *, ascii: bool = False) -> str:
    """A name in at most `width` cells; what is cut off leaves a sign."""
    text = Text(name)
    if text.cell_len <= width:
        return name
    sign = "~" if ascii else "…"
    text.truncate(max(0, width - 1), overflow="crop")
    return (text.plain + sign)[: max(0, width)]


PHASE_SIGNS = {
    Phase.STARTING: ("◌", "~"),
    Phase.TRAINING: ("●", "*"),
    Phase.EVALUATING: ("◆", "*"),
    Phase.PAUSED: ("‖", "="),
    Phase.FINISHED: ("✓", "+"),
    Phase.STOPPED: ("■", "-"),
    Phase.FAILED: ("✗", "x"),
    Phase.LOST: ("!", "!"),
}
"""A sign for each phase, also in ASCII: the word beside it says the same."""


def say(place: Static, words: Text | str) -> None:
    """Write words where they are not yet: each update of a text lays out the screen."""
    if place.content != words:
        place.update(words)


def no_answers(view: View) -> str:
    """What to say instead of answers before there are any, and what to press for them."""
    if view.run is not None:
        return "No answers yet: they come when the first epoch is over."
    return (
        "No answers yet: they come with the first epoch of a run (space starts one),\n"
        "or with a saved model (ctrl+o loads and tests it)."
    )


class ReadyPanel(Vertical):
    """A panel that is filled for its place before it is shown, and so by its first paint."""

    @property
    def size(self) -> Size:
        """That of its place while it is not shown."""
        place = self.parent
        return super().size or (place.size if isinstance(place, Widget) else Size(0, 0))

    def ahead(self) -> Iterator[None]:
        """Do what its next picture needs and takes long, a piece at a time."""
        yield from ()


class TablePanel(ReadyPanel):
    """A table with words below it; without rows, a calm sentence instead."""

    help_text: ClassVar[str] = ""
    lines_below: ClassVar[int] = 1

    DEFAULT_CSS = """
    TablePanel > DataTable { background: transparent; scrollbar-size: 1 1; }
    TablePanel > .line {
        height: auto; padding: 0 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis;
    }
    TablePanel > .nothing {
        height: 1fr; content-align: center middle; text-align: center; color: $text-muted;
    }
    TablePanel > .hidden { display: none; }
    """

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.view = View()
        self._why_nothing = ""

    def compose(self) -> ComposeResult:
        """The table, its line, and the sentence."""
        yield self.build_table()
        yield Static(classes="line", markup=False)
        yield Static(classes="nothing hidden", markup=False)

    def build_table(self) -> Table:
        """The empty table."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show what was given before there was a screen."""
        self.fill()

    def show(self, view: View) -> None:
        """Take the newest state."""
        self.view = view
        if self.size:
            self._fit()
            self.fill()
            self.table.settle()

    def ahead(self) -> Iterator[None]:
        """Paint the cells that will be in sight."""
        return self.table.ahead(self.size.height)

    def fill(self) -> None:
        """Bring the table up to date with the view, at no cost if it is."""
        raise NotImplementedError

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one(Table)

    def say(self, line: Text | str) -> None:
        """Put words below the table."""
        say(self.query_one(".line", Static), line)

    def show_nothing(self, sentence: str) -> None:
        """Replace the table by a sentence, or show it again if the sentence is empty."""
        if sentence == self._why_nothing:
            return
        self._why_nothing = sentence
        self.query_one(".nothing", Static).update(sentence)
        for child in self.children:
            child.set_class(bool(sentence) != child.has_class("nothing"), "hidden")

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the table."""
        self.table.focus(scroll_visible)
        return self

    def on_resize(self) -> None:
        """Fill the new space."""
        self._fit()
        self.fill()

    def _fit(self) -> None:
        """Keep the words in sight below a table that is longer than the panel."""
        self.table.styles.max_height = max(1, self.size.height - self.lines_below)
