"""The command palette knows everything that has a key, and nothing in it does nothing."""

from __future__ import annotations

from pathlib import Path

from dashboards import CONFIG, batches, fake_run, header, screen_text, until
from textual.app import SystemCommand
from textual.binding import Binding

from nn.runs import messages as m
from nn.runs.folder import Library
from tui import words
from tui.app import Dashboard
from tui.body import TABS
from tui.dialogs import Choose
from tui.panels.confusion import ConfusionPanel
from tui.panels.network import LayerList


def commands(app: Dashboard) -> dict[str, SystemCommand]:
    return {command.title: command for command in app.get_system_commands(app.screen)}


async def run(app: Dashboard, title: str) -> None:
    """Choose a command."""
    done = commands(app)[title].callback()
    if done is not None:
        await done


async def test_all_that_has_a_key_is_there_with_its_key(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: all(each.is_attached for _, each in app._body.panels))
        found = commands(app)
        for name, panel in [*app._body.panels, ("design", app.query_one(LayerList))]:
            for binding in type(panel).BINDINGS:
                assert isinstance(binding, Binding)
                if binding.show:
                    assert found[f"{TABS[name][1]}: {binding.description}"].help
        titles = [each.title for each in app.get_system_commands(app.screen)]
        for once in ("undo", "redo", "picture", "copy as"):
            assert titles.count(f"Network: {once}") == 1
        for key, title in TABS.values():
            assert found[title].help.startswith(f"{key} · ")
        assert found["Help"].help.startswith("? · ")
        assert found["Save"].help.startswith("ctrl+s · ")
        own = [title for title, each in found.items() if ": " in title and each.discover]
        assert own
        assert {title.partition(":")[0] for title in own} == {"Curves"}, "the visible view's only"


async def test_a_command_of_another_view_turns_to_it(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: all(each.is_attached for _, each in app._body.panels))
        await run(app, "Confusion: counts/%")
        assert app._body.active == "confusion"
        assert app.query_one(ConfusionPanel).percent
        await run(app, "Network: add")
        await until(pilot, lambda: isinstance(app.screen, Choose))


async def test_what_means_nothing_now_says_so(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: all(each.is_attached for _, each in app._body.panels))
        assert commands(app)["Stop"].help.startswith("not now: ")
        await run(app, "Stop")
        await until(pilot, lambda: "nothing to stop" in screen_text(app))
        await run(app, "Draw: keep")
        await until(pilot, lambda: "nothing to do that with now" in screen_text(app))
        await pilot.press("1", "r")
        await until(pilot, lambda: "no run to resume" in screen_text(app))


async def test_keys_of_a_run_that_is_over_say_so(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30), m.Stopped(step=30, reason="asked")) as trainer:
        trainer.die()
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "stopped" in header(app))
            await pilot.press("x")
            await until(pilot, lambda: f"run {trainer.run.id} is stopped" in screen_text(app))
            assert len(app.screen_stack) == 1


async def test_leaving_an_edited_design_asks(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.query_one(LayerList).option_count > 1)
        await pilot.press("e", "backspace")
        await until(pilot, lambda: words.is_unsaved(app.draft, app.session, CONFIG))
        await pilot.press("q")
        await until(pilot, lambda: "Leave cnn-tui?" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert app.return_code is None
        await pilot.press("q", "ctrl+q")
        await until(pilot, lambda: not app.is_running)


async def test_leaving_a_preset_does_not(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        app.draft.use(app.draft.config or CONFIG)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
