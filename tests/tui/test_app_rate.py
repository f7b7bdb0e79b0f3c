"""Finding a learning rate in the dashboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboards import (
    CONFIG,
    batches,
    fake_run,
    header,
    keys,
    row,
    screen_text,
    see,
    type_into,
    until,
)
from textual.widgets import Input

from nn.config import RunConfig
from nn.rate_finder import RateTest, RateTested, RateTried
from nn.runs import rate_process
from nn.runs.folder import Library
from nn.schema import InputError
from tui import jobs
from tui.app import Dashboard

QUICK = CONFIG.changed({"data.limit": 300, "training.batch_size": 20})
FOUND = RateTested(sentence="a learning rate of 0.02 would suit: so says the test", suggestion=0.02)


class FakeProcess:
    """Tries one rate, then waits until the test lets it go on or it is ended."""

    newest: FakeProcess

    def __init__(self, config: RunConfig, test: RateTest) -> None:
        self.config = config
        self.ended = False
        self.problem = ""
        self.go_on = threading.Event()
        FakeProcess.newest = self

    def __enter__(self) -> FakeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def events(self) -> Iterator[RateTried | RateTested]:
        yield RateTried(step=1, learning_rate=1e-6, loss=2.3, smoothed=2.3)
        self.go_on.wait()
        if self.problem:
            raise InputError(self.problem)
        if not self.ended:
            yield FOUND

    def end(self) -> None:
        self.ended = True
        self.go_on.set()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeProcess]:
    monkeypatch.setattr(jobs, "RateProcess", FakeProcess)
    return FakeProcess


async def test_a_test_is_followed_and_its_rate_goes_into_the_form(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("6")
        await until(pilot, lambda: "t test" in keys(app))
        await see(pilot, "t starts the test")
        await pilot.press("t")
        await see(pilot, "1 of 100 batches")
        await until(pilot, lambda: "t cancel" in keys(app))
        assert fake.newest.config == CONFIG
        assert "no run yet" in header(app)
        fake.newest.go_on.set()
        await until(pilot, lambda: "0.02 would suit" in screen_text(app))
        await until(pilot, lambda: "u use the rate" in keys(app))
        assert app.draft.config == CONFIG
        await pilot.press("u")
        field = row(app, "training.learning_rate")
        await until(pilot, lambda: field.query_one(Input).value == "0.02")
        assert app.draft.config == CONFIG.changed({"training.learning_rate": 0.02})
        await until(pilot, lambda: "form is 0.02 now: space" in screen_text(app))
        assert Library(tmp_path).runs() == []


async def test_a_test_can_be_cancelled_and_done_again(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "t")
        await until(pilot, lambda: "1 of 100 batches" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "Cancelled after 1 of 100 batches" in screen_text(app))
        assert fake.newest.ended
        first = fake.newest
        await until(pilot, lambda: "t test" in keys(app))
        await pilot.press("t")
        await until(pilot, lambda: fake.newest is not first)
        await until(pilot, lambda: "1 of 100 batches, learning rate 1e-6" in screen_text(app))


async def test_leaving_the_dashboard_ends_the_test(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "t")
        await until(pilot, lambda: "1 of 100 batches" in screen_text(app))
        await pilot.press("q")
    assert fake.newest.ended
    assert app.return_value is None


async def test_a_test_that_fails_says_why(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("6", "t")
        await until(pilot, lambda: "1 of 100 batches" in screen_text(app))
        fake.newest.problem = "there is not enough memory"
        fake.newest.go_on.set()
        words = "The test could not be done: there is not enough memory."
        await until(pilot, lambda: words in screen_text(app))


async def test_a_process_that_cannot_be_started_leaves_the_way_open_to_try_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(jobs, "RateProcess", fail)
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("6", "t")
        await see(pilot, "Resource temporarily unavailable")
        await see(pilot, "t tests again")
        await until(pilot, lambda: "t test" in keys(app))


async def test_a_wrong_design_is_not_tested(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await type_into(pilot, "training.batch_size", "0")
        await until(pilot, lambda: app.draft.config is None)
        await pilot.press("escape", "6", "t")
        words = "Cannot test: batch size: 0 is too small"
        await until(pilot, lambda: words in screen_text(app))
        assert app.session.rate is None


async def test_a_run_that_trains_takes_the_rate_when_enter_is_pressed_in_its_field(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("6", "t")
            await until(pilot, lambda: "1 of 100 batches" in screen_text(app))
            fake.newest.go_on.set()
            await until(pilot, lambda: "u use the rate" in keys(app))
            await pilot.press("u")
            await until(pilot, lambda: "is 0.02 now: enter in" in screen_text(app))
            await until(pilot, lambda: "enter!" in screen_text(app))
            assert trainer.commands() == []


async def test_a_real_test_of_real_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[rate_process.RateProcess] = []

    class Noted(rate_process.RateProcess):
        def __init__(self, config: RunConfig, test: RateTest) -> None:
            super().__init__(config, RateTest(start=1e-4, end=0.1, steps=40))
            started.append(self)

    monkeypatch.setattr(jobs, "RateProcess", Noted)
    app = Dashboard(Library(tmp_path), config=QUICK)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("6", "t")
        await until(pilot, lambda: app.session.rate is not None and not app.session.rate.running)
        rate = app.session.rate
        assert rate is not None
        assert rate.suggestion is not None
        assert 1e-4 < rate.suggestion < 0.1
        await until(pilot, lambda: f"{rate.suggestion:g} would suit" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: app.session.rate is not rate and len(started) == 2)
        await pilot.press("q")
    assert [process._process.poll() is not None for process in started] == [True, True]
    assert list(tmp_path.iterdir()) == []
