"""Clicks on what is not there any more."""

from __future__ import annotations

import pytest
from dashboards import screen_text, until
from textual.events import MouseDown, MouseEvent, MouseMove, MouseUp
from textual.widgets import Static

from tui.terminal.app import TerminalApp


@pytest.mark.parametrize("waits", [False, True])
async def test_a_click_on_what_has_just_gone_is_one_on_nothing(waits: bool) -> None:
    """It still stands on the screen until that is laid out again."""
    app = TerminalApp(ascii=False)
    async with app.run_test() as pilot:
        word = Static("here")
        await app.mount(word)
        await until(pilot, lambda: "here" in screen_text(app))
        removed = word.remove()
        if waits:
            await removed
        for kind in (MouseMove, MouseDown, MouseMove, MouseUp):
            app.screen._forward_event(mouse(kind))
        await until(pilot, lambda: "here" not in screen_text(app))
        assert app.is_running


async def test_what_is_there_can_be_selected() -> None:
    app = TerminalApp(ascii=False)
    async with app.run_test() as pilot:
        await app.mount(Static("here"))
        await until(pilot, lambda: "here" in screen_text(app))
        for kind, x in ((MouseDown, 0), (MouseMove, 4), (MouseUp, 4)):
            app.screen._forward_event(mouse(kind, x))
        await until(pilot, lambda: app.screen.get_selected_text() == "here")


def mouse(kind: type[MouseEvent], x: int = 1) -> MouseEvent:
    return kind(None, x, 0, 0, 0, 1, False, False, False)
