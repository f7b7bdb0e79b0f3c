"""The dashboard and the folder of models and runs: save, load, open, steer other runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dashboards import CONFIG, STARTED, batches, fake_run, header, keys, screen_text, see, until
from textual.pilot import Pilot
from textual.widgets import Input

from nn.checkpoint import ModelCard, read_card, save_model
from nn.config import RunConfig, preset
from nn.network import Network
from nn.runs import messages as m
from nn.runs.folder import Library
from tui.answers import Answers
from tui.app import Dashboard
from tui.dialogs import Choose, LoadModel, SaveAs
from tui.panels.confusion import ConfusionPanel
from tui.panels.runs import RunsPanel
from tui.state import Phase

TINY: RunConfig = CONFIG.changed(
    {"network.layers": [{"kind": "flatten"}, {"kind": "dense", "units": 10}]}
)


def save(path: Path, config: RunConfig = TINY) -> None:
    """A model of that configuration with random weights."""
    network = Network(config.network.layers, (28, 28, 1), 10, np.random.default_rng(1))
    card = ModelCard(
        config=config,
        input_shape=(28, 28, 1),
        class_names=tuple("0123456789"),
        created="2026-01-01T00:00:00+00:00",
        test_accuracy=0.125,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(path, network.parameters, card)


async def test_a_living_run_is_asked_to_save(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "training" in header(app))
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, SaveAs))
            app.screen.query_one(Input).value = "mine"
            await pilot.press("enter")
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            assert isinstance(asked[0], m.Save)
            assert asked[0].name == "mine"
            await until(pilot, lambda: "saving mine…" in header(app))


async def test_the_best_model_of_an_ended_run_is_copied(tmp_path: Path) -> None:
    with fake_run(tmp_path, m.Stopped(step=30, reason="asked")) as trainer:
        trainer.die()
        save(trainer.run.best_file)
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "stopped" in header(app))
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, SaveAs))
            app.screen.query_one(Input).value = "../mine"
            await pilot.press("enter")
            await until(pilot, lambda: "will not do" in screen_text(app))
            app.screen.query_one(Input).value = "mine"
            await pilot.press("enter")
            saved = tmp_path / "mine.safetensors"
            await until(pilot, saved.exists)
            assert read_card(saved).config == TINY


async def test_a_model_is_replaced_only_by_a_second_enter(tmp_path: Path) -> None:
    with fake_run(tmp_path, m.Stopped(step=30, reason="asked")) as trainer:
        trainer.die()
        save(trainer.run.best_file)
        there = tmp_path / "mine.safetensors"
        there.write_bytes(b"something else")
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "stopped" in header(app))
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, SaveAs))
            app.screen.query_one(Input).value = "mine"
            await pilot.press("enter")
            await until(pilot, lambda: "enter again replaces it" in screen_text(app))
            assert there.read_bytes() == b"something else"
            await pilot.press("enter")
            await until(pilot, lambda: there.read_bytes() == trainer.run.best_file.read_bytes())


async def test_without_anything_to_save_it_says_so(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "Nothing to save yet" in screen_text(app))


async def test_a_loaded_model_brings_its_network_and_its_answers(tmp_path: Path) -> None:
    save(tmp_path / "tiny.safetensors")
    app = Dashboard(Library(tmp_path), config=preset("lenet"))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "12.50 %" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.session.answers is not None)
        await see(pilot, "on the test set. 4 shows")
        assert app.session.answers is not None
        assert app.session.answers.source == "model tiny"
        assert app.session.answers.probabilities.shape == (10_000, 10)
        assert app.draft.config is not None
        assert app.draft.config.network == TINY.network
        await until(pilot, lambda: "model tiny" in header(app))
        await pilot.press("2")
        nulls_in_the_test_set = "980"
        await until(pilot, lambda: nulls_in_the_test_set in screen_text(app))


async def test_a_broken_model_says_so_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no model")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        before = app.draft.config
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "broken" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "or only a part of one" in screen_text(app))
        assert isinstance(app.screen, LoadModel)
        await pilot.press("escape")
        await pilot.pause()
        assert app.draft.config == before
        assert app.session.model is None


async def test_a_chosen_run_is_opened_with_its_history(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30), m.Stopped(step=30, reason="asked")) as trainer:
        trainer.die()
        app = Dashboard(Library(tmp_path), config=preset("lenet"))
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("5")
            await until(pilot, lambda: trainer.run.id in screen_text(app))
            await pilot.press("enter")
            await until(pilot, lambda: f"run {trainer.run.id}" in header(app))
            await until(pilot, lambda: "stopped" in header(app))
            assert app.session.run is not None
            assert app.session.run.step == 30
            assert app.draft.config == CONFIG


async def test_another_run_can_be_stopped_from_the_list(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), config=CONFIG)
        async with app.run_test(size=(120, 36)) as pilot:
            app._body.post_message(RunsPanel.StopAsked(trainer.run.id))
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await pilot.press("y")
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            assert isinstance(asked[0], m.Stop)
            assert app.session.run is None


async def test_a_run_is_removed_from_the_list_after_a_question(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30), m.Stopped(step=30, reason="asked")) as trainer:
        trainer.die()
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: "stopped" in header(app))
            for key in ("n", "y"):
                assert trainer.run.config_file.exists()
                app._body.post_message(RunsPanel.RemoveAsked(trainer.run.id))
                await until(pilot, lambda: isinstance(app.screen, Choose))
                await pilot.press(key)
                await until(pilot, lambda: not isinstance(app.screen, Choose))
            await until(pilot, lambda: not trainer.run.path.exists())
            await until(pilot, lambda: "no run yet" in header(app))
            await until(pilot, lambda: app.session.runs == ())


async def test_a_living_run_is_pointed_out(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), config=CONFIG)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: f"Run {trainer.run.id} is training" in screen_text(app))


async def load_tiny(pilot: Pilot[str]) -> Answers:
    """Load the only saved model; its answers."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await pilot.press("ctrl+o")
    await until(pilot, lambda: "12.50 %" in screen_text(app))
    await pilot.press("enter")
    await until(pilot, lambda: app.session.answers is not None)
    assert app.session.answers is not None
    return app.session.answers


