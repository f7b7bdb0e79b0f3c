"""The dashboard and a run: what keys do, and what is shown of what happens."""

from __future__ import annotations

import math
from pathlib import Path
from shutil import rmtree

from dashboards import (
    CONFIG,
    STARTED,
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
from textual.widgets import Button, Input

from nn.runs import messages as m
from nn.runs.folder import Library
from tui.app import LOOK_INTERVAL, PAINT_INTERVAL, READ_INTERVAL, Dashboard
from tui.dialogs import Choose, Help
from tui.keys import KeyLine
from tui.state import Phase


async def test_without_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await see(pilot, "space starts, ctrl+o loads")
        assert "mnist 60,000 + 10,000" in header(app)
        assert "no run yet" in header(app)
        assert "space start" in keys(app)
        assert not app.query_one("#start", Button).disabled
        assert app.query_one("#stop", Button).disabled


async def test_a_living_run_is_shown_with_its_progress(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            line = header(app)
            assert f"run {trainer.run.id}" in line
            assert "mnist 2,000 + 10,000" in line
            assert "epoch 2/" in line
            assert "1,234 img/s" in line
            assert "space pause" in keys(app)


async def test_pausing_shows_at_once_and_the_answer_when_it_comes(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("space")
            assert "pausing…" in header(app)
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            (pause,) = asked
            assert isinstance(pause, m.Pause)
            trainer.write(m.Paused(step=31), m.Acknowledged(command=pause.id, step=31))
            await until(pilot, lambda: "paused" in header(app))
            assert "pausing" not in header(app)
            await until(pilot, lambda: "space go on" in keys(app))
            await pilot.press("space")
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or len(asked) > 1))
            assert isinstance(asked[1], m.Resume)


async def test_news_are_shown_at_once_and_progress_now_and_then(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(40)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "1,234 img/s" in header(app))
            app._draw_interval = math.inf
            trainer.write(batches(50).model_copy(update={"images_per_second": 77.0}))
            await until(pilot, lambda: app.session.run is not None and app.session.run.step == 50)
            app.paint()
            assert "1,234 img/s" in header(app)
            for step in (50, 51):
                trainer.write(m.Paused(step=step))
                await until(pilot, lambda step=step: f"paused at step {step}" in header(app))  # type: ignore[misc]
                trainer.write(batches(51, 1), m.Paused(step=51))


async def test_a_click_on_a_key_is_that_key(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "? help" in keys(app))
        await pilot.click(KeyLine, offset=(keys(app).index("? help") + 3, 0))
        await until(pilot, lambda: isinstance(app.screen, Help))


async def test_a_lost_trainer_is_noticed(tmp_path: Path) -> None:
    events = (batches(30), m.Checkpointed(step=30, elapsed=1.0), batches(40))
    with fake_run(tmp_path, *events) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            trainer.die()
            await until(pilot, lambda: "lost" in header(app))
            await see(pilot, "r resumes it from step 30")
            await until(pilot, lambda: "r resume" in keys(app))


async def test_a_run_whose_folder_is_gone_is_lost_for_good(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30), m.Checkpointed(step=30, elapsed=1.0)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "training" in header(app))
            rmtree(trainer.run.path)
            await see(pilot, "is lost: its folder is gone")
            await until(pilot, lambda: "r resume" not in keys(app))
            await pilot.press("r")
            await see(pilot, "is lost: its folder is gone.")


def test_a_lost_trainer_is_noticed_within_two_seconds() -> None:
    """After one look, reading what it wrote last, and a picture; a part of the time is left."""
    assert LOOK_INTERVAL + READ_INTERVAL + PAINT_INTERVAL < 1.5


async def test_stopping_asks_first(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, Choose))
            assert trainer.commands() == []
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await pilot.press("y")
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            assert isinstance(asked[0], m.Stop)
            assert "stopping…" in header(app)


