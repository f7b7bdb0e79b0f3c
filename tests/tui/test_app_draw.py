"""Drawing in the dashboard: real networks read what keys and the mouse draw."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from dashboards import CONFIG, PATIENCE, batches, fake_run, keys, screen_text, until
from test_app_library import save
from textual.events import MouseMove
from textual.pilot import Pilot
from textual.widgets import OptionList
from textual.widgets._toast import Toast

from nn.data import load
from nn.runs.folder import Library
from nn.types import Bytes
from tui.app import Dashboard
from tui.body import VIEWS
from tui.commands.evaluate import evaluate
from tui.dialogs import Choose, Help
from tui.drawing_app import class_keys
from tui.insight import Insight
from tui.jobs import Jobs
from tui.panels.draw import Sheet
from tui.recognition import Reader, Recognition
from tui.session import Session
from tui.shipped import SHIPPED

KEY = str(1 + list(VIEWS).index("draw"))
ONE = (*["up"] * 9, "space", *["down"] * 18, "space")


def answer(app: Dashboard) -> str:
    """What the newest drawing was taken for."""
    found = app.session.recognition
    if found is None or found.probabilities is None:
        return ""
    return found.class_names[int(found.probabilities.argmax())]


async def open_draw(pilot: Pilot[str]) -> None:
    assert isinstance(pilot.app, Dashboard)
    app = pilot.app
    await pilot.press(KEY)
    await until(pilot, lambda: app.session.recognition is not None)


@asynccontextmanager
async def drawing(
    folder: Path, size: tuple[int, int] = (120, 36), *, notifications: bool = False
) -> AsyncIterator[tuple[Dashboard, Pilot[str]]]:
    """A dashboard on a library's folder, with the sheet open and a model that reads it."""
    app = Dashboard(Library(folder), config=CONFIG)
    async with app.run_test(size=size, notifications=notifications) as pilot:
        await open_draw(pilot)
        yield app, pilot


async def drag(pilot: Pilot[str], *cells: tuple[int, int]) -> None:
    """Draw with the mouse from cell to cell of the sheet."""
    first, *others = cells
    await pilot.mouse_down(Sheet, offset=first)
    for cell in others:
        await pilot._post_mouse_events([MouseMove], Sheet, cell, button=1)
    await pilot.mouse_up(Sheet, offset=cells[-1])


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (40, 12)])
async def test_a_one_drawn_with_keys_is_a_one(tmp_path: Path, size: tuple[int, int]) -> None:
    async with drawing(tmp_path, size) as (app, pilot):
        await until(pilot, lambda: "model digits" in screen_text(app))
        await until(pilot, lambda: "space pen down" in keys(app))
        await pilot.press(*ONE)
        await until(pilot, lambda: answer(app) == "1")
        await until(pilot, lambda: "1  99." in screen_text(app))
        await pilot.press("u")
        await until(pilot, lambda: answer(app) == "")
        await until(pilot, lambda: "arrows" in screen_text(app))
    assert list(tmp_path.iterdir()) == [], "a run and a model are as little touched as space starts"


async def test_a_seven_drawn_with_the_mouse_is_a_seven(tmp_path: Path) -> None:
    async with drawing(tmp_path) as (app, pilot):
        await drag(pilot, (12, 5), (20, 5), (31, 5), (28, 11), (20, 20))
        await until(pilot, lambda: answer(app) == "7")
        await until(pilot, lambda: "7  9" in screen_text(app))
        assert not app.screen.selections, "the mouse draws there, and selects no text"


async def test_the_probabilities_move_with_every_stroke(tmp_path: Path) -> None:
    async with drawing(tmp_path, (80, 24)) as (app, pilot):
        await drag(pilot, (20, 3), (20, 17))
        await until(pilot, lambda: answer(app) == "1")
        await drag(pilot, (12, 3), (12, 10), (28, 10))
        await until(pilot, lambda: answer(app) == "4")


