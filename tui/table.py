"""Tables whose cells are painted once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.cache import LRUCache
from textual.events import Resize
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import DataTable


class Table(DataTable[object]):
    """A table that keeps what it has painted until it would look otherwise.

    Textual's forgets all cells with every focus that comes or goes, and whenever it is shown again.
    """

    _looks: tuple[object, ...] = ()
    _width = -1
    _ground: Style | None = None

    @cached_property
    def _painted(self) -> LRUCache[tuple[object, ...], list[list[Segment]]]:
        """Cells by what they look like: with or without the focus most look alike."""
        return LRUCache(10_000)

    @property
    def rich_style(self) -> Style:
        """While lines are painted it stays the same: each of them asks for it."""
        return super().rich_style if self._ground is None else self._ground

    def looks(self) -> tuple[object, ...]:
        """What all cells are painted with: with another they are painted anew."""
        return self.app.theme, self.screen.rich_style

    def settle(self) -> None:
        """Find out its size at once, for the next layout: Textual does so when nothing is to do."""
        if self._require_update_dimensions:
            self._require_update_dimensions = False
            rows = self._new_rows.copy()
            self._new_rows.clear()
            self._update_dimensions(rows)

    def notify_style_update(self) -> None:
        """It may be another theme; that the focus has changed is noted with each cell."""
        looks = self.looks()
        if looks != self._looks:
            self._looks = looks
            self._painted.clear()
            super().notify_style_update()
            return
        super(DataTable, self).notify_style_update()
        self._styles_cache.clear()
        self._get_styles_to_render_cell.cache_clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines there."""
        self._width = self.size.width
        self._ground = super().rich_style
        try:
            return super().render_lines(crop)
        finally:
            self._ground = None

    def _render_cell(
        self,
        row_index: int,
        column_index: int,
        base_style: Style,
        width: int,
        cursor: bool = False,
        hover: bool = False,
    ) -> list[list[Segment]]:
        """A line of text goes without the frames around it, which take most of the time."""
        label, cells = self._get_row_renderables(row_index)
        cell = label if column_index < 0 else cells[column_index]
        is_header, is_label = row_index < 0, column_index < 0
        is_fixed = row_index < self.fixed_rows or column_index < self.fixed_columns
        look, post = self._get_styles_to_render_cell(
            is_header,
            is_label,
            is_fixed and not (is_header or is_label),
            hover,
            cursor,
            self.show_cursor,
            self._show_hover_cursor,
            self.cursor_foreground_priority == "css",
            self.cursor_background_priority == "css",
        )
        key = row_index, column_index, width, base_style, look, post, self._update_count
        painted = self._painted.get(key)
        if painted is None:
            room = max(0, width - 2 * self.cell_padding)
            line = self.line(cell, room) if self._row_height(row_index) == 1 else None
            if line is None:
                return super()._render_cell(
                    row_index, column_index, base_style, width, cursor, hover
                )
            place = Style.from_meta({"row": row_index, "column": column_index})
            padding = [Segment(" " * self.cell_padding)] if self.cell_padding else []
            line = [*padding, *Segment.adjust_line_length(line, room), *padding]
            painted = [list(Segment.apply_style(line, base_style + place + look, post))]
            self._painted[key] = painted
        return painted

    def line(self, cell: object, room: int) -> list[Segment] | None:
        """What a cell of one line shows, in `room` columns at most; None is left to Textual."""
        if not isinstance(cell, Text):
            return None
        console = self.app.console
        return list(Text().join(cell.wrap(console, room, no_wrap=True)[:1]).render(console))

    def ahead(self, height: int) -> Iterator[None]:
        """Paint the rows that will be in sight, one at a time; only what the focus changes, such
        as the titles and the cursor, is painted then."""
        top = int(self.scroll_y)
        for row in self.ordered_rows[top : top + height]:
            if not self.is_attached:
                return  # it was removed meanwhile, and has no styles any more
            self._render_line_in_row(
                row.key, 0, self.rich_style, self.cursor_coordinate, self.hover_coordinate
            )
            yield

    def _row_height(self, row_index: int) -> int:
        if row_index < 0:
            return self.header_height
        return self.rows[self._row_locations.get_key(row_index)].height  # type: ignore[index]

    def _on_resize(self, event: Resize) -> None:
        """What was painted with that width already stays."""
        if event.size.width == self._width:
            event.prevent_default()
