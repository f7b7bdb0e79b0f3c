"""Draw the pictures of the README anew, from runs that are trained for them.

python docs/pictures.py [NAME ...]          as in: curves inside; without names all of them

It takes about a minute on two cores, and needs the font DejaVu Sans Mono, as most Linux systems
have it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.pilot import Pilot

from nn.config import RunConfig, preset
from nn.runs.client import start_trainer, wait_until
from nn.runs.folder import Library, RunFolder
from tui.app import Dashboard
from tui.panels.draw import Sheet
from tui.state import Phase

FOLDER = Path(__file__).parent / "pictures"
PATIENCE = 600.0
FONT_SIZE = 20
WHITE, BLACK = ColorTriplet(224, 224, 224), ColorTriplet(18, 18, 18)
SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
QUADRANTS = dict(zip("▖▗▘▙▚▛▜▝▞▟", (4, 8, 1, 13, 9, 7, 11, 2, 6, 14), strict=True))
"""Which quarters they fill: 1 and 2 above, 4 and 8 below."""

FIVE = ((0.7, 0.17), (0.38, 0.17), (0.35, 0.48), (0.5, 0.44), (0.64, 0.52), (0.68, 0.65))
FIVE += ((0.63, 0.78), (0.5, 0.85), (0.35, 0.8))

Keys = Sequence[tuple[str, str]]
"""Keys, each with words that stand on the screen some time after it."""

VIEWS: dict[str, tuple[str, str, Keys]] = {
    "classes": ("classes", "precision", ()),
    "confusion": ("confusion", "epoch 3", ()),
    "mistakes": ("mistakes", "mistakes of", ()),
    "mistake": ("mistakes", "mistakes of", (("enter", "test image"),)),
    "inside": ("inside", "test image", (("right", "[1 conv2d"),)),
    "draw": ("draw", "sees 28×28", ()),
    "profile": ("profile", "t starts it", (("t", "A step takes"),)),
    "compare": (
        "runs",
        "mnist",
        (("space", "1 marked"), ("space", "2 marked"), ("c", "over epochs")),
    ),
}
"""What is drawn of a run that is over: a view, words on it, and keys that lead further."""


def main(names: Sequence[str]) -> None:
    """Train, and draw what was asked for."""
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "CNN_TUI_SETTINGS": ""}
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        train(library, preset("mlp").changed({"training.epochs": 3}))
        run = library.create_run(preset("fast"))
        start_trainer(run)
        asyncio.run(draw_all(library, run, names or ["curves", *VIEWS]))


def train(library: Library, config: RunConfig) -> None:
    """A whole run."""
    run = library.create_run(config)
    start_trainer(run)
    if not wait_until(lambda: not run.has_trainer(), PATIENCE):
        sys.exit(f"run {run.id} takes too long")


async def draw_all(library: Library, run: RunFolder, names: Sequence[str]) -> None:
    """Walk through the dashboard, and keep what is seen on the way."""
    app = Dashboard(library, run)
    async with app.run_test(size=(120, 36)) as pilot:
        session = app.session
        await until(pilot, lambda: session.run is not None and session.run.progress > 0.8)
        await until(pilot, lambda: session.answers is not None)
        await keep(pilot, "curves", names)
        await until(pilot, lambda: session.run is not None and session.run.phase is Phase.FINISHED)
        await until(pilot, lambda: len(session.runs) == 2)
        sheet = app.query_one(Sheet)
        sheet.sketch.move_to(*FIVE[0])
        sheet.sketch.lower()
        for point in FIVE[1:]:
            sheet.sketch.move_to(*point)
        sheet.lift()
        app.jobs.draw(sheet.sketch.ink)
        for name, (view, words, keys) in VIEWS.items():
            app.action_turn_to(view)
            await until(pilot, lambda words=words: words in text_of(pilot))
            for key, words in keys:
                await pilot.press(key)
                await until(pilot, lambda words=words: words in text_of(pilot))
            await keep(pilot, name, names)
            if name in ("mistake", "compare"):
                await pilot.press("escape")


async def until(pilot: Pilot[str], condition: Callable[[], bool]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"it does not come:\n{text_of(pilot)}")
        await pilot.pause(0.05)


def lines_of(pilot: Pilot[str]) -> list[list[Segment]]:
    """What stands on the screen, line by line."""
    app = pilot.app
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [[segment for strip in line for segment in strip] for line in update.strips]


def text_of(pilot: Pilot[str]) -> str:
    """The same without its colours."""
    return "\n".join("".join(each.text for each in line) for line in lines_of(pilot))


async def keep(pilot: Pilot[str], name: str, names: Sequence[str]) -> None:
    """Draw the screen as it is, if somebody wants it."""
    if name in names:
        await pilot.pause(1.0)
        file = FOLDER / f"{name}.png"
        paint(lines_of(pilot)).quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
        print(f"{file.name}: {file.stat().st_size:,} bytes")


def paint(lines: list[list[Segment]]) -> Image.Image:
    """A picture of these lines, cell by cell."""
    fonts = [
        ImageFont.truetype(f"DejaVuSansMono{weight}.ttf", FONT_SIZE) for weight in ("", "-Bold")
    ]
    width, height = round(fonts[0].getlength("M")), sum(fonts[0].getmetrics())
    columns = sum(len(segment.text) for segment in lines[0])
    image = Image.new("RGB", (columns * width, len(lines) * height), tuple(BLACK))
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        column = 0
        for segment in line:
            style = segment.style or Style.null()
            ink, paper = colors(style)
            for sign in segment.text:
                left, top = column * width, row * height
                pen.rectangle((left, top, left + width - 1, top + height - 1), tuple(paper))
                if not fill(pen, sign, (left, top, width, height), ink, paper):
                    pen.text((left, top), sign, tuple(ink), fonts[bool(style.bold)])
                column += 1
    return image


def colors(style: Style) -> tuple[ColorTriplet, ColorTriplet]:
    """Of the ink and of the paper."""
    ink = style.color.get_truecolor() if style.color else WHITE
    paper = style.bgcolor.get_truecolor() if style.bgcolor else BLACK
    return (paper, ink) if style.reverse else (ink, paper)


def fill(
    pen: ImageDraw.ImageDraw,
    sign: str,
    cell: tuple[int, int, int, int],
    ink: ColorTriplet,
    paper: ColorTriplet,
) -> bool:
    """Draw blocks and braille, which a font does not fit into its cell; whether it was one."""
    left, top, width, height = cell

    def box(x0: float, y0: float, x1: float, y1: float, color: ColorTriplet = ink) -> None:
        edges = (left + x0 * width, top + y0 * height, left + x1 * width, top + y1 * height)
        a, b, c, d = map(round, edges)
        if c > a and d > b:
            pen.rectangle((a, b, c - 1, d - 1), tuple(color))

    code = ord(sign)
    if sign in SHADES:
        mixed = (round(p + (i - p) * SHADES[sign]) for i, p in zip(ink, paper, strict=True))
        box(0, 0, 1, 1, ColorTriplet(*mixed))
    elif sign in "▀▐▔▕":
        box(
            *{"▀": (0, 0, 1, 0.5), "▐": (0.5, 0, 1, 1), "▔": (0, 0, 1, 0.125)}.get(
                sign, (0.875, 0, 1, 1)
            )
        )
    elif 0x2581 <= code <= 0x2588:
        box(0, 1 - (code - 0x2580) / 8, 1, 1)
    elif 0x2589 <= code <= 0x258F:
        box(0, 0, (0x2590 - code) / 8, 1)
    elif sign in QUADRANTS:
        for bit, (x, y) in enumerate(((0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5))):
            if QUADRANTS[sign] >> bit & 1:
                box(x, y, x + 0.5, y + 0.5)
    elif 0x2800 <= code <= 0x28FF:
        for bit, (x, y) in enumerate(
            ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
        ):
            if code >> bit & 1:
                right, down = left + (2 * x + 1) * width / 4, top + (2 * y + 1) * height / 8
                pen.ellipse((right - 1.5, down - 1.5, right + 1.5, down + 1.5), tuple(ink))
    else:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
