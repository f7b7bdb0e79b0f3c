"""Keys that come faster than screens go."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, press_at_once, until
from textual.screen import Screen

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.dialogs import Choice, Choose, Help
from tui.terminal.screens import Palette


@pytest.mark.parametrize(("opens", "kind"), [("question_mark", Help), ("ctrl+p", Palette)])
async def test_a_screen_that_is_left_twice_is_left_once(
    tmp_path: Path, opens: str, kind: type[Screen[None]]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(opens)
        await until(pilot, lambda: isinstance(app.screen, kind))
        press_at_once(pilot, "escape", "escape", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await pilot.press(opens)
        await until(pilot, lambda: isinstance(app.screen, kind))


async def test_a_question_takes_one_answer_and_the_one_below_it_the_next(tmp_path: Path) -> None:
    app, answers = Dashboard(Library(tmp_path), config=CONFIG), []
    async with app.run_test(size=(120, 36)) as pilot:
        for question in ("below", "above"):
            choices = [Choice(f"{question} {key}", key, key) for key in "yn"]
            app.push_screen(Choose(question, "", choices), answers.append)
            await pilot.pause()
        press_at_once(pilot, "y", "n")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert answers == ["above y", "below n"]
