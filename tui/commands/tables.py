"""Lists on a terminal of any width; in a pipe they are as wide as they need to be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2
LEAST = 9
"""Cells of an elastic column, of which a terminal may have no more."""


@dataclass(frozen=True)
class Column:
    """A column of a list.

    Attributes:
        elastic: its words may lose their end, before anything else does.
        leaves: where it is its turn to be left out, if that is not enough; 0: it stays.
    """

    name: str
    justify: Literal["left", "right"] = "left"
    elastic: bool = False
    leaves: int = 0


def print_list(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of words. The first column names them: it is folded rather than cut."""
    console = Console()
    heads = [column.name for column in columns]
    natural = [max(map(cell_len, words)) for words in zip(heads, *rows, strict=True)]
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _needed(natural)
    kept, least = list(range(len(columns))), _least(columns, natural)
    for place in sorted((i for i in kept if columns[i].leaves), key=lambda i: columns[i].leaves):
        if _needed([least[i] for i in kept]) > console.width:
            kept.remove(place)
    tight = _needed([least[i] for i in kept]) > console.width
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for i in kept:
        column = columns[i]
        gives_way = column.elastic or (tight and i == 0)
        table.add_column(
            column.name, justify=column.justify, no_wrap=not gives_way, overflow="fold"
        )
    for row in rows:
        table.add_row(*(_cell(columns[i], row[i]) for i in kept))
    console.print(table)


def _least(columns: Sequence[Column], natural: Sequence[int]) -> list[int]:
    """The narrowest that columns may be, by their natural widths."""
    pairs = zip(columns, natural, strict=True)
    return [min(width, LEAST) if column.elastic else width for column, width in pairs]


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _cell(column: Column, words: str) -> Text:
    return Text(words, no_wrap=column.elastic, overflow="ellipsis" if column.elastic else "fold")
