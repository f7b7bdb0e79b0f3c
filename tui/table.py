"""Tables whose cells are painted once."""

from __future__ import annotations

from textual.events import Resize
from textual.widgets import DataTable


class Table(DataTable[object]):
    """A table that keeps what it has painted until it would look otherwise.

    Textual's forgets all cells with every focus that comes or goes, and whenever it is shown again.
    """

    _looks: tuple[object, ...] = ()
    _width = -1

    def looks(self) -> tuple[object, ...]:
        """What all cells are painted with: with another they are painted anew."""
        return self.app.theme, self.screen.rich_style

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

    def _on_resize(self, event: Resize) -> None:
        if event.size.width == self._width:
            event.prevent_default()
        self._width = event.size.width
