"""Keys that come faster than what they open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from dashboards import CONFIG, PATIENCE, fake_run, press_at_once, row, until
from random_keys import save_a_model
from textual.binding import Binding

from nn.runs import messages as m
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.dialogs import Help
from tui.terminal import turns
from tui.terminal.app import TerminalApp
from tui.tour import Tour


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is handed on too soon because the machine is slow."""
    monkeypatch.setattr(turns, "LONGEST_WAIT", PATIENCE)


async def test_keys_for_a_list_wait_until_it_is_open(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e")
        before = app.draft.layer_count
        press_at_once(pilot, "a", "down", "enter", "a", "down", "down", "enter")
        await until(pilot, lambda: app.draft.layer_count == before + 2)
        assert len(app.screen_stack) == 1
        kinds = [app.draft.layer_kind(index) for index in range(app.draft.layer_count)]
        assert kinds[1:3] == ["relu", "max_pool2d"]


async def test_a_key_for_a_dialog_is_not_one_of_the_dashboard(tmp_path: Path) -> None:
    """There `t` means nothing; and a third key is one of the tour."""
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        press_at_once(pilot, "question_mark", "t")
        await until(pilot, lambda: isinstance(app.screen, Tour))
        press_at_once(pilot, "escape", "question_mark", "t", "escape", "2")
        await until(pilot, lambda: app._body.active == "classes")
        assert len(app.screen_stack) == 1


@pytest.mark.parametrize(
    ("keys", "is_asked"),
    [
        (("x", "y"), lambda command: isinstance(command, m.Stop)),
        (("x", "down", "up", "enter"), lambda command: isinstance(command, m.Stop)),
        (
            ("ctrl+s", "ctrl+u", *"quick", "enter"),
            lambda c: isinstance(c, m.Save) and c.name == "quick",
        ),
    ],
)
async def test_an_answer_may_come_with_what_asks_for_it(
    tmp_path: Path, keys: tuple[str, ...], is_asked: Callable[[m.Command], bool]
) -> None:
    with fake_run(tmp_path) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: app.session.alive and app.session.run is not None)
            asked: list[m.Command] = []
            press_at_once(pilot, *keys)
            await until(pilot, lambda: asked.extend(trainer.commands()) or bool(asked))
            assert [is_asked(command) for command in asked] == [True]
            assert len(app.screen_stack) == 1


async def test_what_is_typed_at_once_stands_in_order(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        path = "training.epochs"
        await until(pilot, lambda: any(each.field.path == path for each in app.query("FieldRow")))
        row(app, path).edit()
        press_at_once(pilot, "end", "ctrl+u", *"8765", "backspace", "tab", *"13")
        await until(pilot, lambda: app.draft.texts[path] == "876")


async def test_a_search_is_over_when_its_first_find_is_chosen(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        press_at_once(pilot, "ctrl+p", *"help", "enter")
        await until(pilot, lambda: isinstance(app.screen, Help))


async def test_a_list_of_models_is_read_before_one_is_chosen(tmp_path: Path) -> None:
    library = Library(tmp_path)
    save_a_model(library)
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        press_at_once(pilot, "ctrl+o", "enter")
        await until(pilot, lambda: app.session.model is not None)
        assert len(app.screen_stack) == 1


class Restless(TerminalApp):
    """An app in which something goes on that does not end."""

    BINDINGS = [Binding("a", "begin"), Binding("b", "end")]  # noqa: RUF012

    ended = False

    async def action_begin(self) -> None:
        await asyncio.sleep(0)
        if not self.ended:
            self.call_later(self.action_begin)

    def action_end(self) -> None:
        self.ended = True


async def test_a_key_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.05)
    app = Restless(ascii=False)
    async with app.run_test() as pilot:
        press_at_once(pilot, "a", "b")
        await until(pilot, lambda: app.ended)
        assert not app.has_keys_waiting


async def test_who_has_pressed_nothing_for_a_while_is_not_using_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = TerminalApp(ascii=False)
    async with app.run_test() as pilot:
        assert not app.is_in_use
        await pilot.press("a")
        assert app.is_in_use
        monkeypatch.setattr(turns, "REST", 0.0)
        assert not app.is_in_use
