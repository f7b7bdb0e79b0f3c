"""Runs compared in the dashboard, and what follows from that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from dashboards import CONFIG, FakeTrainer, batches, fake_run, header, keys, screen_text, see, until
from test_comparison import epoch
from textual.pilot import Pilot

from nn.runs import messages as m
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.compare import Compare, CompareTable
from tui.compare_chart import in_legend
from tui.keys import KeyLine
from tui.panels.runs import RunsPanel

STOPPED = m.Stopped(step=30, reason="asked")
SLOWER = m.Changed(step=30, field="training.learning_rate", value=0.25)


@contextmanager
def two_runs(folder: Path) -> Iterator[list[FakeTrainer]]:
    """One that trains, and one that has stopped, at another rate."""
    with ExitStack() as stack:
        one = stack.enter_context(fake_run(folder, batches(30), epoch(1, 0.875)))
        other = stack.enter_context(
            fake_run(folder, batches(30), epoch(1, 0.75), SLOWER, epoch(2, 0.9375), STOPPED)
        )
        other.die()
        yield [one, other]


async def compare(pilot: Pilot[str], trainers: list[FakeTrainer]) -> Compare:
    """Mark both in the list and compare them."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    app.action_turn_to("runs")
    for trainer in trainers:
        await until(pilot, lambda id=trainer.run.id: id in screen_text(app))  # type: ignore[misc]
    await pilot.press("space", "space", "c")
    await until(pilot, lambda: isinstance(app.screen, Compare) and "93.75 %" in screen_text(app))
    assert isinstance(app.screen, Compare)
    return app.screen


def line_of(app: Dashboard, trainer: FakeTrainer) -> str:
    lines = screen_text(app).splitlines()
    return next(line for line in lines[1:] if f" {trainer.run.id} " in line and "%" in line)


async def test_marked_runs_stand_beside_each_other(tmp_path: Path) -> None:
    with two_runs(tmp_path) as (one, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            await compare(pilot, [one, other])
            await see(pilot, "test accuracy over epochs", "learning rate")
            text = screen_text(app)
            assert "0.25" in line_of(app, other)
            assert "87.50 %" in line_of(app, one)
            assert "optimizer" not in text
            axis = next(i for i, line in enumerate(text.splitlines()) if line.strip()[:2] == "└┬")
            assert text.splitlines()[axis + 1].split()[0] == "1.0"
            one.write(batches(60), epoch(2, 0.96875))
            await until(pilot, lambda: "96.88 %" in line_of(app, one))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(app.screen, Compare))


async def test_keys_choose_the_curves(tmp_path: Path) -> None:
    with two_runs(tmp_path) as trainers:
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            screen = await compare(pilot, trainers)
            for key, words in (
                ("c", "test loss over epochs"),
                ("l", "log test loss over epochs"),
                ("t", "log test loss over minutes"),
                ("c", "validation accuracy over minutes"),
                ("c", "log validation loss over minutes"),
                ("c", "train accuracy over minutes"),
                ("c", "log train loss over minutes"),
                ("c", "test accuracy over minutes"),
                ("t", "test accuracy over epochs"),
            ):
                await pilot.press(key)
                await until(pilot, lambda words=words: words in screen_text(app))  # type: ignore[misc]
            await until(pilot, lambda: "t time/epochs" in screen.query_one(KeyLine).render().plain)
            await pilot.press("question_mark")
            await until(pilot, lambda: "curves of the runs that were marked" in screen_text(app))
            await pilot.press("escape")
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: "? help" in screen.query_one(KeyLine).render().plain)


