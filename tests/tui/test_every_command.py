"""Every command of the palette does something; those of the views are their keys'."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import batches, fake_run, header, until
from textual.widgets import HelpPanel

from nn.runs import messages as m
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.body import VIEWS


def looks(app: Dashboard, asked: list[m.Command], files: Path) -> list[object]:
    """What a command may change: screens, views, the focus, the design, a run, files, messages."""
    return [
        (type(app.screen), app.screen.maximized, app.focused, app._body.active),
        (sorted(app._body.classes), len(app.screen.query(HelpPanel))),
        (dict(app.draft.texts), len(asked), len(list(files.iterdir()))),
        [note.message for note in app._notifications],
    ]


async def test_every_command_of_the_palette_does_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "screenshots"
    files.mkdir()
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(files))
    with fake_run(tmp_path, batches(30)) as trainer:
        app, asked, done = Dashboard(Library(tmp_path), trainer.run), list[m.Command](), {"Quit"}
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "training" in header(app))

            def offered() -> list[str]:
                titles = [each.title for each in app.get_system_commands(app.screen)]
                return [title for title in titles if ": " not in title]

            def now() -> list[object]:
                asked.extend(trainer.commands())
                return looks(app, asked, files)

            while new := [title for title in offered() if title not in done]:
                done.add(new[0])
                app._body.turn_to("runs" if new[0] != "Runs" else "curves")
                await pilot.pause()
                before = now()
                (command,) = (c for c in app.get_system_commands(app.screen) if c.title == new[0])
                app.call_later(command.callback)
                await until(pilot, lambda was=before: now() != was)  # type: ignore[misc]
                while len(app.screen_stack) > 1:
                    app.pop_screen()
                    await pilot.pause()
    assert {name.title() for name in VIEWS} < done
    assert {m.Pause, m.Step, m.Evaluate} <= {type(command) for command in asked}
