"""A terminal knows its size better than what was exported once."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from terminals import Terminal, dashboard, environment

from tui.terminal_size import trust_terminal


@pytest.fixture
def terminal() -> Iterator[int]:
    ends = os.openpty()
    yield ends[1]
    for end in ends:
        os.close(end)


@pytest.mark.parametrize(
    ("lines", "columns", "left"),
    [(24, 80, set()), (0, 0, {"COLUMNS", "LINES"}), (24, 0, {"COLUMNS"})],
)
def test_what_the_terminal_knows_is_not_looked_up(
    terminal: int, lines: int, columns: int, left: set[str]
) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    exported = {"COLUMNS": "3", "LINES": "2", "TERM": "xterm"}
    trust_terminal(exported, terminal)
    assert set(exported) == {"TERM", *left}


def test_the_dashboard_is_as_large_as_its_terminal(tmp_path: Path) -> None:
    mine = environment(COLUMNS="3", LINES="2")
    with Terminal(dashboard(tmp_path), environment=mine) as terminal:
        terminal.see("9 Draw")
        terminal.see("q quit")
