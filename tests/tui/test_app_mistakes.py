"""The view of mistakes in the dashboard."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from dashboards import CONFIG, batches, fake_run, keys, screen_text, until
from rich.text import Text
from test_app_ascii import some_answers
from textual.pilot import Pilot

from nn.checkpoint import ModelCard, load_model, save_model
from nn.network import Network
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.panels.classes import ClassesPanel
from tui.panels.confusion import ConfusionPanel
from tui.panels.mistakes import LargePicture, MistakesPanel
from tui.render.images import image_text


async def open_view(pilot: Pilot[str]) -> MistakesPanel:
    """The view of mistakes with 200 answers at random."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    app.session.answers = some_answers()
    await pilot.press("4")
    await until(pilot, lambda: "most confident first" in screen_text(app))
    return app.query_one(MistakesPanel)


async def test_views_of_answers_are_filled_before_anybody_turns_to_them(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        app.session.answers = answers = some_answers()
        await until(pilot, lambda: len(app.query(MistakesPanel)) == 1)
        panel = app.query_one(MistakesPanel)
        await until(pilot, lambda: len(panel.grid.indices) > 0)
        assert panel.grid.indices.tolist() == panel.selection.of(answers).tolist()
        tables = app.query_one(ClassesPanel), app.query_one(ConfusionPanel)
        classes = len(answers.class_names)
        await until(pilot, lambda: all(each.table.row_count >= classes for each in tables))
        assert not panel.display


async def test_thumbnails_in_sight_are_drawn_before_anybody_turns_to_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []

    def draw(image: object, **how: object) -> Text:
        drawn.append(image)
        return image_text(image, **how)  # type: ignore[arg-type]

    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        app.session.answers = some_answers()
        await until(pilot, lambda: len(app.query(MistakesPanel)) == 1)
        panel = app.query_one(MistakesPanel)
        await until(pilot, lambda: len(panel.grid.indices) > 0)
        monkeypatch.setattr("tui.panels.mistakes.grid.image_text", draw)
        panel.grid.next_look()
        for _ in panel.ahead():
            pass
        ahead = len(drawn)
        await pilot.press("4")
        await until(pilot, lambda: "most confident first" in screen_text(app))
        assert 0 < len(drawn) == ahead


async def test_w_writes_what_is_shown_and_says_where(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await open_view(pilot)
        await pilot.press("t", "w")
        table = tmp_path / "mistakes" / "run-été-true-été-by-confidence.csv"
        await until(pilot, lambda: table.with_suffix(".png").exists())
        rows = list(csv.reader(io.StringIO(table.read_text("utf-8"))))[1:]
        assert [int(row[0]) for row in rows] == panel.grid.indices.tolist()
        said = f"{len(rows)} images written to {tmp_path / 'mistakes'}: "
        await until(pilot, lambda: said in "".join(n.message for n in app._notifications))


async def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "mistakes").write_text("a file")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        await pilot.press("w")
        said = "mistakes cannot be written (File exists); it has to be a folder where you may write"
        await until(pilot, lambda: said in "".join(n.message for n in app._notifications))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
async def test_a_notice_stands_whole_on_every_screen(tmp_path: Path, width: int) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(width, 24), notifications=True) as pilot:
        await open_view(pilot)
        app.tell(" ".join(f"word{number}" for number in range(24)))
        await until(pilot, lambda: all(f"word{n}" in screen_text(app) for n in range(24)))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36)])
async def test_its_keys_at_every_size_while_a_run_trains(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    with fake_run(tmp_path, batches(10)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.session.run is not None and app.session.run.step == 10)
            panel = await open_view(pilot)
            shown = len(panel.grid.indices)
            assert "a all" not in keys(app)
            for key in ("d", "d", "d", "o", "m", "t", "p", "escape", "f", "down", "enter"):
                await pilot.press(key)
                await pilot.pause()
                assert len(screen_text(app).splitlines()) == size[1]
            assert 0 < len(panel.grid.indices) < shown
            await pilot.press("escape")
            assert len(panel.grid.indices) == shown


LAYERS = [{"kind": "flatten"}, {"kind": "dense", "units": 3}]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two models, a broken one and one of other images; their data are noise of three classes."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 8, 8, 1), np.uint8), np.arange(40) % 3
    data = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    np.savez(tmp_path / "noise.npz", **data)
    config = CONFIG.changed({"data.dataset": str(tmp_path / "noise.npz"), "network.layers": LAYERS})
    for name, side in (("first", 8), ("second", 8), ("third", 9)):
        network = Network(config.network.layers, (side, side, 1), 3, rng)
        card = ModelCard(
            config=config, input_shape=(side, side, 1), class_names=("0", "1", "2"), created="2026"
        )
        save_model(tmp_path / f"{name}.safetensors", network.parameters, card)
    (tmp_path / "torn.safetensors").write_bytes(b"no model")
    return Library(tmp_path)


async def enlarge(pilot: Pilot[str]) -> Dashboard:
    """The first mistake of the first model, large."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await pilot.press("ctrl+o")
    await until(pilot, lambda: "not tested" in screen_text(app))
    await pilot.press("enter")
    await until(pilot, lambda: app.session.answers is not None)
    await pilot.press("4")
    await until(pilot, lambda: "most confident first" in screen_text(app))
    await pilot.press("enter")
    return app


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_enter_shows_what_others_say_and_the_nearest_images(
    library: Library, size: tuple[int, int]
) -> None:
    """The training images are the test images: the nearest one is the image itself."""
    async with Dashboard(library).run_test(size=size) as pilot:
        app = await enlarge(pilot)
        await until(pilot, lambda: " 0.0" in screen_text(app))
        text = screen_text(app)
        screen = app.screen
        assert isinstance(screen, LargePicture)
        index = int(screen.indices[0])
        answers = screen.answers
        model = load_model(library.model_path("second"))
        shares = model.network.predict(answers.images[[index]])[0]
        (line,) = (line for line in text.splitlines() if " second " in line)
        assert f" {shares.argmax()} {100 * shares.max():.1f} %" in line
        assert "is no model" in next(line for line in text.splitlines() if " torn " in line)
        assert "third" not in text
        assert " first " not in text
        assert f"{answers.labels[index]} 0.0" in text
        await pilot.press("right")
        await until(pilot, lambda: "2 of " in screen_text(app))
        assert " 0.0" in screen_text(app), "it was found with the first"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LargePicture))
        panel = app.query_one(MistakesPanel)
        assert panel.grid.cursor == 1


async def test_on_a_small_screen_all_of_it_can_be_scrolled_to(library: Library) -> None:
    async with Dashboard(library, ascii=True).run_test(size=(40, 12)) as pilot:
        app = await enlarge(pilot)
        await until(pilot, lambda: app.session.second.news >= 3)
        await pilot.press(*["down"] * 30)
        await until(pilot, lambda: " 0.0" in screen_text(app))
        assert screen_text(app).isascii()


async def test_images_that_are_gone_are_a_sentence(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        app = pilot.app
        assert isinstance(app, Dashboard)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "not tested" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.session.answers is not None)
        (library.path / "noise.npz").unlink()
        await pilot.press("4")
        await until(pilot, lambda: "most confident first" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "noise.npz" in screen_text(app))
