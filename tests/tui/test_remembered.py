"""What is set in the dashboard is there again the next time, and nothing ever hinders it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
from dashboards import screen_text, until
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.panels.curves import CurvesPanel
from tui.remembered import VERSION, Memory, Settings, choose, chosen, settings_file
from tui.tour import STAGES, Tour


@dataclass(frozen=True)
class Options:
    chart: str = "loss"


@dataclass
class Panel:
    choices: ClassVar = {"options.chart": ("loss", "accuracy"), "log": (True, False), "n": (0, 1)}

    options: Options = field(default_factory=Options)
    log: bool = False
    n: int = 0


def test_what_is_set_is_set_again() -> None:
    panel, other = Panel(Options("accuracy"), True, 1), Panel()
    choose(other, json.loads(json.dumps(chosen(panel))))
    assert other == panel


@pytest.mark.parametrize(
    "values",
    [{"options.chart": "gradient"}, {"log": 1}, {"log": None}, {"n": True}, {"n": [0]}, {"x": 3}],
)
def test_what_there_is_no_more_is_left_out(values: dict[str, object]) -> None:
    panel = Panel()
    choose(panel, values)  # type: ignore[arg-type]
    assert panel == Panel()


def test_a_file_that_is_kept_is_read(tmp_path: Path) -> None:
    file = tmp_path / "far" / "settings.json"
    memory = Memory(file)
    assert (memory.is_first, memory.problem) == (True, "")
    settings = Settings(theme="nord", view="runs", is_wide=True, panels={"runs": {"a": 1}})
    memory.keep(settings)
    again = Memory(file)
    assert (again.is_first, again.problem) == (False, "")
    assert again.settings == settings


def test_the_first_use_is_remembered_even_if_nothing_was_set(tmp_path: Path) -> None:
    Memory(tmp_path / "s.json").keep(Settings())
    assert not Memory(tmp_path / "s.json").is_first


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"3", b'{"theme": 3}', b'{"panels": []}', b"[" * 100_000],
)
def test_a_broken_file_is_told_and_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "s.json"
    file.write_bytes(content)
    memory = Memory(file)
    assert memory.settings == Settings()
    assert "broken" in memory.problem
    assert not memory.is_first
    memory.keep(Settings(view="runs"))
    assert Memory(file).settings.view == "runs"


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    content = json.dumps({"version": VERSION + 1, "theme": {"dark": True}})
    file.write_text(content)
    memory = Memory(file)
    assert "newer" in memory.problem
    memory.keep(Settings(view="runs"))
    assert file.read_text() == content


def test_fields_of_another_version_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text('{"version": 1, "view": "runs", "sound": "on"}')
    assert Memory(file).settings == Settings(view="runs")


def test_a_folder_in_which_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "no").write_text("a file")
    memory = Memory(tmp_path / "no" / "s.json")
    memory.keep(Settings(view="runs"))
    assert "cannot be" in memory.problem


def test_where_the_file_is(tmp_path: Path) -> None:
    assert settings_file({"CNN_TUI_SETTINGS": ""}) is None
    assert settings_file({"CNN_TUI_SETTINGS": "/a/b.json"}) == Path("/a/b.json")
    usual = tmp_path / "cnn-tui" / "settings.json"
    assert settings_file({"XDG_CONFIG_HOME": str(tmp_path)}) == usual
    relative = settings_file({"XDG_CONFIG_HOME": "not/absolute"})
    assert relative is not None
    assert relative.is_absolute()


@contextmanager
def dashboard(tmp_path: Path) -> Iterator[tuple[Dashboard, Memory]]:
    """The dashboard with what was remembered; what is set in it is remembered at the end."""
    memory = Memory(tmp_path / "settings.json")
    app = Dashboard(Library(tmp_path / "models"), memory=memory)
    yield app, memory
    memory.keep(app.settings)


async def test_the_dashboard_opens_as_it_was_left(tmp_path: Path) -> None:
    Memory(tmp_path / "settings.json").keep(Settings())
    with dashboard(tmp_path) as (app, _):
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("l", "c", "3", "c", "z")
            app.theme = "nord"
            await until(pilot, lambda: "0 Netw" in screen_text(app))
    with dashboard(tmp_path) as (app, _):
        assert app.theme == "nord"
        async with app.run_test(size=(120, 36)) as pilot:
            night = Color.parse(BUILTIN_THEMES["nord"].background or "")
            await until(pilot, lambda: app.screen.styles.background == night)
            assert app._body.active == "confusion"
            assert app._body.is_narrow
            curves = app._body.views["curves"]
            assert isinstance(curves, CurvesPanel)
            assert (curves.options.log, curves.options.charts) == (True, "loss")
            await pilot.press("z")
            await until(pilot, lambda: "preset" in screen_text(app))
    assert not Memory(tmp_path / "settings.json").settings.is_wide


async def test_where_there_is_no_room_for_both_widening_says_so(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await pilot.press("z")
        await until(pilot, lambda: "too narrow for both" in screen_text(app))
        assert not app._body.is_wide


async def test_a_theme_or_a_view_that_there_is_no_more_is_left_out(tmp_path: Path) -> None:
    settings = Settings(theme="none", view="none", panels={"none": {"x": 1}, "curves": {}})
    Memory(tmp_path / "settings.json").keep(settings)
    with dashboard(tmp_path) as (app, _):
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            assert app.theme == "textual-dark"
            assert app._body.active == "curves"
            await until(pilot, lambda: "'none'" in screen_text(app))


async def test_what_is_wrong_with_the_file_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{")
    with dashboard(tmp_path) as (app, memory):
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "broken" in screen_text(app))
            assert memory.was_told


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_the_first_time_there_is_a_tour_that_fits(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    with dashboard(tmp_path) as (app, _):
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(app.screen, Tour))
            for number, stage in enumerate(STAGES, 1):
                await until(pilot, lambda n=number: f"{n} of {len(STAGES)}" in screen_text(app))
                last = stage.text.replace("[b]", "").replace("[/b]", "").split()[-1]
                await until(pilot, lambda last=last: f"{last} " in screen_text(app))
                assert "esc: skip" in screen_text(app)
                await pilot.press("space")
            await until(pilot, lambda: len(app.screen_stack) == 1)
            assert app.session.run is None, "space started nothing"
    with dashboard(tmp_path) as (app, _):
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            assert len(app.screen_stack) == 1, "it is not shown again"


async def test_the_tour_can_be_left_and_is_found_again_in_the_help(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=(80, 24)) as pilot:
        assert len(app.screen_stack) == 1, "without a memory nobody is new"
        await pilot.press("question_mark", "t")
        await until(pilot, lambda: isinstance(app.screen, Tour))
        await pilot.press("right", "left", "left")
        await until(pilot, lambda: "1 of 4" in screen_text(app))
        for leaves in ("escape", "q"):
            await pilot.press(leaves)
            await until(pilot, lambda: len(app.screen_stack) == 1)
            await pilot.press("question_mark", "t")
            await until(pilot, lambda: isinstance(app.screen, Tour))
