"""The dashboard on colour pictures of a hundred classes whose names are long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dashboards import CONFIG, screen_text, until
from textual.pilot import Pilot

from nn.checkpoint import ModelCard, save_model
from nn.network import Network
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.panels.mistakes import MistakesPanel

NAMES = tuple(f"pickup_truck {i:03}" for i in range(100))
SIZES = [(80, 24), (120, 36)]
COUNT = 400


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """One model with random weights, and the noise that it is tested with."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (COUNT, 32, 32, 3), np.uint8)
    labels = np.arange(COUNT) % 100
    data = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    np.savez(tmp_path / "noise.npz", class_names=np.array(NAMES), **data)
    layers = [{"kind": "flatten"}, {"kind": "dense", "units": 100}]
    dataset = str(tmp_path / "noise.npz")
    config = CONFIG.changed({"data.dataset": dataset, "network.layers": layers})
    network = Network(config.network.layers, (32, 32, 3), 100, rng)
    card = ModelCard(
        config=config, input_shape=(32, 32, 3), class_names=NAMES, created="2026-01-01"
    )
    save_model(tmp_path / "noise.safetensors", network.parameters, card)
    return Library(tmp_path)


async def open_view(pilot: Pilot[str], key: str, words: str) -> list[str]:
    """The screen's lines once the model's answers stand in that view."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await pilot.press("ctrl+o")
    await until(pilot, lambda: "not tested" in screen_text(app))
    await pilot.press("enter")
    await until(pilot, lambda: app.session.answers is not None)
    await pilot.press(key)
    await until(pilot, lambda: words in screen_text(app))
    return screen_text(app).splitlines()


def line_with(lines: list[str], words: str) -> str:
    return next(line for line in lines if words in line)


@pytest.mark.parametrize("size", SIZES)
async def test_the_lines_below_the_classes_are_whole(
    size: tuple[int, int], library: Library
) -> None:
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=size) as pilot:
        lines = await open_view(pilot, "2", "macro mean")
        assert app.session.answers is not None
        result = app.session.answers.evaluation
        mean = result.macro_average
        shares = [f"{100 * share:.2f}" for share in (mean.recall, mean.precision, mean.f1)]
        totals = line_with(lines, "macro mean").partition("macro mean")[2]
        assert totals.split()[:4] == [*shares, str(COUNT)]
        header = line_with(lines, "precision")
        for title, number in (("precision", shares[1]), ("images", str(COUNT))):
            end = header.index(title) + len(title)
            assert line_with(lines, "macro mean")[:end].endswith(number), "below its column"
        for words in (
            f"loss {result.loss:.4f} · calibration error {100 * result.calibration.error:.2f} %",
            "of the time",
            "model noise",
        ):
            assert "…" not in line_with(lines, words)
        assert sum("pickup_truck" in line for line in lines) >= 10


@pytest.mark.parametrize("size", SIZES)
async def test_confidence_takes_the_place_of_the_classes(
    size: tuple[int, int], library: Library
) -> None:
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=size) as pilot:
        await open_view(pilot, "2", "macro mean")
        await until(pilot, lambda: "o sort by" in screen_text(app).splitlines()[-1])
        await pilot.press("c")
        await until(pilot, lambda: "it says" in screen_text(app))
        lines = screen_text(app).splitlines()
        assert app.session.answers is not None
        for each in app.session.answers.evaluation.calibration.bins:
            if each.count:
                row = line_with(lines, f"{100 * each.confidence:.1f} % ").split()
                assert f"{each.count:,}" in row
        assert "too sure, one beyond it too unsure" in line_with(lines, "a bar that ends")
        assert "model noise" in line_with(lines, "c shows the classes again")
        await until(pilot, lambda: "o sort by" not in screen_text(app).splitlines()[-1])
        await pilot.press("c")
        await until(pilot, lambda: "macro mean" in screen_text(app))


async def test_the_confusion_matrix_has_room_for_names(library: Library) -> None:
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        lines = await open_view(pilot, "3", "pickup_truck …")
        assert "true pickup_truck 000, called pickup_truck 000" in "\n".join(lines)
        await pilot.press("end")
        await until(pilot, lambda: "sum" in screen_text(app))


async def test_the_words_above_mistakes_are_whole(library: Library) -> None:
    app = Dashboard(library, config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_view(pilot, "4", "most confident first")
        await pilot.press("t", "p")
        answers = app.session.answers
        assert answers is not None
        panel = app.query_one(MistakesPanel)
        assert panel.true is not None
        assert panel.predicted is not None
        arrow = f"· {NAMES[panel.true]} → {NAMES[panel.predicted]} · most confident first"
        await until(pilot, lambda: arrow in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: " called" in screen_text(app) and " % true" in screen_text(app))
