from __future__ import annotations

import asyncio
import os
import stat
from functools import partial
from pathlib import Path

import pytest
from dashboards import screen_text, until
from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.widgets import Select, Static
from textual.worker import WorkerFailed, WorkerState

from nn.schema import InputError
from tui.sturdy import SturdyApp


async def fail(error: Exception) -> None:
    raise error


async def test_wrong_input_is_shown_as_it_is(tmp_path: Path) -> None:
    app = SturdyApp(tmp_path / "log")
    async with app.run_test(notifications=True) as pilot:
        app.attempt(partial(fail, InputError("epochs: 0 is too small; give 1 or more")))
        await until(pilot, lambda: "epochs: 0 is too small" in screen_text(app))
    assert not app.log_file.exists()


def test_a_long_sentence_is_shown_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, times = SturdyApp(tmp_path / "log"), list[float]()
    monkeypatch.setattr(app, "notify", lambda text, timeout, **_: times.append(timeout))
    app.tell("short")
    app.tell("word " * 60)
    assert times[0] == app.NOTIFICATION_TIMEOUT
    assert times[1] >= 60 / 4, "people read four words a second at most"


async def test_the_unforeseen_is_a_sentence_with_details_in_a_file(tmp_path: Path) -> None:
    app = SturdyApp(tmp_path / "log")
    async with app.run_test(notifications=True) as pilot:
        app.attempt(partial(fail, KeyError("lost")))
        await until(pilot, lambda: "That went wrong" in screen_text(app))
        assert "Traceback" not in screen_text(app)
    assert "Traceback" in app.log_file.read_text()


async def test_the_file_of_details_is_for_its_owner_alone(tmp_path: Path) -> None:
    app = SturdyApp(tmp_path / "log")
    before = os.umask(0)
    try:
        async with app.run_test() as pilot:
            app.attempt(partial(fail, KeyError("lost")))
            await until(pilot, app.log_file.exists)
    finally:
        os.umask(before)
    assert stat.S_IMODE(app.log_file.stat().st_mode) == 0o600


async def test_repeated_work_goes_on_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.sturdy.AFTER_FAILURE", 0.01)
    app, calls = SturdyApp(tmp_path / "log"), []

    async def work() -> float:
        calls.append(1)
        if len(calls) < 4:
            raise InputError("not yet")
        return 60.0

    async with app.run_test(notifications=True) as pilot:
        app.repeat(work)
        await until(pilot, lambda: len(calls) == 4)
        await until(pilot, lambda: "not yet" in screen_text(app))
        assert screen_text(app).count("not yet") == 1


async def test_an_error_that_ends_the_app_leaves_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = SturdyApp(tmp_path / "log")

    def fall() -> None:
        raise KeyError("lost")

    async def run() -> None:
        async with app.run_test() as pilot:
            app.call_later(fall)
            await pilot.pause()

    with pytest.raises(KeyError):
        await run()
    printed = capsys.readouterr().err
    assert "cnn-tui: That went wrong (KeyError" in printed
    assert "Traceback" not in printed
    assert "Traceback" in app.log_file.read_text()


async def test_what_is_taken_away_while_it_is_made_is_no_failure(tmp_path: Path) -> None:
    app = SturdyApp(tmp_path / "log")
    async with app.run_test():
        for turns in range(20):
            box = VerticalGroup(Select([("one", "1"), ("two", "2")]))
            app.mount(box)
            for _ in range(turns):
                await asyncio.sleep(0)
            await box.remove()
        assert not app.query(Select)
    assert not app.log_file.exists()


class Search(VerticalGroup):
    """Finds something in itself, until that has gone."""

    def compose(self) -> ComposeResult:
        yield Static("here")

    @work
    async def look(self) -> None:
        while self.query_one(Static):
            await asyncio.sleep(0)


async def test_work_for_what_is_taken_away_is_no_failure(tmp_path: Path) -> None:
    app = SturdyApp(tmp_path / "log")
    async with app.run_test() as pilot:
        search = Search()
        await app.mount(search)
        looks = search.look()
        await search.remove()
        await until(pilot, lambda: looks.is_finished)
        assert looks.state is WorkerState.ERROR
        assert app.is_running
    assert not app.log_file.exists()


async def test_work_for_what_stays_may_fail(tmp_path: Path) -> None:
    app = SturdyApp(tmp_path / "log")

    async def run() -> None:
        async with app.run_test():
            search = Search()
            await app.mount(search)
            search.look()
            await search.query_one(Static).remove()

    with pytest.raises(WorkerFailed):
        await run()
    assert "No nodes match" in app.log_file.read_text()