async def test_o_sorts_by_the_column_of_the_cursor(tmp_path: Path) -> None:
    with two_runs(tmp_path) as (one, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            screen = await compare(pilot, [one, other])
            by_score = [one.run.id, other.run.id]

            def order() -> list[str]:
                return sorted(by_score, key=lambda id: screen_text(app).rindex(f" {id} "))

            await pilot.press("right", "right", "o")
            await until(pilot, lambda: "best test▲" in screen_text(app))
            assert order() == by_score
            await pilot.press("o")
            await until(pilot, lambda: "best test▼" in screen_text(app))
            assert order() == by_score[::-1]
            assert screen.query_one(CompareTable).cursor_column == 2


async def test_each_run_keeps_its_name_and_tells_its_fields_on_a_narrow_screen(
    tmp_path: Path,
) -> None:
    """Of the fields that differ no column is in sight; however far it is to one, the name stays."""
    with two_runs(tmp_path) as (one, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(80, 24)) as pilot:
            screen = await compare(pilot, [one, other])
            table = screen.query_one(CompareTable)
            own = [
                f"{trainer.run.id}: learning rate {rate}"
                for trainer, rate in ((one, CONFIG.training.learning_rate), (other, 0.25))
            ]
            table.move_cursor(row=0)
            await until(pilot, lambda: any(words in screen_text(app) for words in own))
            table.move_cursor(row=1)
            first, second = own if own[0] in screen_text(app) else own[::-1]
            await see(pilot, second)
            assert first not in screen_text(app)
            await pilot.press("end")
            await until(pilot, lambda: "best test" not in screen_text(app))
            assert f" {one.run.id} " in screen_text(app)
            assert f" {other.run.id} " in screen_text(app)


async def test_only_losses_have_an_axis_to_choose(tmp_path: Path) -> None:
    with two_runs(tmp_path) as trainers:
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            screen = await compare(pilot, trainers)
            line = screen.query_one(KeyLine)
            await until(pilot, lambda: "c chart" in line.render().plain)
            assert "log y" not in line.render().plain
            await pilot.press("c")
            await until(pilot, lambda: "l log y" in line.render().plain)


def test_long_names_leave_room_for_each_other() -> None:
    names = ["a-name-that-somebody-gave-to-a-run", "another-name-that-somebody-gave", "3f9a1c"]
    for width in (40, 78, 118):
        shown = in_legend(names, width, ascii=False)
        assert sum(len(name) + len("⠤⠒⠤ ") for name in shown) <= max(width, 30)
        assert shown[2] == "3f9a1c"
        assert len({*shown}) == 3
    assert in_legend(["3f9a1c"] * 8, 78, ascii=False) == ["3f9a1c"] * 8


@pytest.mark.parametrize("wanted", ["stopped", "training"])
async def test_enter_opens_the_run_of_the_cursor(tmp_path: Path, wanted: str) -> None:
    with two_runs(tmp_path) as trainers:
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            await compare(pilot, trainers)
            text = screen_text(app)
            words = "training", "stopped"
            comes_first = text.index(wanted) == min(text.index(word) for word in words)
            await pilot.press(*([] if comes_first else ["down"]), "enter")
            await until(pilot, lambda: wanted in header(app))


async def test_a_run_is_opened_as_it_was_changed(tmp_path: Path) -> None:
    """Its form holds what it trained with in the end, and nobody has edited that."""
    with two_runs(tmp_path) as (_, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            app._body.post_message(RunsPanel.RunChosen(other.run.id))
            await until(pilot, lambda: app.draft.texts["training.learning_rate"] == "0.25")
            await until(pilot, lambda: "stopped" in header(app))
            assert app.session.run is not None
            assert app.draft.differing(app.session.run.config) == []


async def test_a_clone_is_a_design_that_starts_a_new_run(tmp_path: Path) -> None:
    with two_runs(tmp_path) as (_, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            app._body.post_message(RunsPanel.CloneAsked(other.run.id))
            await see(pilot, "0.25", f"configuration of run {other.run.id}")
            assert app.draft.config is not None
            assert app.draft.config.training.learning_rate == 0.25
            assert app.session.run is None
            assert "space start" in keys(app)


async def test_a_clone_does_not_take_the_name_of_a_model(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30), STOPPED) as trainer:
        trainer.die()
        named = trainer.run.config().changed({"save_as": "mine"})
        trainer.run.config_file.write_text(named.model_dump_json())
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            app._body.post_message(RunsPanel.CloneAsked(trainer.run.id))
            await until(pilot, lambda: "holds the configuration" in screen_text(app))
            assert app.draft.config is not None
            assert app.draft.config.save_as is None


async def test_what_trains_cannot_be_resumed_and_the_other_can_be_cloned(tmp_path: Path) -> None:
    with two_runs(tmp_path) as (one, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            screen = await compare(pilot, [one, other])
            await pilot.press("o", "home", "right", "o")
            await until(pilot, lambda: "state▲" in screen_text(app))
            table = screen.query_one(CompareTable)
            table.move_cursor(row=1)
            await pilot.press("u")
            await until(pilot, lambda: f"Run {one.run.id} is training" in screen_text(app))
            table.move_cursor(row=0)
            await pilot.press("n")
            await until(pilot, lambda: not isinstance(app.screen, Compare))
            await until(pilot, lambda: app.draft.texts["training.learning_rate"] == "0.25")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (300, 100)])
async def test_every_size_will_do_in_ascii_too(tmp_path: Path, size: tuple[int, int]) -> None:
    with two_runs(tmp_path) as trainers:
        app = Dashboard(Library(tmp_path), ascii=True)
        async with app.run_test(size=(120, 36)) as pilot:
            await compare(pilot, trainers)
            await pilot.resize_terminal(*size)
            await pilot.press(*"ctlo", "right", "down", "o", "c")
            await until(pilot, lambda: "stopped" in screen_text(app))
            assert screen_text(app).isascii()


async def test_a_run_that_was_removed_meanwhile_is_left_out(tmp_path: Path) -> None:
    with two_runs(tmp_path) as (one, other):
        library = Library(tmp_path)
        app = Dashboard(library)
        async with app.run_test(size=(120, 36)) as pilot:
            screen = await compare(pilot, [one, other])
            await pilot.press("o", "down")
            await until(pilot, lambda: screen.query_one(CompareTable).cursor_row == 1)
            library.remove_run(other.run)
            await until(pilot, lambda: other.run.id not in screen_text(app))
            assert one.run.id in screen_text(app)
            one.die()
            library.remove_run(one.run)
            await see(pilot, "these runs were removed")


async def test_without_runs_space_starts_one_in_their_view_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Dashboard] = []

    def note(app: Dashboard) -> None:
        started.append(app)

    monkeypatch.setattr(Dashboard, "action_start", note)
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=(120, 36)) as pilot:
        app.action_turn_to("runs")
        await see(pilot, "press space to start one")
        await until(pilot, lambda: "space start" in keys(app))
        await pilot.press("space")
        await until(pilot, lambda: started == [app])


