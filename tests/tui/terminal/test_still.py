"""What is not laid out again is where a whole layout would put it."""

from __future__ import annotations

import time

import numpy as np
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.geometry import Size
from textual.layout import DockArrangeResult
from textual.map_geometry import MapGeometry
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.terminal.compositor import SparingScreen
from tui.terminal.still import Still

PATIENCE = 15.0


class Row(Horizontal):
    """A line with a field; counts how often it was laid out."""

    laid_out = 0

    def compose(self) -> ComposeResult:
        yield Static("label", classes="label")
        yield Input()

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        Row.laid_out += 1
        return super().arrange(size, optimal)


class Sides(App[None]):
    """Two sides, of which the left one is still."""

    CSS = """
    Screen { layout: horizontal; }
    Still { width: 20; height: 1fr; }
    #right { width: 1fr; height: 1fr; }
    Row { height: auto; }
    Input { width: 1fr; }
    .label { width: auto; }
    .framed { border: solid red; }
    .far Still { width: 30; }
    """

    def get_default_screen(self) -> Screen[object]:
        return SparingScreen(id="_default")

    def compose(self) -> ComposeResult:
        with Still():
            with VerticalScroll():
                for _ in range(5):
                    yield Row()
            yield Static("below")
        with Container(id="right"):
            yield Static("right")


def geometry(compositor: Compositor) -> dict[Widget, MapGeometry]:
    return dict(compositor.full_map)


def is_right(app: Sides) -> bool:
    """Whether everything is where Textual itself would put it."""
    textual = Compositor()
    textual.reflow(app.screen, app.screen.size)
    return geometry(app.screen._compositor) == geometry(textual)


def change(app: Sides, rng: np.random.Generator) -> None:
    """Something that can be done to a screen."""
    rows, scroll = list(app.query(Row)), app.query_one(VerticalScroll)
    row = rows[rng.integers(len(rows))] if rows else None
    match rng.integers(9):
        case 0:
            scroll.mount(Row())
        case 1 if len(rows) > 3 and row is not None:
            row.remove()
        case 2 if row is not None:
            row.display = not row.display
        case 3 if row is not None:
            row.toggle_class("framed")
        case 4 if row is not None:
            row.query_one(Static).update("x" * int(rng.integers(1, 15)))
        case 5:
            scroll.scroll_to(y=int(rng.integers(12)), animate=False)
        case 6:
            app.query_one("#right Static", Static).update("y\n" * int(rng.integers(1, 5)))
        case 7:
            app.screen.toggle_class("far")
        case _:
            app.query_one(Still).display = not app.query_one(Still).display


async def test_any_changes_leave_all_where_a_whole_layout_puts_it() -> None:
    rng = np.random.default_rng(0)
    app = Sides()
    async with app.run_test(size=(60, 12)) as pilot:
        for _ in range(60):
            for _ in range(rng.integers(1, 4)):
                change(app, rng)
            await pilot.pause()
            deadline = time.monotonic() + PATIENCE
            while not is_right(app):
                assert time.monotonic() < deadline
                await pilot.pause(0.01)


async def test_a_change_beside_it_does_not_lay_it_out() -> None:
    app = Sides()
    async with app.run_test(size=(60, 12)) as pilot:
        right = app.query_one("#right Static", Static)
        for lines in range(2, 12):
            before = Row.laid_out
            right.update("y\n" * lines)
            deadline = time.monotonic() + PATIENCE
            while right.size.height < lines:
                assert time.monotonic() < deadline
                await pilot.pause(0.01)
            if Row.laid_out == before:
                return
        raise AssertionError("each change laid it out")