async def test_a_loaded_model_reads_instead(tmp_path: Path) -> None:
    save(tmp_path / "tiny.safetensors")
    async with drawing(tmp_path) as (app, pilot):
        await pilot.press(*ONE)
        await until(pilot, lambda: "model digits" in screen_text(app))
        await pilot.press("ctrl+o")
        await until(pilot, lambda: "12.50 %" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "model tiny" in screen_text(app).partition("pen up")[2])


async def test_another_network_is_chosen_to_read_and_nothing_else_is_changed(
    tmp_path: Path,
) -> None:
    save(tmp_path / "tiny.safetensors")
    async with drawing(tmp_path, (80, 24)) as (app, pilot):
        await pilot.press(*ONE)
        await until(pilot, lambda: "model digits" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "model tiny" in screen_text(app))
        assert app.session.model is None
        assert app.draft.config == CONFIG
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("u")
        await until(pilot, lambda: "model digits" in screen_text(app))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "model tiny" in screen_text(app))
        with fake_run(tmp_path, batches(30)) as trainer:
            await app.open_run(trainer.run)
            await until(pilot, lambda: "model digits" in screen_text(app))


@pytest.mark.parametrize(
    ("names", "keys_of_them"),
    [
        ("0 1 2 3 4 5 6 7 8 9", "0 1 2 3 4 5 6 7 8 9"),
        ("X Y Z", "x y z"),
        ("1 a B", "1 a b"),
        ("cat dog eel", "0 1 2"),
        ("a A", "0 1"),
        ("é b", "0 1"),
    ],
)
def test_classes_have_their_own_keys_where_they_can(names: str, keys_of_them: str) -> None:
    assert class_keys(names.split()) == keys_of_them.split()


def test_more_classes_than_keys_are_chosen_with_the_arrows() -> None:
    found = class_keys([f"number {i}" for i in range(100)])
    assert found[:11] == list("0123456789a")
    assert found[35:38] == ["z", "", ""]
    assert len(found) == 100


async def test_a_run_reads_as_soon_as_it_has_a_network_and_whenever_it_is_better(
    tmp_path: Path,
) -> None:
    with fake_run(tmp_path, batches(30)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await open_draw(pilot)
            await pilot.press(*ONE)
            await until(pilot, lambda: answer(app) == "1")
            assert app.session.recognition is not None
            assert app.session.recognition.reader == "model digits"
            save(trainer.run.best_file)
            await until(pilot, lambda: f"run {trainer.run.id}, epoch 0" in screen_text(app))
            before = app.session.recognition.probabilities
            shutil.copy(SHIPPED, tmp_path / "better")
            (tmp_path / "better").replace(trainer.run.best_file)
            await until(pilot, lambda: app.session.recognition.probabilities is not before)
            await until(pilot, lambda: answer(app) == "1")
            assert app.session.recognition.reader.startswith(f"run {trainer.run.id}, epoch")
            assert trainer.commands() == [], "space was the pen's"


async def test_a_drawing_is_kept_under_its_true_class_and_can_be_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = tmp_path / "drawings" / "mnist"
    async with drawing(tmp_path, notifications=True) as (app, pilot):
        await pilot.press(*ONE)
        seen = None
        for label, name in (("1", "test/1/1.png"), ("1", "test/1/2.png"), ("7", "test/7/1.png")):
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, Choose))
            await pilot.press(label)
            await until(pilot, lambda: not isinstance(app.screen, Choose))
            await until(pilot, (dataset / name).exists)
            await until(pilot, lambda name=label: f"test/{name}/" in notices(app))  # type: ignore[misc]
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        answer_of_the_network = app.screen.query_one(OptionList).highlighted
        await pilot.press("escape")
        assert answer_of_the_network == 1
        assert app.session.recognition is not None
        seen = app.session.recognition.seen
    found = sorted(str(path.relative_to(dataset)) for path in dataset.rglob("*.png"))
    assert found == ["test/1/1.png", "test/1/2.png", "test/7/1.png"]
    data = load(str(dataset), "test")
    assert seen is not None
    assert all(np.array_equal(image, seen) for image in data.images)
    evaluate(SHIPPED, str(dataset), as_json=True)
    result = json.loads(capsys.readouterr().out)
    assert (result["count"], result["accuracy"]) == (3, 2 / 3)


