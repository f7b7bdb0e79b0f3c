"""Cells of a table are painted again only where they look otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dashboards import screen_text, until
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widgets import DataTable, Input
from textual.widgets.data_table import CursorType

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


class Alike(App[str]):
    """A table of Textual's and one of ours that hold the same."""

    CSS = "DataTable { height: 1fr; }"
    AUTO_FOCUS = None

    def __init__(self, padding: int, cursor: CursorType) -> None:
        super().__init__()
        self.padding, self.cursor = padding, cursor

    def compose(self) -> ComposeResult:
        for kind in (DataTable, Table):
            yield kind(cell_padding=self.padding, cursor_type=self.cursor, fixed_columns=1)

    def on_mount(self) -> None:
        for table in self.query(DataTable):
            for name in ("one", "two", "three"):
                table.add_column(Text(f" {name} ", justify="right"), width=7, key=name)
            table.add_row(
                Text("0.25"), Text("far too long"), Text("  x "), label=Text("a"), key="a"
            )
            table.add_row(
                Text("mark", style="on blue", justify="center"),
                Text("far too long", overflow="ellipsis", style="bold red"),
                Text.assemble("a", ("b", "green"), " \t c", justify="right"),
                label=Text("b"),
                key="b",
            )
            table.add_row(Text("世界世界", justify="right"), "plain", Text(""), key="c")

    def lines(self, kind: type[DataTable[object]]) -> list[list[tuple[str, Style | None]]]:
        """What a table paints: each character with its style."""
        table = next(each for each in self.query(DataTable) if type(each) is kind)
        return [
            [(character, part.style) for part in strip for character in part.text]
            for strip in table.render_lines(Region(0, 0, *table.size))
        ]


@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("cursor", ["cell", "row", "column", "none"])
async def test_cells_look_as_those_of_textual(padding: int, cursor: CursorType) -> None:
    app = Alike(padding, cursor)
    async with app.run_test(size=(60, 14)) as pilot:
        await until(pilot, lambda: screen_text(app).count("mark") == 2)
        before = app.lines(Table)
        assert before == app.lines(DataTable)
        for table in app.query(DataTable):
            table.move_cursor(row=1, column=2)
            table.update_cell("a", "one", Text("new"))
            table.sort("three", key=str)
        await until(pilot, lambda: screen_text(app).count("new") == 2)
        assert before != app.lines(Table) == app.lines(DataTable)


class Counting(Table):
    """Counts the cells that it paints."""

    painted = 0

    def line(self, cell: object, room: int) -> list[Segment] | None:
        self.painted += 1
        return super().line(cell, room)


class Hidden(App[str]):
    """A table that nobody sees yet."""

    CSS = "Table { height: 1fr; background: transparent; }"
    AUTO_FOCUS = None

    def compose(self) -> ComposeResult:
        yield Counting(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(Counting)
        table.display = False
        for name in ("one", "two"):
            table.add_column(Text(name), width=5)
        for i in range(30):
            table.add_row(Text(f"a{i}"), Text(f"b{i}"))


async def test_what_was_painted_ahead_is_not_painted_again() -> None:
    app = Hidden()
    async with app.run_test(size=(40, 8)) as pilot:
        table = app.query_one(Counting)
        table.settle()
        for _ in table.ahead(7):
            pass
        ahead = table.painted
        titles = cursor = 2
        assert ahead == 2 * 7
        table.display = True
        table.focus()
        await until(pilot, lambda: table.has_focus and "b6" in screen_text(app))
        assert table.painted == ahead + titles + cursor


async def test_a_table_that_is_removed_meanwhile_paints_nothing_ahead() -> None:
    app = Hidden()
    async with app.run_test(size=(40, 8)):
        table = app.query_one(Counting)
        table.settle()
        pieces = table.ahead(7)
        next(pieces)
        await table.remove()
        assert list(pieces) == []
