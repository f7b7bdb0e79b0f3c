"""Only what has changed goes to the terminal.

Textual paints every widget anew in which anything changed: a whole chart for one more point. Here
each picture is held against the last one, cell by cell. All that has changed and looks alike is
written together: to go elsewhere takes fewer bytes than to change the style.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import Color, ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import ControlType
from rich.style import Style
from textual._compositor import CompositorUpdate
from textual.strip import Strip


class Look(NamedTuple):
    """The numbers of a style: of its marks, such as bold, of its ink and of its ground."""

    marks: str = ""
    ink: str = ""
    ground: str = ""


PLAIN = Look()

Cell = tuple[str, Look, Look]
"""A character, how it looks, and how a blank in its style does.

The cells that a wide character reaches into hold "".
"""

UNKNOWN: Cell = ("?", Look("unknown"), PLAIN)
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
        strokes: dict[Look, list[str]] = {}
        for y, line in self._after(update, console).items():
            old = self._lines.get(y, [])
            if old == line:
                continue
            for start, end, look in _strokes(y, old, line):
                text = "".join(character for character, _, _ in line[start:end])
                strokes.setdefault(look, []).append(_place(y, start) + text)
            self._lines[y] = line
        pieces: list[str] = []
        before = PLAIN
        for look in sorted(strokes, key=lambda each: (each.ground, each)):
            pieces += [_turn(before, look), *strokes[look]]
            before = look
        if before != PLAIN:
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
    look, blank = _looks(style, colors)
    if text.isascii():
        return tuple((each, blank if each == " " else look, blank) for each in text)
    cells: list[Cell] = []
    for character in text:
        width = cell_len(character)
        if width == 0 and cells:
            cells[-1] = (cells[-1][0] + character, look, blank)
        else:
            cells += [(character, look, blank), ("", look, blank)][: max(width, 1)]
    return tuple(cells)


@lru_cache(maxsize=4096)
def _looks(style: Style, colors: ColorSystem) -> tuple[Look, Look]:
    """How text in a style looks, and how a blank does: it has no colour but its ground's."""
    look = Look(
        Strip.render_ansi(style.without_color, colors),
        _numbers(style.color, colors, is_ink=True),
        _numbers(style.bgcolor, colors, is_ink=False),
    )
    if style.reverse or style.underline or style.strike:
        return look, look
    return look, Look(ground=look.ground)


@lru_cache(maxsize=4096)
def _numbers(color: Color | None, colors: ColorSystem, *, is_ink: bool) -> str:
    return "" if color is None else ";".join(color.downgrade(colors).get_ansi_codes(is_ink))


def _strokes(y: int, old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int, Look]]:
    """From where to where a line is to be written, and how it looks there: whole characters.

    What stays between two changes is written again where that takes no more than to skip it.
    """
    start = end = -1
    look = ground = PLAIN
    are_blanks = False
    for x, cell in enumerate(new):
        if x < end or cell is UNKNOWN or (x < len(old) and old[x] == cell):
            continue
        first = x
        while first > 0 and new[first][0] == "":
            first -= 1
        character, wanted, blank = new[first]
        if are_blanks and look == ground == blank:
            look = wanted
        if start < 0:
            goes_on = False
        elif first == end:
            goes_on = wanted == look or (character == " " and wanted == ground)
        else:
            between = new[end : first + 1]
            goes_on = _is_written_through(between, look, ground, len(_place(y, first)))
            are_blanks = are_blanks and all(each == " " for each, _, _ in between)
        if goes_on:
            are_blanks = are_blanks and character == " "
        else:
            if start >= 0:
                yield start, end, look
            start, look, ground, are_blanks = first, wanted, blank, character == " "
        end = x + 1
        while end < len(new) and new[end][0] == "":
            end += 1
    if start >= 0:
        yield start, end, look


def _is_written_through(cells: list[Cell], look: Look, ground: Look, most: int) -> bool:
    """Whether all of these can be written so, those before the last in so many bytes at most."""
    size = sum(len(character.encode()) for character, _, _ in cells[:-1])
    return size <= most and all(
        wanted == look or (character == " " and wanted == ground) for character, wanted, _ in cells
    )


def _place(y: int, x: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


@lru_cache(maxsize=4096)
def _turn(before: Look, after: Look) -> str:
    """What makes text look so, after it looked otherwise: only the numbers that differ."""
    if before == after:
        return ""
    if before == PLAIN or before.marks not in ("", after.marks):
        return f"\x1b[{';'.join(['0', *filter(None, after)])}m"
    numbers = (after.marks, after.ink or "39", after.ground or "49")
    earlier = (before.marks, before.ink or "39", before.ground or "49")
    return f"\x1b[{';'.join(n for n, e in zip(numbers, earlier, strict=True) if n != e)}m"