def notices(app: Dashboard) -> str:
    """What people are told now: on the screen long paths have breaks."""
    return " ".join(toast._notification.message for toast in app.screen.query(Toast))


async def test_an_empty_sheet_cannot_be_kept(tmp_path: Path) -> None:
    async with drawing(tmp_path) as (app, pilot):
        assert "keep" not in keys(app)
        await pilot.press("enter")
        assert not isinstance(app.screen, Choose)


async def test_the_help_explains_the_pens_keys_and_no_others_in_their_place(
    tmp_path: Path,
) -> None:
    async with drawing(tmp_path, (120, 60)) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await until(pilot, lambda: "take back the last stroke" in screen_text(app))
        text = " ".join(screen_text(app).split())
        assert "space set the pen down, to draw; lift it" in text
        assert "take back the last stroke" in text
        assert "start a run; pause it" not in text
        assert "end the run, with a checkpoint" in text


async def test_only_the_newest_of_what_is_drawn_meanwhile_is_read(tmp_path: Path) -> None:
    """Each drawing is all of one level; reading takes until the test lets it go on."""
    read: list[int] = []
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)

    class Slow:
        def read(self, readers: Sequence[Reader], ink: Bytes) -> Recognition:
            read.append(int(ink.max()))
            begun.release()
            assert go_on.acquire(timeout=PATIENCE)
            return Recognition(str(ink.max()))

    session = Session()
    jobs = Jobs(Library(tmp_path), session)
    jobs._recogniser = Slow()  # type: ignore[assignment]

    async def follow() -> None:
        while True:
            await jobs.next_drawing(60)
            await jobs.recognise()

    following = asyncio.create_task(follow())
    try:
        jobs.draw(np.full((4, 4), 1, np.uint8))
        await asyncio.to_thread(begun.acquire, timeout=PATIENCE)
        for level in range(2, 50):
            jobs.draw(np.full((4, 4), level, np.uint8))
            await asyncio.sleep(0)
        go_on.release()
        await asyncio.to_thread(begun.acquire, timeout=PATIENCE)
        assert session.recognition is not None
        assert session.recognition.reader == "1"
        go_on.release()
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while session.recognition.reader != "49":
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.01)
    finally:
        following.cancel()
    assert read == [1, 49]


async def test_the_screen_does_not_wait_for_the_list_of_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed_by: list[threading.Thread] = []

    def models(library: Library) -> list[Path]:
        listed_by.append(threading.current_thread())
        return [library.path / "late.safetensors"]

    monkeypatch.setattr(Library, "models", models)
    async with drawing(tmp_path) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await until(pilot, lambda: "late" in screen_text(app))
    assert threading.main_thread() not in listed_by


async def test_a_drawing_is_followed_inside_with_every_stroke(tmp_path: Path) -> None:
    shutil.copy(SHIPPED, tmp_path)
    async with drawing(tmp_path) as (app, pilot):
        assert "i inside" not in keys(app), "nothing is drawn yet"
        await pilot.press(*ONE, "i")
        await until(pilot, lambda: app._body.active == "inside")
        await until(pilot, lambda: inside(app) is not None)
        first = inside(app)
        assert first is not None
        await until(pilot, lambda: "model digits" in screen_text(app))
        assert first.subject.index is None
        assert first.class_names[first.called] == "1"
        await pilot.press(KEY, *["right"] * 12, "space", *["up"] * 18, "space")
        await until(pilot, lambda: answer(app) not in ("", "1"))
        await pilot.press("8")
        await until(pilot, lambda: inside(app) is not first)
        second = inside(app)
        assert second is not None
        assert second.class_names[second.called] == answer(app)
        await pilot.press("n")
        await until(pilot, lambda: (found := inside(app)) is not None and found.subject.index == 0)


def inside(app: Dashboard) -> Insight | None:
    """What is seen of an image that is wanted."""
    state = app.session.inside
    return state.insight if state.is_met else None
