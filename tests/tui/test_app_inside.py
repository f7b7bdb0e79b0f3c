"""The view of a network's inside, on saved models and on a run."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from contrast import contrasts
from dashboards import CONFIG, batches, fake_run, keys, screen_text, until
from rich.color import ColorSystem
from textual.pilot import Pilot

from nn.checkpoint import ModelCard, save_checkpoint, save_model
from nn.config import RunConfig
from nn.data import load
from nn.network import Network
from nn.runs.folder import Library
from nn.training import TrainingState
from tui.app import Dashboard
from tui.insight import Insight
from tui.looking import Looker
from tui.panels.inside import InsidePanel

LAYERS = [
    {"kind": "conv2d", "filters": 5, "kernel_size": 3},
    {"kind": "relu"},
    {"kind": "max_pool2d"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 10},
]
TINY: RunConfig = CONFIG.changed({"network.layers": LAYERS})
TEST = load("mnist", "test", 40)


def network(seed: int = 1) -> Network:
    return Network(TINY.network.layers, (28, 28, 1), 10, np.random.default_rng(seed))


def save(path: Path, seed: int = 1) -> Path:
    card = ModelCard(
        config=TINY,
        input_shape=(28, 28, 1),
        class_names=tuple("0123456789"),
        created="2026-01-01T00:00:00+00:00",
    )
    save_model(path, network(seed).parameters, card)
    return path


def save_state(path: Path, seed: int, step: int) -> None:
    """A checkpoint, as far as a network can be read from it."""
    arrays = {f"parameters.{name}": value for name, value in network(seed).parameters.items()}
    save_checkpoint(path, TrainingState(arrays, {"step": step}), TINY)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """One saved model."""
    save(tmp_path / "tiny.safetensors")
    return Library(tmp_path)


def app_of(pilot: Pilot[str]) -> Dashboard:
    assert isinstance(pilot.app, Dashboard)
    return pilot.app


def seen(pilot: Pilot[str]) -> Insight:
    insight = app_of(pilot).session.inside.insight
    assert insight is not None
    return insight


async def open_view(pilot: Pilot[str]) -> None:
    await pilot.press("8")
    await until(pilot, lambda: "test image" in screen_text(pilot.app))


async def press(pilot: Pilot[str], *pressed: str) -> str:
    """What stands on the screen after some keys."""
    await pilot.press(*pressed)
    await pilot.pause()
    return screen_text(pilot.app)


async def test_without_a_run_it_opens_on_a_saved_model(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        text = screen_text(pilot.app)
        shares = network().predict(TEST.images[:1])[0]
        called = f"called {shares.argmax()}, {100 * shares.max():.1f} %"
        assert f"test image 0 · true 7 · {called} · model tiny" in text
        assert "[image] › 1 conv2d › 2 relu" in text


async def test_the_arrow_keys_walk_through_the_layers(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        text = await press(pilot, "right")
        assert "› [1 conv2d] ›" in text
        assert "conv2d 5 of 3×3, same · 28×28×1 → 28×28×5 · 50 parameters" in text
        assert "y = w ⋆ x + b" in text
        assert "map 1 of 5" in text
        assert "its filter" in text
        text = await press(pilot, "right", "right")
        assert "[3 max_pool2d]" in text
        assert "28×28×5 → 14×14×5" in text
        assert "what it kept" in text
        assert "[2 relu]" in await press(pilot, "left")
        assert "[softmax]" in await press(pilot, "end", "right")
        assert "[image]" in await press(pilot, "home", "left")


async def test_up_and_down_choose_a_map_which_is_followed(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        text = await press(pilot, "right", "down", "down")
        assert "map 3 of 5" in text
        conv = seen(pilot).passages[0].output[:, :, 2]
        assert f"map 3: {conv.min():.3g} to {conv.max():.3g}" in text
        assert "map 3 of 5" in await press(pilot, "right")
        assert "map 2 of 5" in await press(pilot, "up")
        assert "map 1 of 5" in await press(pilot, "pageup", "pageup")
        assert "map 5 of 5" in await press(pilot, "pagedown", "pagedown")


async def test_f_shows_what_made_the_maps(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        assert "f filters" not in keys(app_of(pilot))
        await press(pilot, "right")
        assert "f filters" in keys(app_of(pilot))
        text = await press(pilot, "f", "down")
        assert "filter 2 of 5" in text
        assert "f output" in keys(app_of(pilot))
        await press(pilot, "f", "right")
        assert " f " not in keys(app_of(pilot))
        await press(pilot, "right")
        assert "f what it kept" in keys(app_of(pilot))
        assert "kept 25 %" in await press(pilot, "f")
        await press(pilot, "f", "right", "right")
        assert "f weights" in keys(app_of(pilot))
        assert "all weights:" in await press(pilot, "f")


async def test_weights_that_do_not_fit_are_on_further_pages(library: Library) -> None:
    async with Dashboard(library).run_test(size=(40, 12)) as pilot:
        await open_view(pilot)
        text = await press(pilot, "end", "left", "f")
        assert "1–4 of 5 weights" in text
        assert " 5 of 5 weights" in await press(pilot, "pagedown")
        assert "1–4 of 5 weights" in await press(pilot, "pageup")


async def test_enter_shows_one_map_alone_and_v_gives_each_its_scale(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        await press(pilot, "right")
        panel = app_of(pilot).query_one(InsidePanel)
        text = await press(pilot, "enter")
        assert "map 1 of 5" in text
        assert "its filter" not in text
        assert "its filter" in await press(pilot, "enter")
        before = panel.render()
        assert "all on one scale (v)" in screen_text(pilot.app)
        assert "a scale each (v)" in await press(pilot, "v")
        assert panel.render() != before


async def test_images_are_gone_through_by_keys(library: Library) -> None:
    """The first test digits are 7, 2, 1, 0; the first 2 behind that 1 is number 35."""
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        for pressed, index in (("n", 1), ("nn", 3), ("b", 2), ("t", 35)):
            await pilot.press(*pressed)
            words = f"test image {index} · true {TEST.labels[index]}"
            await until(pilot, lambda words=words: words in screen_text(pilot.app))
        app_of(pilot).session.inside.follow(1)
        await pilot.press("b", "b")
        await until(pilot, lambda: "test image 9,999 " in screen_text(pilot.app))


async def test_g_goes_to_an_image_by_its_number(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        assert "0 to 9,999" in await press(pilot, "g")
        for wrong in ("12345", "x7", ""):
            await pilot.press(*wrong, "enter")
            assert f"{wrong!r} will not do" in screen_text(pilot.app)
            await pilot.press("ctrl+u")
        await pilot.press(*"9,999", "enter")
        await until(pilot, lambda: "test image 9,999 " in screen_text(pilot.app))
        await pilot.press("g", "5", "escape")
        assert app_of(pilot).session.inside.index == 9_999


async def test_w_shows_where_the_network_looks(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        assert "w shows where the network looks" in screen_text(pilot.app)
        await pilot.press("right", "w")
        await until(pilot, lambda: "covering a part costs" in screen_text(pilot.app))
        insight = seen(pilot)
        assert insight.cost is not None
        cost = insight.cost[:, :, insight.called].max()
        assert f"class {insight.called}: covering a part costs up to {100 * cost:.1f} %" in (
            screen_text(pilot.app)
        )
        other = (insight.called + 1) % 10
        assert f"class {other}: covering" in await press(pilot, "down")
        await pilot.press("n")
        await until(pilot, lambda: "test image 1 " in screen_text(pilot.app))
        await until(pilot, lambda: seen(pilot).cost is not None)
        assert "w shows where" in await press(pilot, "w")


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_all_words_stand_out(
    library: Library, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        pilot.app.theme = theme
        await open_view(pilot)
        for key in ("right", "down", "f", "right", "right", "f", "end", "left"):
            await press(pilot, key)
            found = contrasts(pilot.app, ColorSystem.EIGHT_BIT)
            assert len(found) > 20
            assert not [each for each in found if each[0] < 4.5 - 0.01]


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36)])
async def test_every_stop_is_ascii(library: Library, size: tuple[int, int]) -> None:
    async with Dashboard(library, ascii=True).run_test(size=size) as pilot:
        await open_view(pilot)
        for key in ("w", "right", "f", "right", "right", "f", "enter", "end", "left", "f"):
            assert (await press(pilot, key)).isascii()


async def test_a_model_that_is_loaded_comes_first(library: Library) -> None:
    save(library.path / "other.safetensors", seed=2)
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "not tested" in screen_text(pilot.app))
        await pilot.press("enter")
        model = app_of(pilot).session
        await until(pilot, lambda: model.answers is not None)
        assert model.model is not None
        await until(pilot, lambda: f"model {model.model.path.stem}" in screen_text(pilot.app))
        name = model.model.path.stem
        await until(pilot, lambda: seen(pilot).source == f"model {name}")
        expected = network(2 if name == "other" else 1).predict(TEST.images[:1])[0]
        assert np.allclose(seen(pilot).probabilities, expected, atol=1e-6)


async def test_mistakes_hand_their_images_over(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "not tested" in screen_text(pilot.app))
        await pilot.press("enter")
        answers = app_of(pilot).session
        await until(pilot, lambda: answers.answers is not None)
        assert answers.answers is not None
        wrong = answers.answers.mistakes(mixed=True)[1]
        await pilot.press("4", "right", "i")
        await until(pilot, lambda: f"test image {wrong:,} " in screen_text(pilot.app))
        assert "m mistake" in keys(app_of(pilot))
        following = next(each for each in answers.answers.wrong if each > wrong)
        await pilot.press("m")
        await until(pilot, lambda: f"test image {following:,} " in screen_text(pilot.app))


async def test_a_run_is_followed_from_checkpoint_to_checkpoint(library: Library) -> None:
    with fake_run(library.path, batches(10)) as trainer:
        async with Dashboard(library, trainer.run).run_test(size=(120, 36)) as pilot:
            await pilot.press("8")
            words = f"Run {trainer.run.id} has not saved its network yet"
            await until(pilot, lambda: words in screen_text(pilot.app))
            for step in (10, 20):
                save_state(trainer.run.checkpoint_file, seed=step, step=step)
                source = f"run {trainer.run.id}, step {step}"
                await until(pilot, lambda source=source: source in screen_text(pilot.app))
                expected = network(step).predict(TEST.images[:1])[0]
                assert np.allclose(seen(pilot).probabilities, expected, atol=1e-6)
                await pilot.press("right")
            assert "[2 relu]" in screen_text(pilot.app), "the walk goes on with the new network"


async def test_a_drawn_image_takes_the_same_way(library: Library) -> None:
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        app_of(pilot).session.inside.follow_drawn(np.full((28, 28, 1), 9, np.uint8))
        await pilot.press("8")
        await until(pilot, lambda: "a drawing · called" in screen_text(pilot.app))
        await pilot.press("n")
        await until(pilot, lambda: "test image 0 " in screen_text(pilot.app))
        app_of(pilot).session.inside.follow_drawn(np.zeros((8, 8, 1), np.uint8))
        await until(pilot, lambda: "the network wants 28×28×1" in screen_text(pilot.app))


async def test_with_nothing_at_all_it_opens_on_the_model_that_comes_along(tmp_path: Path) -> None:
    async with Dashboard(Library(tmp_path)).run_test(size=(120, 36)) as pilot:
        await pilot.press("8")
        await until(pilot, lambda: "model digits" in screen_text(pilot.app))
        assert "test image 0 · true 7 · called 7" in screen_text(pilot.app)


async def test_while_the_network_is_read_keys_do_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()
    look = Looker.look

    def slow(*arguments: Any) -> Insight:
        assert go_on.wait(20)
        return look(*arguments)

    monkeypatch.setattr(Looker, "look", slow)
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        text = await press(pilot, "8", "right", "down", "n", "w", "f", "enter", "m", "t")
        assert "One moment" in text
        assert "next layer" not in keys(app_of(pilot))
        go_on.set()
        await until(pilot, lambda: "model tiny" in screen_text(pilot.app))


async def test_a_model_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    async with Dashboard(Library(tmp_path)).run_test(size=(120, 36)) as pilot:
        await pilot.press("8")
        await until(pilot, lambda: "is no model" in screen_text(pilot.app))


async def test_the_screen_does_not_wait_for_a_look(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever walks on while something is computed is answered at once."""
    release = []

    def attend(*_: object) -> np.ndarray:
        while not release:
            time.sleep(0.01)
        return np.zeros((28, 28, 10))

    monkeypatch.setattr("tui.looking.occlusion", attend)
    async with Dashboard(library).run_test(size=(120, 36)) as pilot:
        await open_view(pilot)
        try:
            assert "finding out what covering" in await press(pilot, "w")
            assert "[1 conv2d]" in await press(pilot, "right")
            assert seen(pilot).cost is None
        finally:
            release.append(True)
        await until(pilot, lambda: seen(pilot).cost is not None)
