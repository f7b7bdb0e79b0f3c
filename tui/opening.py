"""The first thing on the screen: it stands there while the dashboard is still being loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size

WORDS = "cnn-tui is opening …"

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[?25h\x1b[?1049l"


@contextmanager
def opening() -> Iterator[None]:
    """Show a word in the middle of the terminal's other screen, on which the dashboard then paints.

    The dashboard leaves that screen at its end; here it is left where loading fails.
    """
    columns, lines = get_terminal_size()
    word = WORDS if (sys.stderr.encoding or "").lower().startswith("utf") else WORDS[:-2]
    row, column = max(lines // 2, 1), max((columns - len(word)) // 2 + 1, 1)
    sys.stderr.write(f"{_ENTER}\x1b[{row};{column}H{word[:columns]}")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write(_LEAVE)
        sys.stderr.flush()
        raise
