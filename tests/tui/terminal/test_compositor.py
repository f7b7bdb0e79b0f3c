"""A screen that is put together with less work is the same screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import cycle

import numpy as np
from rich.text import Text
from test_repaint import COLUMNS, CONSOLE, LINES, Screen, wanted
from textual._compositor import Compositor, CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Container, VerticalScroll
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen as TextualScreen
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.compositor import SparingScreen
from tui.terminal.repaint import Shown

PATIENCE = 15.0


class Box(Widget, can_focus=True):
    """Something with a letter all over it, that counts how often it is asked for lines."""

    def __init__(self, letter: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self.letter, self.asked = letter, 0

    def render(self) -> Text:
        return Text("\n".join([f"{self.letter} é鳥"[: self.size.width] * 9] * self.size.height))

    def render_lines(self, crop: Region) -> list[Strip]:
        self.asked += 1
        return super().render_lines(crop)


class Heap(App[None]):
    """Boxes beside, in and before each other, and what was written of them."""

    AUTO_FOCUS = None
    CSS = """
    Screen { layers: below above; layout: horizontal; overflow: hidden; }
    #left { width: 9; height: 3; background: blue; border: solid red; }
    VerticalScroll { width: 12; height: 5; background: green; }
    Box { width: 6; height: 2; background: $panel; color: $foreground; }
    #over { layer: above; width: 10; height: 4; background: red; offset: 8 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.written, self.shown = Screen(), Shown()

    def get_default_screen(self) -> TextualScreen[object]:
        return SparingScreen(id="_default")

    def compose(self) -> ComposeResult:
        with Container(id="left"):
            yield Box("a", id="a")
        with VerticalScroll():
            for letter in "bcdef":
                yield Box(letter, id=letter)
        yield Box("z", id="z")
        yield Box("o", id="over")

    def _display(self, screen: TextualScreen[object], renderable: object) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.written.write(self.shown.bring_up(renderable, CONSOLE))


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await pilot.pause(0.01)


def whole_picture(app: Heap) -> Screen:
    """As Textual puts it together, all of it."""
    asked = {box: box.asked for box in app.query(Box)}
    textual = Compositor()
    textual.reflow(app.screen, app.screen.size)
    picture = wanted(textual.render_strips())
    for box, count in asked.items():
        box.asked = count
    return picture


async def test_what_is_written_adds_up_to_the_whole_picture() -> None:
    rng = np.random.default_rng(0)
    app = Heap()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        boxes = list(app.query(Box))
        for _ in range(150):
            for box in rng.choice(np.array(boxes, dtype=object), rng.integers(1, 4)):
                match rng.integers(5):
                    case 0:
                        box.styles.offset = tuple(map(int, rng.integers(-4, 20, 2)))
                    case 1:
                        box.display = not box.display
                    case 2:
                        box.letter = str(rng.choice(list("xyz")))
                        box.refresh()
                    case 3:
                        app.query_one(VerticalScroll).scroll_to(
                            y=int(rng.integers(8)), animate=False
                        )
                    case _:
                        box.focus()
            await until(pilot, lambda: is_painted(app))


def is_painted(app: Heap) -> bool:
    return app.written.cells == whole_picture(app).cells


async def test_what_stands_behind_another_is_not_rendered() -> None:
    app = Heap()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        over, behind = app.query_one("#over", Box), app.query_one("#b", Box)
        over.styles.offset = (0, 0)
        over.styles.width, over.styles.height = COLUMNS, LINES
        await until(pilot, lambda: is_painted(app))
        asked = behind.asked
        behind.letter, over.letter = "B", "O"
        behind.refresh()
        over.refresh()
        await until(pilot, lambda: "O" in app.written.cells[0, 0])
        assert behind.asked == asked
        over.display = False
        await until(pilot, lambda: is_painted(app))
        assert "B" in {character for character, _ in app.written.cells.values()}


async def leaves_alone(
    app: Heap, pilot: Pilot[None], change: Callable[[], object], others: str
) -> bool:
    """Whether a change is painted without those boxes; what is under way at the start may need
    them a few times more."""
    boxes = [app.query_one(f"#{each}", Box) for each in others.split()]
    for _ in range(10):
        await until(pilot, lambda: is_painted(app))
        before = [box.asked for box in boxes]
        change()
        await until(pilot, lambda: is_painted(app))
        if [box.asked for box in boxes] == before:
            return True
    return False


def rename(*boxes: Box) -> None:
    for box in boxes:
        box.letter = "!" if box.letter != "!" else "?"
        box.refresh()


async def test_changes_at_both_ends_leave_those_between_alone() -> None:
    app = Heap()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        ends = app.query_one("#a", Box), app.query_one("#over", Box)
        assert await leaves_alone(app, pilot, lambda: rename(*ends), "b z")


async def test_another_focus_does_not_paint_all() -> None:
    app = Heap()
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        boxes = cycle([app.query_one("#a", Box), app.query_one("#b", Box)])

        def change() -> None:
            box = next(boxes).focus()
            rename(box)

        assert await leaves_alone(app, pilot, change, "z")
