"""Tables whose cells are painted once."""

from __future__ import annotations

from rich.style import Style
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

    def _on_resize(self, event: Resize) -> None:
        """What was painted with that width already stays."""
        if event.size.width == self._width:
            event.prevent_default()
