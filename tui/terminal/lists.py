"""Page keys in lists that have no room yet, or none any more: there Textual's fall over them."""

from __future__ import annotations

from typing import Literal

from textual.widgets import OptionList

_move_page = OptionList._move_page


def _move_page_where_there_is_one(self: OptionList, direction: Literal[-1, 1]) -> None:
    if self.scrollable_content_region:
        _move_page(self, direction)


def mend() -> None:
    """Let them wait for room; also those inside of Textual's own widgets, as of its palette."""
    OptionList._move_page = _move_page_where_there_is_one  # type: ignore[method-assign]