async def test_a_live_field_is_sent_by_enter_and_others_need_a_new_run(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await type_into(pilot, "training.learning_rate", "0.5")
            assert trainer.commands() == []
            await pilot.press("enter")
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            assert isinstance(asked[0], m.Set)
            assert (asked[0].field, asked[0].value) == ("training.learning_rate", 0.5)
            await type_into(pilot, "training.batch_size", "32")
            await pilot.press("enter")
            await see(pilot, "edited for the next run", "new run")
            assert trainer.commands() == []


async def test_the_design_of_a_run_changes_with_it(tmp_path: Path) -> None:
    """Whoever comes later, or looks on while somebody else changes it, finds it as it is now."""
    before, now = (
        m.Changed(step=step, field="training.learning_rate", value=value)
        for step, value in ((30, 0.25), (60, 0.125))
    )
    with fake_run(tmp_path, batches(30), before, batches(60)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: row(app, "training.learning_rate").text == "0.25")
            assert "enter!" not in screen_text(app)
            await type_into(pilot, "training.epochs", "77")
            trainer.write(now)
            await until(pilot, lambda: row(app, "training.learning_rate").text == "0.125")
            assert row(app, "training.epochs").text == "77"
            changes = {"training.learning_rate": 0.125, "training.epochs": 77}
            assert app.draft.config == CONFIG.changed(changes)


async def test_what_a_trainer_refuses_is_told(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("s")
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            refusal = m.Acknowledged(command=asked[0].id, step=30, error="too late for that")
            trainer.write(refusal)
            await see(pilot, "too late for that")
            await until(pilot, lambda: "stepping" not in header(app))


async def test_a_wrong_field_says_so_and_nothing_starts(tmp_path: Path) -> None:
    library = Library(tmp_path)
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await type_into(pilot, "training.batch_size", "0")
        await until(pilot, lambda: app.query_one("#start", Button).disabled)
        await see(pilot, "0 is too small; give 1 or more")
        await pilot.press("escape", "space")
        await pilot.pause()
        assert library.runs() == []
        await type_into(pilot, "training.batch_size", "64")
        await until(pilot, lambda: not app.query_one("#start", Button).disabled)


async def test_a_run_asks_before_its_model_takes_the_place_of_another(tmp_path: Path) -> None:
    library = Library(tmp_path)
    model = library.model_path("mine")
    model.write_bytes(b"another")
    app = Dashboard(library, config=CONFIG.changed({"save_as": model.name}))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        await see(pilot, "Model mine exists already", "takes its place at the end")
        await pilot.press("n")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
    assert library.runs() == []


async def test_leaving_says_how_to_come_back(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("q")
        assert trainer.run.id in (app.return_value or "")
        assert "cnn-tui attach" in (app.return_value or "")
        assert trainer.commands() == []


async def test_a_run_that_was_stopped_can_go_on_or_start_anew(tmp_path: Path) -> None:
    stopped = (batches(30), m.Checkpointed(step=30, elapsed=1), m.Stopped(step=30, reason="asked"))
    with fake_run(tmp_path, *stopped) as trainer:
        trainer.die()
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "stopped" in header(app))
            await pilot.press("space")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await see(pilot, "resume it from step 30", "start a new run")


async def test_history_is_no_news(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30), m.Paused(step=30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "paused" in header(app))
            assert not app._notifications
            trainer.write(m.Resumed(step=30), m.Stopped(step=30, reason="asked"))
            await see(pilot, "Stopped at step 30")


async def test_help_explains_the_keys_and_the_view(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await see(pilot, "Loss (lower is better)", "take one step")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Help))


async def test_the_palette_offers_every_action_that_means_something(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Pause", "Step", "Stop", "Save", "Load", "Evaluate", "Curves", "Runs"} <= titles
        assert "Start" not in titles


async def test_keys_that_mean_something_elsewhere_are_text_in_a_field(tmp_path: Path) -> None:
    library = Library(tmp_path)
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await type_into(pilot, "save_as", "s x q 1")
        assert row(app, "save_as").query_one(Input).value == "s x q 1"
        assert library.runs() == []


async def test_a_real_run_from_the_first_step_to_its_end(tmp_path: Path) -> None:
    config = CONFIG.changed(
        {"data.limit": 200, "data.validation": 0, "training.epochs": 2, "training.batch_size": 20}
    )
    app = Dashboard(Library(tmp_path), config=config)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("s")
        await until(pilot, lambda: "paused at step " in header(app))
        assert app.session.run is not None
        step = app.session.run.step
        await pilot.press("s")
        await until(pilot, lambda: f"paused at step {step + 1} " in header(app))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("y")
        await until(pilot, lambda: "stopped" in header(app))
        await pilot.press("r")
        await until(pilot, lambda: "finished" in header(app))
        run = app.session.run
        assert run is not None
        assert (run.step, run.epoch, run.phase) == (20, 2, Phase.FINISHED)
        await until(pilot, lambda: app.session.answers is not None)
        assert app.session.answers is not None
        assert len(app.session.answers.labels) == 10_000
        assert not app.check_action("revive", ()), "nothing is left to do"
        await type_into(pilot, "training.epochs", "3")
        await see(pilot, "edited: r goes on with run")
        await pilot.press("escape", "r")
        await until(pilot, lambda: run.epoch == 3 and run.phase is Phase.FINISHED)
        assert run.step == 30
        assert app.session.run is run, "it is the same run"
    assert app.return_value is None


async def test_a_resumed_trainer_of_somebody_else_ends_being_lost(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        trainer.die()
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "lost" in header(app))
            with trainer.run.hold():
                trainer.write(STARTED)
                await until(pilot, lambda: "training" in header(app))
