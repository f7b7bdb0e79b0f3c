"""Clicks on what has just gone, as a notice does: Textual wants to know what it stood in."""

from __future__ import annotations

from textual._compositor import Compositor
from textual.errors import NoWidget
from textual.geometry import Offset
from textual.widget import Widget

_get = Compositor.get_widget_and_offset_at


def _get_if_there(self: Compositor, x: int, y: int) -> tuple[Widget | None, Offset | None]:
    try:
        widget, _ = self.get_widget_at(x, y)
    except NoWidget:
        return None, None
    return _get(self, x, y) if widget.is_attached else (None, None)


def mend() -> None:
    """Take nothing for the beginning of a selection that is not there any more."""
    Compositor.get_widget_and_offset_at = _get_if_there  # type: ignore[method-assign]
