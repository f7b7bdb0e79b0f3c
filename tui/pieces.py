"""Lines of pieces that give way where there is too little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

GAP = "  "


@dataclass(frozen=True)
class Piece:
    """A part of a line; where there is too little room those of the lowest `rank` stay.

    What is left of the room goes to whatever fits there.
    """

    text: Text
    rank: int


def piece(text: str, rank: int, style: str = "") -> Piece:
    """A piece of one style."""
    return Piece(Text(text, style), rank)


def one_line(left: Sequence[Piece], right: Sequence[Piece], width: int) -> Text:
    """The pieces at both ends of a line, without those for which there is no room."""
    if width < 1:
        return Text()
    kept: list[Piece] = []
    for each in sorted((*left, *right), key=lambda each: each.rank):
        if each.text and (not kept or _width([*kept, each]) <= width):
            kept.append(each)
    start, end = (
        Text(GAP).join([each.text for each in side if any(each is other for other in kept)])
        for side in (left, right)
    )
    room = " " * max(width - start.cell_len - end.cell_len, 0)
    line = Text.assemble(start, room, end, no_wrap=True, overflow="ellipsis")
    line.truncate(width, overflow="ellipsis")
    return line


def _width(pieces: Sequence[Piece]) -> int:
    return sum(each.text.cell_len for each in pieces) + cell_len(GAP) * (len(pieces) - 1)
