"""Only what has changed goes to the terminal.

Textual paints every widget anew in which anything changed: a whole chart for one more point. Here
each picture is held against the last one, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import ControlType
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.strip import Strip

Cell = tuple[str, str, str]
"""A character, the numbers of its style, and those of a blank in it.

The cells that a wide character reaches into hold "".
"""

NEAR = 6
"""So many cells that stay between two that change are written again: to skip them costs more."""

UNKNOWN: Cell = ("?", "unknown", "")
"""What stands left of the first cell that was written in a line; it is never written itself."""


class Shown:
    """What stands on the terminal."""

    def __init__(self) -> None:
        self._lines: dict[int, list[Cell]] = {}

    def forget(self) -> None:
        """Somebody else may have written there."""
        self._lines.clear()

    def bring_up(self, update: CompositorUpdate, console: Console) -> str:
        """What brings the terminal up to date; from then on it counts as written."""
        pieces: list[str] = []
        style = ground = ""
        for y, line in sorted(self._after(update, console).items()):
            old = self._lines.get(y, [])
            if old == line:
                continue
            for start, end in _changes(old, line):
                pieces.append(f"\x1b[{y + 1};{start + 1}H")
                for character, wanted, blank in line[start:end]:
                    if wanted not in (style, ground if character == " " else style):
                        pieces.append(f"\x1b[0;{wanted}m" if wanted else "\x1b[m")
                        style, ground = wanted, blank
                    pieces.append(character)
            self._lines[y] = line
        if style:
            pieces.append("\x1b[m")
        return "".join(pieces)

    def _after(self, update: CompositorUpdate, console: Console) -> dict[int, list[Cell]]:
        """The lines that an update touches, as they are then."""
        colors = COLOR_SYSTEMS[console.color_system or "truecolor"]
        lines: dict[int, list[Cell]] = {}
        x = y = 0
        for segment in console.render(update):  # type: ignore[arg-type]
            if segment.control:
                for kind, *place in segment.control:
                    if kind is ControlType.CURSOR_MOVE_TO:
                        x, y = int(place[0]), int(place[1])
            elif segment.text != "\n":
                line = lines.get(y)
                if line is None:
                    line = lines[y] = list(self._lines.get(y, ()))
                cells = _cells(segment.text, segment.style or Style.null(), colors)
                line += [UNKNOWN] * (x - len(line))
                line[x : x + len(cells)] = cells
                x += len(cells)
        return lines


@lru_cache(maxsize=4096)
def _cells(text: str, style: Style, colors: ColorSystem) -> tuple[Cell, ...]:
    numbers, blank = _numbers(style, colors)
    if text.isascii():
        return tuple((each, blank if each == " " else numbers, blank) for each in text)
    cells: list[Cell] = []
    for character in text:
        width = cell_len(character)
        if width == 0 and cells:
            cells[-1] = (cells[-1][0] + character, numbers, blank)
        else:
            cells += [(character, numbers, blank), ("", numbers, blank)][: max(width, 1)]
    return tuple(cells)


@lru_cache(maxsize=4096)
def _numbers(style: Style, colors: ColorSystem) -> tuple[str, str]:
    """The numbers of a style, and those of a blank in it: it has no colour but its ground's."""
    numbers = Strip.render_ansi(style, colors)
    if style.reverse or style.underline or style.strike:
        return numbers, numbers
    return numbers, Strip.render_ansi(Style(bgcolor=style.bgcolor), colors)


def _changes(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """From where to where a line is to be written: whole characters, near places as one."""
    start = end = -1
    for x, cell in enumerate(new):
        if cell is not UNKNOWN and x < len(old) and old[x] == cell:
            continue
        if start >= 0 and (x - end > NEAR or cell is UNKNOWN):
            yield start, end
            start = -1
        if cell is UNKNOWN:
            continue
        if start < 0:
            start = x
            while start > 0 and new[start][0] == "":
                start -= 1
        end = x + 1
        while end < len(new) and new[end][0] == "":
            end += 1
    if start >= 0:
        yield start, end
