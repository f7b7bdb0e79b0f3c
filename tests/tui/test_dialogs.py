"""Questions have room on every screen, or scroll."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, screen_text, until
from textual.pilot import Pilot

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.dialogs import LONGEST_LIST, Choice, Choose

QUESTION = "A question that is so long that it needs two lines, or three, where there is no room."


def choices(count: int) -> list[Choice]:
    return [Choice(f"id-{n}", f"answer {n}") for n in range(count)]


def shown(pilot: Pilot[str]) -> list[str]:
    """The answers that stand on the screen."""
    lines = screen_text(pilot.app).splitlines()
    return [line.strip("│| ▁▂▃▄▅▆▇█▔").strip() for line in lines if "answer" in line]


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
@pytest.mark.parametrize("question", ["", QUESTION])
async def test_the_chosen_answer_is_always_in_sight(
    tmp_path: Path, size: tuple[int, int], question: str
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=size) as pilot:
        app.push_screen(Choose("Choose", question, choices(30), proposed=27))
        await until(pilot, lambda: "answer 27" in shown(pilot))
        for key, answer in (("end", 29), ("home", 0), ("up", 29), ("down", 0), ("down", 1)):
            await pilot.press(key)
            await until(pilot, lambda answer=answer: f"answer {answer}" in shown(pilot))
            assert "esc: back" in screen_text(app)
            assert 3 <= len(shown(pilot)) <= LONGEST_LIST


async def test_it_fits_again_when_the_terminal_has_another_size(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Choose("Choose", QUESTION, choices(14)))
        await until(pilot, lambda: len(shown(pilot)) == 14)
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: 3 <= len(shown(pilot)) <= 8)
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: len(shown(pilot)) == 14)


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_long_answers_can_be_read_whole_beside_their_names(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    words = [f"word{n:02}" for n in range(20)]
    long = Choice("long", " ".join(words), name="a name")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=size) as pilot:
        app.push_screen(Choose("Choose", "", [Choice("short", "brief", name="b"), long]))
        await until(pilot, lambda: "brief" in screen_text(app))
        await pilot.press("end")
        await until(pilot, lambda: all(word in screen_text(app) for word in words))
        lines = [line for line in screen_text(app).splitlines() if "word" in line]
        assert "a name" in lines[0]
        assert len({line.index("word") for line in lines}) == 1
