"""Thumbnails in rows, of which only those in sight are ever painted."""

from __future__ import annotations

from collections.abc import Iterator
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
from textual.widget import Widget

from nn.types import Integers
from tui.panels import Palette, palette, picture_style
from tui.panels.mistakes.tiling import LOWEST_PICTURE, Tiling, tiling
from tui.panels.mistakes.words import label
from tui.render.images import PictureStyle, image_text, segment_lines
from tui.state import Answers, Order

LONGEST_SHORT_NAME = 3
BAR, LINE = 1, 1
"""The column beside thumbnails and the line above them."""

Lines = list[list[Segment]]


@dataclass(frozen=True)
class Look:
    """How thumbnails are drawn, and of how many lines at least."""

    style: PictureStyle
    lines: int


def looks(usual: PictureStyle) -> list[Look]:
    """What a terminal can show: the usual, then smaller, larger, and in ASCII."""
    smaller: PictureStyle = "fine" if usual == "half" else usual
    colourful = [Look(usual, LOWEST_PICTURE), Look(smaller, 5), Look(usual, 14)]
    return colourful if usual == "ascii" else [*colourful, Look("ascii", 10)]


@dataclass(frozen=True)
class Painting:
    """All that the thumbnails of an image have in common, whatever is said of it."""

    look: Look
    at: Tiling
    ground: Style
    colors: Palette


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
        self.order: Order = "confidence"
        self._look = 0
        self._pictures: LRUCache[int, Lines] = LRUCache(512)
        self._tiles: LRUCache[tuple[int, bool], Lines] = LRUCache(512)
        self._rows: LRUCache[tuple[int, int, tuple[int, ...]], list[Strip]] = LRUCache(16)
        self._tiling = tiling(1, 1, 1.0, 1)
        self._is_stale, self._ground = True, Style.null()
        self._painting: Painting | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        return action != "choose" or len(self.indices) > 0

    def fill(self, answers: Answers, indices: Integers, order: Order, cursor: int) -> None:
        """Show these of the images as they are, sorted by `order`."""
        if self.answers is None or answers.images is not self.answers.images:
            self._pictures.clear()
        if answers is not self.answers or order != self.order:
            self._forget_tiles()
        self.answers, self.indices, self.order = answers, indices, order
        self._arrange()
        self.cursor = cursor
        self._show_cursor()

    @property
    def look(self) -> Look:
        """How pictures are drawn."""
        known = looks(picture_style(self.app, ascii=self.ascii))
        return known[self._look % len(known)]

    def next_look(self) -> None:
        """Draw pictures in another way, or larger."""
        self._look += 1
        self._arrange()
        self._show_cursor()

    def ahead(self) -> Iterator[None]:
        """Paint what will be in sight, a piece at a time."""
        self._take_looks()
        at, top = self._tiling, self.scroll_offset.y
        bottom = top + self.room.height
        for y in range(top, bottom, at.tile_height):
            first = y // at.tile_height * at.columns
            for place in range(first, min(first + at.columns, len(self.indices))):
                self._tile(place)
                yield
            self._lines(range(y, min(y + at.tile_height, bottom)))
            yield

    def render_lines(self, crop: Region) -> list[Strip]:
        """The thumbnails there, painted as they were where they would look the same."""
        self._take_looks()
        top = self.scroll_offset.y
        lines = self._lines(range(crop.y + top, crop.bottom + top))
        return [line.crop(*crop.column_span) for line in lines]

    def _lines(self, lines: range) -> list[Strip]:
        """Lines of all thumbnails, as wide as the space, in the colours that the terminal has."""
        height, ground = self._tiling.tile_height, self.background_colors[1]
        strips = [self._row(y // height)[y % height] for y in lines]
        for each in self.get_line_filters():
            strips = [strip.apply_filter(each, ground) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One line across all thumbnails of a row."""
        row, line = divmod(y + self.scroll_offset.y, self._tiling.tile_height)
        return self._row(row)[line]

    def _row(self, row: int) -> list[Strip]:
        """The lines of a row of thumbnails."""
        at, width = self._tiling, self.room.width + BAR
        first = row * at.columns
        indices = tuple(self.indices[first : first + at.columns].tolist())
        chosen = self.cursor - first if first <= self.cursor < first + at.columns else -1
        key = width, chosen, indices
        if key not in self._rows:
            tiles = [self._tile(first + n) for n in range(len(indices))]
            self._rows[key] = [
                Strip([each for tile in tiles for each in tile[line]]).adjust_cell_length(
                    width, self._ground
                )
                for line in range(at.tile_height)
            ]
        return self._rows[key]

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

    @property
    def room(self) -> Size:
        """For thumbnails; while it is not shown, as much as its place will leave it."""
        if region := self.scrollable_content_region:
            return region.size
        width, height = self.parent.size if isinstance(self.parent, Widget) else Size(0, 0)
        return Size(max(0, width - BAR), max(0, height - LINE))

    def _arrange(self) -> None:
        """Make the thumbnails fit the space."""
        if self.answers is None:
            return
        height, width = self.answers.images.shape[1:3]
        longest = max(map(cell_len, self.answers.class_names))
        label_lines = 1 if longest <= LONGEST_SHORT_NAME else 2
        room = self.room
        self._tiling = at = tiling(
            room.width,
            room.height,
            width / height,
            label_lines,
            self.look.lines,
            len(self.indices),
        )
        rows = -(-len(self.indices) // at.columns)
        self.virtual_size = Size(room.width, rows * at.tile_height)
        self.refresh()

    def _take_looks(self) -> None:
        """Another focus is no other theme: then the thumbnails are kept."""
        if self._is_stale:
            self._is_stale, self._ground = False, self.rich_style
        painting = Painting(self.look, self._tiling, self._ground, palette(self.app))
        if painting != self._painting:
            self._painting = painting
            self._pictures.clear()
            self._forget_tiles()

    def _forget_tiles(self) -> None:
        self._tiles.clear()
        self._rows.clear()

    def _show_cursor(self) -> None:
        at = self._tiling
        top = self.cursor // at.columns * at.tile_height
        region = Region(0, top, 1, at.tile_height)
        self.scroll_to_region(region, animate=False, force=True)

    def _tile(self, place: int) -> Lines:
        """The lines of a thumbnail, each as wide as the tile."""
        index, chosen = int(self.indices[place]), place == self.cursor
        if (index, chosen) not in self._tiles:
            self._tiles[index, chosen] = self._paint(index, chosen)
        return self._tiles[index, chosen]

    def _paint(self, index: int, chosen: bool) -> Lines:
        assert self.answers is not None
        at, colors = self._tiling, palette(self.app)
        if index not in self._pictures:
            self._pictures[index] = self._draw(index)
        labels = label(
            self.answers, index, self.order, at.picture_width, at.label_lines, ascii=self.ascii
        )
        marked = Style(color=colors.on_cursor, bgcolor=colors.cursor, bold=True)
        edge_style = self._ground + Style(color=colors.cursor)
        edge = Segment(("|" if self.ascii else "▌") if chosen else " ", edge_style)
        gap = Segment(" " * (at.tile_width - at.picture_width - 1), self._ground)
        words = self._ground + marked if chosen else self._ground
        lines = [[edge, *line, gap] for line in self._pictures[index]]
        return lines + [[edge, Segment(text, words), gap] for text in labels]

    def _draw(self, index: int) -> Lines:
        assert self.answers is not None
        colors = palette(self.app)
        picture = image_text(
            self.answers.images[index],
            width=self._tiling.picture_width,
            style=self.look.style,
            ink=colors.ink,
            paper=colors.paper,
        )
        return segment_lines(picture, self._ground)
