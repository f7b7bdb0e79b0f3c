"""Screens that lie over the dashboard, which keys that come fast find still there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.screen import Screen

if TYPE_CHECKING:
    AnyScreen = Screen[Any]
else:
    AnyScreen = object  # styles are looked up along the first base that is a widget


class LeftOnce(AnyScreen):
    """Before a screen's other bases: a key that comes after it was left does not leave it again.

    Textual would leave the screen below it instead, or fail where that is the last one.
    """

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave it, unless somebody did."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


class Palette(LeftOnce, CommandPalette):
    """The commands."""
