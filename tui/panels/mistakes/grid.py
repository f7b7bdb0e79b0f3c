"""Thumbnails in rows, of which only those in sight are ever painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nn.types import Integers
from tui.panels import palette, picture_style, shorten
from tui.render import formats
from tui.render.images import PictureStyle, image_text
from tui.state import Answers

LOWEST_PICTURE = 7
"""Lines that a digit needs to be recognised."""
LONGEST_SHORT_NAME = 3
MARGIN = 2


@dataclass(frozen=True)
class Tiling:
    """How thumbnails fill a space: sizes in cells, the label's lines below each picture."""

    columns: int
    tile_width: int
    tile_height: int
    picture_width: int
    label_lines: int


def tiling(width: int, height: int, proportion: float, label_lines: int) -> Tiling:
    """As many thumbnails as can be recognised, made as large as the space allows.

    `proportion` is a picture's width in pixels for one of height.
    """
    rows = max(1, height // (LOWEST_PICTURE + label_lines))
    picture_height = max(1, height // rows - label_lines)
    widest = max(1, width - MARGIN)
    picture_width = min(max(1, round(2 * picture_height * proportion)), widest)
    columns = max(1, width // (picture_width + MARGIN))
    picture_height = max(1, round(picture_width / proportion / 2))
    return Tiling(
        columns, max(1, width // columns), picture_height + label_lines, picture_width, label_lines
    )


class Grid(ScrollView, can_focus=True):
    """Pictures with their true and predicted class, and a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "left", show=False),
        Binding("right", "move(1)", "right", show=False),
        Binding("up", "move_rows(-1)", "up", show=False),
        Binding("down", "move_rows(1)", "down", show=False),
        Binding("pageup", "move_pages(-1)", "page up", show=False),
        Binding("pagedown", "move_pages(1)", "page down", show=False),
        Binding("home", "move_to(0)", "first", show=False),
        Binding("end", "move_to(-1)", "last", show=False),
        Binding("enter", "choose", "enlarge"),
    ]
    DEFAULT_CSS = """
    Grid { height: 1fr; overflow-x: hidden; scrollbar-size: 1 1; scrollbar-gutter: stable; }
    """

    cursor: reactive[int] = reactive(0)

    class Chosen(Message):
        """The picture under the cursor is wanted large."""

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self.ascii = ascii
        self.answers: Answers | None = None
        self.indices: Integers = np.empty(0, np.intp)
        self._tiles: LRUCache[tuple[int, bool], list[list[Segment]]] = LRUCache(512)
        self._tiling = tiling(1, 1, 1.0, 1)
        self._is_stale, self._ground = True, Style.null()
        self._looks: tuple[object, ...] = ()

    def fill(self, answers: Answers, indices: Integers, cursor: int) -> None:
        """Show these of the images, in this order."""
        self.answers, self.indices = answers, indices
        self._arrange()
        self.cursor = cursor
        self._show_cursor()

    @property
    def drawing(self) -> PictureStyle:
        """How pictures are drawn."""
        return picture_style(self.app, ascii=self.ascii)

    def render_line(self, y: int) -> Strip:
        """One line across all thumbnails of a row."""
        if self._is_stale:
            self._take_looks()
        width, at = self.scrollable_content_region.width, self._tiling
        row, line = divmod(y + self.scroll_offset.y, at.tile_height)
        segments: list[Segment] = []
        for place in range(row * at.columns, min((row + 1) * at.columns, len(self.indices))):
            segments += self._tile(place)[line]
        return Strip(segments).adjust_cell_length(width, self._ground)

    def notify_style_update(self) -> None:
        """It may be another theme."""
        super().notify_style_update()
        self._is_stale = True

    def on_resize(self) -> None:
        """Fill the new space."""
        self._arrange()
        self._show_cursor()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a thumbnail; enlarge the one that has it already."""
        at = self._tiling
        row = (event.y + self.scroll_offset.y) // at.tile_height
        column = event.x // at.tile_width
        place = row * at.columns + column
        if column >= at.columns or place >= len(self.indices):
            return
        if place == self.cursor:
            self.action_choose()
        self.cursor = place

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a picture."""
        return min(max(cursor, 0), max(len(self.indices) - 1, 0))

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two thumbnails' rows and keep the cursor in sight."""
        at = self._tiling
        for place in (old, new):
            self.refresh_lines(place // at.columns * at.tile_height, at.tile_height)
        self._show_cursor()

    def action_move(self, by: int) -> None:
        """Go to a neighbour."""
        self.cursor += by

    def action_move_rows(self, by: int) -> None:
        """Go up or down, if there is a row to go to."""
        columns = self._tiling.columns
        rows = -(-len(self.indices) // columns)
        if 0 <= self.cursor // columns + by < rows:
            self.cursor += by * columns

    def action_move_pages(self, by: int) -> None:
        """Go up or down by as many rows as are in sight."""
        at = self._tiling
        self.cursor += by * at.columns * max(1, self.size.height // at.tile_height)

    def action_move_to(self, place: int) -> None:
        """Go to the first or the last picture."""
        self.cursor = place if place >= 0 else len(self.indices) + place

    def action_choose(self) -> None:
        """Ask for the picture under the cursor."""
        if len(self.indices):
            self.post_message(self.Chosen())

    def _arrange(self) -> None:
        """Make the thumbnails fit the space."""
        self._is_stale = True
        if self.answers is None:
            return
        height, width = self.answers.images.shape[1:3]
        longest = max(map(cell_len, self.answers.class_names))
        label_lines = 1 if longest <= LONGEST_SHORT_NAME else 2
        region = self.scrollable_content_region
        self._tiling = at = tiling(region.width, region.height, width / height, label_lines)
        rows = -(-len(self.indices) // at.columns)
        self.virtual_size = Size(region.width, rows * at.tile_height)
        self.refresh()

    def _take_looks(self) -> None:
        """Thumbnails that would be painted as before are kept."""
        self._is_stale, self._ground = False, self.rich_style
        looks = (self.answers, self._tiling, self._ground, palette(self.app))
        if looks != self._looks:
            self._looks = looks
            self._tiles.clear()

    def _show_cursor(self) -> None:
        at = self._tiling
        top = self.cursor // at.columns * at.tile_height
        region = Region(0, top, 1, at.tile_height)
        self.scroll_to_region(region, animate=False, force=True)

    def _tile(self, place: int) -> list[list[Segment]]:
        """The lines of a thumbnail, each as wide as the tile."""
        index, chosen = int(self.indices[place]), place == self.cursor
        if (index, chosen) not in self._tiles:
            self._tiles[index, chosen] = self._paint(index, chosen)
        return self._tiles[index, chosen]

    def _paint(self, index: int, chosen: bool) -> list[list[Segment]]:
        assert self.answers is not None
        at, colors = self._tiling, palette(self.app)
        picture = image_text(
            self.answers.images[index],
            width=at.picture_width,
            style=self.drawing,
            ink=colors.ink,
            paper=colors.paper,
        )
        labels = label(self.answers, index, at.picture_width, at.label_lines, self.ascii)
        marked = Style(color=colors.on_cursor, bgcolor=colors.cursor, bold=True)
        edge = Segment(("|" if self.ascii else "▌") if chosen else " ", Style(color=colors.cursor))
        gap = Segment(" " * (at.tile_width - at.picture_width - 1))
        lines = [[edge, *line.render(self.app.console), gap] for line in picture.split("\n")]
        lines += [[edge, Segment(text, marked if chosen else None), gap] for text in labels]
        return [list(Segment.apply_style(line, self._ground)) for line in lines]


def label(answers: Answers, index: int, width: int, lines: int, ascii: bool) -> list[str]:
    """True and predicted class with the confidence, each line exactly `width` cells."""
    arrow = "->" if ascii else "→"
    true, called = (
        answers.class_names[int(classes[index])]
        for classes in (answers.labels, answers.predictions)
    )
    confidence = formats.percent(float(answers.confidence[index]), 0)
    if lines == 1:
        return [_spread(f"{true}{arrow}{called}", confidence, width, ascii)]
    return [_spread(true, "", width, ascii), _spread(f"{arrow}{called}", confidence, width, ascii)]


def _spread(left: str, right: str, width: int, ascii: bool) -> str:
    """A text at each end of a line; the left one gives way."""
    right = right if width > cell_len(right) + 3 else ""
    room = width - cell_len(right) - (1 if right else 0)
    left = shorten(left, room, ascii=ascii)
    return left + " " * (width - cell_len(left) - cell_len(right)) + right
