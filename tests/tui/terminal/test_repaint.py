"""What is written instead of whole pictures shows the same picture."""

from __future__ import annotations

import re

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.terminal.repaint import Shown

COLUMNS, LINES = 30, 5
CONSOLE = Console(color_system="truecolor", force_terminal=True)
STYLES = [
    Style(),
    Style(color="#ff0000"),
    Style(bgcolor="#000080"),
    Style(color="#00ff00", bgcolor="#000080"),
    Style(color="#00ff00", bgcolor="#000080", bold=True),
    Style(color="#00ff00", bgcolor="#808080", italic=True),
]
CHARACTERS = list("ab  .é鳥")


class Screen:
    """A terminal that knows places, styles and characters."""

    def __init__(self) -> None:
        self.cells = {(y, x): ("?", "?") for y in range(LINES) for x in range(COLUMNS)}

    def write(self, sequence: str) -> None:
        x = y = 0
        style = {"marks": "", "ink": "", "ground": ""}
        for piece in re.split(r"(\x1b\[[0-9;]*[Hm])", sequence):
            if piece.startswith("\x1b[") and piece.endswith("H"):
                y, x = (int(each) - 1 for each in piece[2:-1].split(";"))
            elif piece.startswith("\x1b["):
                style |= meaning(piece[2:-1])
            else:
                for character in piece:
                    seen = ["ground"] if character == " " else list(style)
                    self.cells[y, x] = (character, ";".join(style[part] for part in seen))
                    for beside in range(1, cell_len(character)):
                        self.cells[y, x + beside] = ("", "")
                    x += cell_len(character)
        assert set(style.values()) == {""}, "nothing that follows is styled by accident"


def meaning(numbers: str) -> dict[str, str]:
    """What numbers of a style change."""
    changed: dict[str, str] = {}
    for number in re.findall(r"[34]8;(?:5;\d+|2;\d+;\d+;\d+)|\d+", numbers) or ["0"]:
        if number == "0":
            changed |= {"marks": "", "ink": "", "ground": ""}
        elif number in ("39", "49"):
            changed["ink" if number == "39" else "ground"] = ""
        elif re.match(r"3\d|9\d", number):
            changed["ink"] = number
        elif re.match(r"4\d|10\d", number):
            changed["ground"] = number
        else:
            changed["marks"] = changed.get("marks", "") + number
    return changed


def picture(rng: np.random.Generator) -> list[Strip]:
    strips = []
    for _ in range(LINES):
        segments = []
        for _ in range(5):
            text = "".join(rng.choice(CHARACTERS, 4))
            segments.append(Segment(text, STYLES[rng.integers(len(STYLES))]))
        strips.append(Strip(segments).adjust_cell_length(COLUMNS))
    return strips


def wanted(strips: list[Strip]) -> Screen:
    """The picture as it is when all of it is written."""
    screen = Screen()
    for y, strip in enumerate(strips):
        x = 0
        for text, style, _ in strip:
            numbers = Strip.render_ansi(style, CONSOLE._color_system) if style else ""
            screen.write(f"\x1b[{y + 1};{x + 1}H\x1b[0;{numbers}m{text}\x1b[m")
            x += cell_len(text)
    return screen


def update(strips: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, COLUMNS, LINES))


def test_differences_add_up_to_the_picture() -> None:
    rng = np.random.default_rng(0)
    shown, screen = Shown(), Screen()
    for _ in range(100):
        strips = picture(rng)
        screen.write(shown.bring_up(update(strips), CONSOLE))
        assert screen.cells == wanted(strips).cells


def test_the_same_again_is_nothing_until_it_is_forgotten() -> None:
    strips = picture(np.random.default_rng(0))
    shown = Shown()
    first = shown.bring_up(update(strips), CONSOLE)
    assert shown.bring_up(update(strips), CONSOLE) == ""
    shown.forget()
    assert shown.bring_up(update(strips), CONSOLE) == first


def test_one_character_costs_a_place_and_a_character() -> None:
    shown = Shown()
    for text in ("0" * COLUMNS, "0" * 9 + "1" + "0" * 20):
        sequence = shown.bring_up(update([Strip([Segment(text)])]), CONSOLE)
    assert sequence == "\x1b[1;10H1"


def test_what_looks_alike_is_written_together_and_only_what_differs_is_said() -> None:
    blue = "#0000ff"
    line = [Segment("a", Style(color=blue, bgcolor="#000000"))]
    line += [Segment("b", Style(color="#ff0000", bgcolor="#000000"))]
    sequence = Shown().bring_up(update([Strip(line), Strip(line)]), CONSOLE)
    assert sequence.count("48;2;0;0;0") == 1
    assert sequence.count("38;2;0;0;255") == 1
    assert sequence.count("38;2;255;0;0") == 1


def test_what_stays_is_passed_over_where_that_takes_fewer_bytes() -> None:
    """A place takes seven bytes, and a sign of braille three."""
    for between, place in (
        ("⣿" * 2, ""),
        ("⣿" * 3, "\x1b[1;15H"),
        ("0" * 7, ""),
        ("0" * 9, "\x1b[1;21H"),
    ):
        shown = Shown()
        for ends in ("aa", "bb"):
            first, last = ends
            text = f"{'0' * 10}{first}{between}{last}"
            sequence = shown.bring_up(update([Strip([Segment(text)])]), CONSOLE)
        assert sequence == f"\x1b[1;11Hb{place or between}b"


def test_what_is_not_known_is_not_written() -> None:
    """A part of a picture that is brought up to date before the whole of it."""
    shown, screen = Shown(), Screen()
    strips = [Strip([Segment("ab", STYLES[1])]), Strip([Segment("鳥", STYLES[2])])]
    for x in (4, 12, 10):
        part = LayoutUpdate([[strip] for strip in strips], Region(x, 1, 2, 2))
        screen.write(shown.bring_up(part, CONSOLE))
    written = {place for place, (character, _) in screen.cells.items() if character != "?"}
    assert written == {(y, x) for y in (1, 2) for x in (4, 5, 10, 11, 12, 13)}
    assert [screen.cells[1, x][0] for x in (4, 5, 10, 11, 12, 13)] == list("ababab")
    assert [screen.cells[2, x][0] for x in (4, 10, 12)] == ["鳥"] * 3