async def test_a_cell_of_the_confusion_matrix_opens_its_mistakes(tmp_path: Path) -> None:
    save(tmp_path / "tiny.safetensors")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        confusion = (await load_tiny(pilot)).confusion.copy()
        np.fill_diagonal(confusion, 0)
        true, predicted = np.unravel_index(confusion.argmax(), confusion.shape)
        app._body.post_message(ConfusionPanel.CellChosen(int(true), int(predicted)))
        await until(pilot, lambda: app._body.active == "mistakes")
        words = f"{confusion.max():,} mistakes · true {true} → predicted {predicted} "
        await until(pilot, lambda: words in screen_text(app))


async def test_a_run_whose_answers_cannot_be_read_says_so(tmp_path: Path) -> None:
    evaluated = m.Evaluated(step=30, test_loss=1.0, test_accuracy=0.5)
    with fake_run(tmp_path, batches(30), evaluated) as trainer:
        trainer.run.evaluation_file.write_bytes(b"nothing of the kind")
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await see(pilot, "replaces it")
            await until(pilot, lambda: "training" in header(app))


async def test_a_run_with_a_broken_configuration_says_so(tmp_path: Path) -> None:
    with fake_run(tmp_path, STARTED) as trainer:
        trainer.run.config_file.write_text("{")
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "cannot be read" in screen_text(app))
            assert "no run yet" in header(app)


async def test_the_list_of_runs_opens_with_what_is_true(tmp_path: Path) -> None:
    """Also where it was made before a run was over, and nobody has looked since."""
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)

        def phases() -> list[Phase]:
            return [row.phase for row in app.session.runs]

        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: phases() == [Phase.TRAINING])
            trainer.write(m.Stopped(step=30, reason="asked"))
            trainer.die()
            await until(pilot, lambda: phases() == [Phase.STOPPED])


async def test_a_class_opens_its_mistakes(tmp_path: Path) -> None:
    save(tmp_path / "tiny.safetensors")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await load_tiny(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "its mistakes" in keys(app))
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: " · 2 → any · " in screen_text(app))
