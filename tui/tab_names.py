"""What the tabs are called where there is too little room for their names."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

GAP = 1
"""Cells behind each tab."""

SHORT = {
    "Network": "Net",
    "Confusion": "Conf",
    "Mistakes": "Miss",
    "Profile": "Prof",
    "Inside": "In",
}
"""What the longer ones are called where not all names fit."""

CUTS = ((9, " "), (4, " "), (3, " "), (3, ""), (2, ""), (0, ""))
"""How much of a short name is kept at most, and what stands between its key and it."""


def tab_names(tabs: Sequence[tuple[str, str]], active: int, width: int) -> list[str]:
    """The names of tabs, each a key (or none) and a title, so that all of them fit the width.

    The active one keeps its title; where nothing else helps, the others are their keys alone.
    """
    whole = [f"{key} {title}".strip() for key, title in tabs]
    names = whole
    for kept, between in CUTS:
        if _width(names) <= width:
            break
        names = [_cut(key, SHORT.get(title, title), kept, between) for key, title in tabs]
        names[active] = whole[active]
    return names


def _cut(key: str, title: str, kept: int, between: str) -> str:
    """A shorter name; one without a key never loses its first letter."""
    most = max(kept, 0 if key else 1)
    short = title if cell_len(title) <= most else set_cell_size(title, most).rstrip()
    return f"{key}{between if key else ''}{short}"


def _width(names: Sequence[str]) -> int:
    return sum(cell_len(name) + GAP for name in names)
