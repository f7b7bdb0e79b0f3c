"""Measuring a design's steps in the dashboard."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboards import CONFIG, batches, fake_run, header, keys, screen_text, see, type_into, until

from nn.config import RunConfig
from nn.profiling import Profile, ProfileAdvanced, ProfileTest, profile
from nn.runs import profile_process
from nn.runs.folder import Library
from nn.schema import InputError
from tui import jobs
from tui.app import Dashboard
from tui.body import VIEWS

KEY = str(list(VIEWS).index("profile") + 1)
ONE_STEP = ProfileTest(steps=1)


@pytest.fixture(scope="module")
def found() -> Profile:
    *_, result = profile(CONFIG.changed({"training.batch_size": 2}), (28, 28, 1), 10, ONE_STEP)
    assert isinstance(result, Profile)
    return result


class FakeProcess:
    """Takes one step, then waits until the test lets it go on or it is ended."""

    newest: FakeProcess
    found: Profile

    def __init__(self, config: RunConfig, test: ProfileTest) -> None:
        self.config = config
        self.ended = False
        self.problem = ""
        self.go_on = threading.Event()
        FakeProcess.newest = self

    def __enter__(self) -> FakeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def events(self) -> Iterator[ProfileAdvanced | Profile]:
        yield ProfileAdvanced(done=1, total=46)
        self.go_on.wait()
        if self.problem:
            raise InputError(self.problem)
        if not self.ended:
            yield self.found

    def end(self) -> None:
        self.ended = True
        self.go_on.set()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, found: Profile) -> type[FakeProcess]:
    monkeypatch.setattr(jobs, "ProfileProcess", FakeProcess)
    FakeProcess.found = found
    return FakeProcess


async def test_measuring_is_followed_to_its_table(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(KEY)
        await until(pilot, lambda: "t measure" in keys(app))
        await see(pilot, "t starts it")
        await pilot.press("t")
        await see(pilot, "1 of 46 steps")
        await until(pilot, lambda: "t cancel" in keys(app))
        assert fake.newest.config == CONFIG
        assert "no run yet" in header(app)
        fake.newest.go_on.set()
        await see(pilot, "1.conv2d + 3.max_pool2d +", "optimizer", "A step takes")
        await see(pilot, "s an epoch (measured)")
        assert "A run trains meanwhile" not in screen_text(app)
        await until(pilot, lambda: "t measure" in keys(app))
        assert Library(tmp_path).runs() == []


async def test_measuring_can_be_cancelled_and_done_again(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(KEY, "t")
        await until(pilot, lambda: "1 of 46 steps" in screen_text(app))
        await pilot.press("t")
        await until(pilot, lambda: "Cancelled after 1 of 46 steps; t measures" in screen_text(app))
        assert fake.newest.ended
        first = fake.newest
        await until(pilot, lambda: "t measure" in keys(app))
        await pilot.press("t")
        await until(pilot, lambda: fake.newest is not first)


async def test_leaving_the_dashboard_ends_it(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(KEY, "t")
        await until(pilot, lambda: "1 of 46 steps" in screen_text(app))
        await pilot.press("q")
    assert fake.newest.ended


async def test_what_goes_wrong_is_said(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(KEY, "t")
        await until(pilot, lambda: "1 of 46 steps" in screen_text(app))
        fake.newest.problem = "there is not enough memory"
        fake.newest.go_on.set()
        words = "The steps could not be measured: there is not enough memory."
        await until(pilot, lambda: words in screen_text(app))


async def test_a_wrong_design_is_not_measured(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await type_into(pilot, "training.batch_size", "0")
        await until(pilot, lambda: app.draft.config is None)
        await pilot.press("escape", KEY, "t")
        words = "Cannot measure: batch size: 0 is too small"
        await until(pilot, lambda: words in screen_text(app))
        assert app.session.profile is None


async def test_figures_taken_beside_a_run_are_marked(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press(KEY, "t")
            await until(pilot, lambda: "1 of 46 steps" in screen_text(app))
            fake.newest.go_on.set()
            await until(pilot, lambda: "A run trains meanwhile" in screen_text(app))
            assert trainer.commands() == []


async def test_a_small_screen_scrolls(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press(KEY, "t")
        await until(pilot, lambda: "1 of 46 steps" in screen_text(app))
        fake.newest.go_on.set()
        await until(pilot, lambda: "part of a step" in screen_text(app))
        assert "carried out together" not in " ".join(screen_text(app).split())
        await pilot.press("end")
        await until(pilot, lambda: "together." in screen_text(app))


async def test_a_real_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[profile_process.ProfileProcess] = []

    class Noted(profile_process.ProfileProcess):
        def __init__(self, config: RunConfig, test: ProfileTest) -> None:
            super().__init__(config, ONE_STEP)
            started.append(self)

    monkeypatch.setattr(jobs, "ProfileProcess", Noted)
    app = Dashboard(Library(tmp_path), config=CONFIG.changed({"training.batch_size": 4}))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press(KEY, "t")
        await until(pilot, lambda: "batches of 4, 1 thread" in screen_text(app))
        await pilot.press("q")
    assert [process._process.poll() is not None for process in started] == [True]
    assert list(tmp_path.iterdir()) == []
