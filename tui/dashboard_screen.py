"""The screen that all panels are on."""

from __future__ import annotations

from typing import ClassVar

from textual.events import ScreenResume

from tui.terminal.compositor import SparingScreen


class DashboardScreen(SparingScreen[object]):
    """It opens with the styles that its widgets were given when they were made.

    Textual would find all of them once more before the first picture, and again for a widget that
    has the keys only until the dashboard gives them to a panel.
    """

    AUTO_FOCUS: ClassVar[str | None] = ""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._is_open = False

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Behind a dialog the theme may have become another one: then the styles are found anew."""
        event.refresh_styles &= self._is_open
        self._is_open = True
