"""Cells of a table are painted again only where they look otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards import screen_text, until
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.widgets import Input

from tui.table import Table


class Cell:
    """Counts how often it is painted."""

    def __init__(self) -> None:
        self.painted = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        self.painted += 1
        yield Segment("cell")


class Tables(App[str]):
    """A table, and a field that takes the focus away."""

    CSS = "Table { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.cells = [Cell(), Cell()]

    def compose(self) -> ComposeResult:
        yield Table()
        yield Input()

    def on_mount(self) -> None:
        table = self.query_one(Table)
        table.add_columns("one", "two")
        table.add_row(*self.cells)

    def painted(self) -> int:
        """How often the cell has been painted that never has the cursor."""
        return self.cells[1].painted


async def test_a_cell_is_painted_once_for_each_focus() -> None:
    app = Tables()
    async with app.run_test(size=(40, 8)) as pilot:
        table, field = app.query_one(Table), app.query_one(Input)
        before = -1
        for _ in range(3):
            before = app.painted()
            for each in (field, table):
                each.focus()
                await until(pilot, lambda widget=each: widget.has_focus)
                for shown in (False, True) if each is field else ():
                    table.display = shown
                    await until(pilot, lambda now=shown: ("one" in screen_text(app)) == now)
        assert app.painted() == before


async def test_another_theme_paints_it_anew() -> None:
    app = Tables()
    async with app.run_test(size=(40, 8)) as pilot:
        await until(pilot, lambda: app.painted() > 0)
        before = app.painted()
        app.theme = "textual-light"
        await until(pilot, lambda: "one" in screen_text(app) and app.painted() > before)
