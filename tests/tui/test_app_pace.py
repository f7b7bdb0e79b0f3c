"""The dashboard measures a design while it rests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboards import CONFIG, batches, fake_run, header, screen_text, type_into, until
from test_pace import profile

from nn.config import RunConfig
from nn.profiling import Profile, ProfileAdvanced, ProfileTest
from nn.runs import profile_process
from nn.runs.folder import Library
from nn.schema import InputError
from tui import jobs, pace
from tui.app import Dashboard


class FakeProcess:
    """Finds that 1,000 images are learned a second, when the test lets it go on."""

    all: list[FakeProcess]
    problem = ""

    def __init__(self, config: RunConfig, test: ProfileTest) -> None:
        self.config = config
        self.ended = False
        self.go_on = threading.Event()
        FakeProcess.all.append(self)

    def __enter__(self) -> FakeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def events(self) -> Iterator[ProfileAdvanced | Profile]:
        self.go_on.wait()
        if self.problem:
            raise InputError(self.problem)
        if not self.ended:
            yield profile(1000, 10_000)

    def end(self) -> None:
        self.ended = True
        self.go_on.set()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeProcess]:
    monkeypatch.setattr(jobs, "ProfileProcess", FakeProcess)
    monkeypatch.setattr(pace, "REST_SECONDS", 0.0)
    FakeProcess.all = []
    return FakeProcess


async def test_a_design_that_somebody_looks_at_is_measured(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "no run yet" in header(app))
        assert fake.all == []
        await pilot.press("e")
        await until(pilot, lambda: "measuring an epoch" in screen_text(app))
        assert fake.all[0].config == CONFIG
        fake.all[0].go_on.set()
        # 1,600 of 2,000 images to learn, and with the others 10,400 to judge.
        await until(pilot, lambda: "about 2.6 s an epoch (measured)" in screen_text(app))
        await pilot.press("backspace")
        await until(pilot, lambda: app.draft.layer_count == len(CONFIG.network.layers) - 1)
        await until(pilot, lambda: "an epoch (measured)" not in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: "about 2.6 s an epoch (measured)" in screen_text(app))
        assert Library(tmp_path).runs() == []


async def test_an_edit_ends_what_is_being_measured(tmp_path: Path, fake: type[FakeProcess]) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(fake.all) == 1)
        await type_into(pilot, "training.batch_size", "5")
        await until(pilot, lambda: fake.all[-1].config.training.batch_size == 5)
        assert all(process.ended for process in fake.all[:-1])
        fake.all[-1].go_on.set()
        await until(pilot, lambda: "an epoch (measured)" in screen_text(app))
    assert all(process.ended for process in fake.all)


async def test_what_goes_wrong_is_said_once(
    tmp_path: Path, fake: type[FakeProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeProcess, "problem", "there is no room")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(fake.all) == 1)
        fake.all[0].go_on.set()
        await until(pilot, lambda: "an epoch cannot be measured" in screen_text(app))
        assert "is no room" in screen_text(app)
        assert len(fake.all) == 1


async def test_nothing_is_measured_beside_a_training(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("e")
            await until(pilot, lambda: "time not measured while training" in screen_text(app))
            assert fake.all == []


async def test_nothing_is_measured_beside_a_run_that_nobody_looks_at(
    tmp_path: Path, fake: type[FakeProcess]
) -> None:
    with fake_run(tmp_path, batches(30)):
        app = Dashboard(Library(tmp_path), config=CONFIG)
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("e")
            await until(pilot, lambda: "time not measured while training" in screen_text(app))
            assert fake.all == []


async def test_a_real_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[profile_process.ProfileProcess] = []

    class Noted(profile_process.ProfileProcess):
        def __init__(self, config: RunConfig, test: ProfileTest) -> None:
            super().__init__(config, ProfileTest(steps=1))
            started.append(self)

    monkeypatch.setattr(jobs, "ProfileProcess", Noted)
    monkeypatch.setattr(pace, "REST_SECONDS", 0.0)
    app = Dashboard(Library(tmp_path), config=CONFIG.changed({"training.batch_size": 4}))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: "an epoch (measured)" in screen_text(app))
        await pilot.press("q")
    assert [process._process.poll() is not None for process in started] == [True]
