"""With `ascii` there is nothing else on any screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from dashboards import CONFIG, batches, fake_run, screen_text, see, until
from textual.pilot import Pilot

import nn
import tui
from nn import presets
from nn.runs import messages as m
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.body import VIEWS
from tui.state import Answers
from tui.terminal.ascii import spelled, to_ascii

NAMES = ("été", "鳥", "naïve…", "Σ", *"456789")
SIZES = [(40, 12), (80, 24), (120, 36), (200, 60)]


def some_answers() -> Answers:
    rng = np.random.default_rng(0)
    probabilities = rng.random((200, 10)).astype(np.float32)
    return Answers(
        source="run été",
        images=rng.integers(0, 256, (200, 28, 28, 1), np.uint8),
        labels=rng.integers(0, 10, 200),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        class_names=NAMES,
    )


async def assert_ascii(pilot: Pilot[str], *keys: str) -> None:
    """Press keys; after each of them all is ASCII."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
        text = screen_text(pilot.app)
        others = sorted({each for each in text if not each.isascii()})
        assert not others, f"{others} after {key}:\n{text}"


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_is_ascii(tmp_path: Path, size: tuple[int, int]) -> None:
    changed = m.Changed(field="training.learning_rate", value=0.01, step=20)
    with fake_run(tmp_path, batches(10), batches(20), changed, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run, ascii=True)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.session.run is not None and app.session.run.step == 30)
            app.session.answers = some_answers()
            app.notify("été …")
            app.paint()
            views = [str(key) for key in range(1, len(VIEWS) + 1)]
            await assert_ascii(pilot, *views, "2", "c", "c", "3", "4", "d", "enter", "escape")
            await assert_ascii(pilot, "0", "down", "a", "escape", "enter", "down", "escape")
            await assert_ascii(pilot, "question_mark", "escape", "ctrl+p", "s", "down", "escape")
            await assert_ascii(pilot, "x", "escape", "ctrl+s", "escape", "ctrl+o", "escape")
            await assert_ascii(pilot, "space", "s", "5", "enter")


async def test_the_screen_before_the_first_run_is_ascii(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG, ascii=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await assert_ascii(pilot, *"1234560", "tab", "tab", "enter")


async def test_otherwise_it_is_not(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "╭" in screen_text(app))


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        ("plain ~", "plain ~"),
        ("conv 32·64 …", "conv 32-64 ~"),
        ("é Å ﬁ Ψ", "e A f ?"),
        ("鳥", "??"),
        ("━┃█▌", "-|#|"),
        ("e\u0301", "e"),
    ],
)
def test_a_text_keeps_its_width(text: str, ascii: str) -> None:
    assert to_ascii(text) == ascii


def texts_of_sources() -> Iterator[str]:
    """Every text in the code, of which some are shown: names, sentences, signs, formulas."""
    for package in (nn, tui):
        for file in Path(package.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    for name in presets.names():
        yield presets.read(name)["description"]


def test_every_sign_in_the_code_has_its_likeness() -> None:
    signs = {sign for text in texts_of_sources() for sign in text if not sign.isascii()}
    assert {"⋆", "ε", "√", "✓", "‖", "×"} <= signs
    assert [sign for sign in sorted(signs) if "?" in to_ascii(sign)] == []


def test_a_formula_is_spelled_in_words() -> None:
    assert spelled("y = γ·x̂ + β, √(ε + σ²) …") == "y = gamma*x + beta, sqrt(epsilon + sigma^2) ~"


async def test_the_list_of_layers_spells_its_formulas(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG, ascii=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("0", "a")
        await see(pilot, "y = w * x + b")