async def test_the_curves_are_looked_at_closely_with_the_keys_of_the_view(tmp_path: Path) -> None:
    """One run has ended after the first of four epochs; the other one goes on."""
    with two_runs(tmp_path) as (one, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            screen = await compare(pilot, [one, other])
            other.write(epoch(3, 0.953125), epoch(4, 0.96875))
            await see(pilot, "96.88 %")
            line = screen.query_one(KeyLine)
            assert "cursor" not in line.render().plain
            await pilot.press("tab")
            await until(pilot, lambda: "↑↓ zoom" in line.render().plain)
            await pilot.press("up")
            await until(pilot, lambda: screen._chart.window.stretch == (2.5, 4.0))
            assert float(first_label(app)) >= 2.5
            await pilot.press("left", "left")
            await see(pilot, "epoch 3", f"{other.run.id} 95.31 %")
            assert f"{one.run.id} 87.50 %" not in screen_text(app)
            await pilot.press("w")
            await until(pilot, lambda: float(first_label(app)) == 1)
            await pilot.press(*["left"] * 4)
            await see(pilot, "epoch 1", f"{one.run.id} 87.50 %", f"{other.run.id} 75.00 %")
            await pilot.press("h")
            await see(pilot, "test accuracy over log epochs")
            await pilot.press("escape")
            await until(pilot, lambda: "epoch 1 " not in screen_text(app))
            await pilot.press("tab", "escape")
            await until(pilot, lambda: not isinstance(app.screen, Compare))


def first_label(app: Dashboard) -> str:
    """What stands at the left end of the axis of a chart."""
    lines = screen_text(app).splitlines()
    axis = next(i for i, line in enumerate(lines) if "└" in line)
    return lines[axis + 1].split()[0]


async def test_a_curve_that_is_far_off_can_be_hidden(tmp_path: Path) -> None:
    with two_runs(tmp_path) as (one, other):
        app = Dashboard(Library(tmp_path))
        async with app.run_test(size=(120, 36)) as pilot:
            screen = await compare(pilot, [one, other])
            ids = [run.id for run in screen._lines]
            await until(pilot, lambda: all(legend(app, id) for id in ids))
            await pilot.press("space")
            await until(pilot, lambda: f"({ids[0]})" in screen_text(app))
            await pilot.press("down", "space")
            await see(pilot, "all curves are hidden")
            await pilot.press("space")
            await until(pilot, lambda: "all curves are hidden" not in screen_text(app))
            assert f"({ids[1]})" not in screen_text(app)


def legend(app: Dashboard, run_id: str) -> bool:
    return run_id in screen_text(app).splitlines()[0]
