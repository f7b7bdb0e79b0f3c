"""Every view and some dialogs as pictures, held to those in `__snapshots__`.

python -m pytest tests/tui/test_snapshots.py --snapshot-update       makes them anew

`pictures.py` says what is in the files, and draws them. What a picture shows is made by Textual,
rich and plotext: the versions that the tests are installed with are fixed for that reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from dashboards import screen_text, until
from drawn import DIGITS, draw
from pictures import Picture, picture_of, to_lines, to_text
from rich.segment import Segment
from rich.style import Style
from scene import NOW, STEPS, profile_found, rate_found, scene
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from tui.app import Dashboard
from tui.body import VIEWS
from tui.panels.draw import Sheet
from tui.panels.runs import RunsPanel

SIZES = ((80, 24), (120, 36))
THEMES = {"dark": "textual-dark", "light": "textual-light"}
LONG = 10
"""So many looks in a row in which nothing changes."""


@dataclass(frozen=True)
class Way:
    """From a view to a picture: keys, each with words that stand on the screen after it."""

    view: str
    words: str
    further: tuple[tuple[str, str], ...] = ()


WAYS = {
    "curves": Way("curves", "accuracy over epochs"),
    "updates": Way("curves", "accuracy over epochs", (*[("c", "")] * 3, ("c", "update / weight"))),
    "classes": Way("classes", "precision"),
    "confidence": Way("classes", "precision", (("c", "it is right"),)),
    "confusion": Way("confusion", "true 0, called 0"),
    "mistakes": Way("mistakes", "244 mistakes"),
    "mistake": Way("mistakes", "244 mistakes", (("enter", "1 of 244"),)),
    "runs": Way("runs", "e51d40"),
    "compare": Way(
        "runs", "e51d40", (("space", "*3f9a1c"), ("space", "*b2077e"), ("c", "over epochs"))
    ),
    "rate": Way("rate", "would suit"),
    "profile": Way("profile", "optimizer"),
    "inside": Way("inside", "test image 0", (("right", "[1 conv2d]"),)),
    "draw": Way("draw", "sees 28×28"),
    "network": Way("network", "conv2d 6"),
    "help": Way("curves", "accuracy over epochs", (("question_mark", "next: loss"),)),
}


@pytest.fixture(autouse=True)
def _the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clock, and always the same terminal."""
    assert RunsPanel.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(RunsPanel.__init__.__kwdefaults__, "clock", lambda: NOW)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", WAYS)
async def test_picture(
    name: str, size: tuple[int, int], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    way, expected = WAYS[name], snapshot.use_extension(Picture)
    with scene(tmp_path) as (library, run):
        app = Dashboard(library, run)
        async with app.run_test(size=size) as pilot:
            await fill(pilot)
            app.action_turn_to(way.view)
            await until(pilot, lambda: way.words in screen_text(app))
            for key, words in way.further:
                await pilot.press(key)
                await until(pilot, lambda words=words: is_answered(app, words))  # type: ignore[misc]
            for shade, theme in THEMES.items():
                app.theme = theme
                await pilot.pause()
                file = Picture.get_location(test_location=snapshot.test_location, index=shade)
                assert await settled(pilot, Path(file)) == expected(name=shade)


def is_answered(app: Dashboard, words: str) -> bool:
    """Whether those words are on the screen, and nothing that will be replaced by an answer."""
    text = screen_text(app)
    return words in text and not any(each in text for each in ("asking…", "looking…"))


async def fill(pilot: Pilot[str]) -> None:
    """Wait until all is there that views show, and draw a three."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    session = app.session
    session.rate, session.profile = rate_found(), profile_found()
    await until(pilot, lambda: session.run is not None and session.run.step == STEPS)
    await until(pilot, lambda: session.answers is not None and len(session.runs) == 3)
    await until(pilot, lambda: session.advice is not None and session.remarks == 1)
    await until(pilot, lambda: bool(app.query(Sheet)))
    sheet = app.query_one(Sheet)
    draw(sheet.sketch, DIGITS[3])
    sheet.lift()
    app.jobs.draw(sheet.sketch.ink)


async def settled(pilot: Pilot[str], expected: Path) -> str:
    """The picture, as soon as it is the one that is expected, or one that stays."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    wanted = expected.read_text("utf-8") if expected.exists() else ""
    before, same = "", 0
    while same < LONG:
        app.paint()
        app._body.show(app.session.view)
        await pilot.pause(0.02)
        now = picture_of(app)
        if now == wanted:
            break
        before, same = now, same + 1 if now == before else 0
    return now


def test_every_view_has_a_picture() -> None:
    assert {way.view for way in WAYS.values()} == {*VIEWS, "network"}


def test_a_picture_can_be_drawn_from_its_text() -> None:
    blue, bold = Style.parse("blue on #010203"), Style.parse("bold")
    text = to_text(
        [
            [Segment("two ", blue), Segment("styles", bold), Segment("  ", blue)],
            [Segment("鳥 "), Segment("▀" * 3, blue)],
        ]
    )
    assert text.splitlines() == [
        "two styles",
        "鳥 ▀▀▀",
        "--- styles",
        "0 blue on #010203",
        "1 bold",
        "2 none",
        "--- runs",
        "4x0 6x1 2x0",
        "2x2 3x0",
    ]
    assert to_text(to_lines(text)) == text
