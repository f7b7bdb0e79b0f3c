"""All words on the dashboard can be read, in every theme and with any number of colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from contrast import contrasts
from dashboards import batches, fake_run, until
from rich.color import ColorSystem
from test_app_ascii import some_answers

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.body import VIEWS

READABLE = 4.5
SYSTEMS = {
    "16": ({"TERM": "xterm"}, ColorSystem.STANDARD),
    "256": ({"TERM": "xterm-256color"}, ColorSystem.EIGHT_BIT),
    "all": ({"TERM": "xterm", "COLORTERM": "truecolor"}, ColorSystem.TRUECOLOR),
}


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
@pytest.mark.parametrize("colors", SYSTEMS)
async def test_all_words_stand_out(
    tmp_path: Path, theme: str, colors: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables, system = SYSTEMS[colors]
    monkeypatch.delenv("COLORTERM", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with fake_run(tmp_path, batches(10), batches(20), batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            app.theme = theme
            await until(pilot, lambda: app.session.run is not None and app.session.run.step == 30)
            app.session.answers = some_answers()
            app.paint()
            for key in (*map(str, range(1, len(VIEWS) + 1)), "question_mark"):
                await pilot.press(key)
                await pilot.pause()
                found = contrasts(app, system)
                assert found or theme.startswith("ansi")
                low = [each for each in found if each[0] < READABLE - 0.01]
                assert not low, f"view {key}"
