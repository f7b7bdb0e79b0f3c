"""The first thing on the screen: it stands there while the dashboard is still being loaded."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size

from tui.exits import Exit
from tui.terminal.modes import CLEAR, HIDE_CURSOR, OTHER_SCREEN, RESTORE

WORDS = "cnn-tui is opening …"


@contextmanager
def opening(*, ascii: bool) -> Iterator[None]:
    """Show a word in the middle of the terminal's other screen, on which the dashboard then paints.

    The dashboard leaves that screen at its end; here it is left where the block fails or is ended
    by a signal.
    """
    columns, lines = get_terminal_size()
    word = WORDS[:-2] if ascii else WORDS
    row, column = max(lines // 2, 1), max((columns - len(word)) // 2 + 1, 1)
    try:
        _take_signals()
        start = f"{OTHER_SCREEN}{HIDE_CURSOR}{CLEAR}"
        sys.stderr.write(f"{start}\x1b[{row};{column}H{word[:columns]}")
        sys.stderr.flush()
        yield
    except BaseException:
        sys.stderr.write(RESTORE)
        sys.stderr.flush()
        raise


def _take_signals() -> None:
    """Let the signals that end programs end the block."""

    def end(code: Exit) -> None:
        raise SystemExit(code)

    signal.signal(signal.SIGTERM, lambda number, frame: end(Exit.TERMINATED))
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, lambda number, frame: end(Exit.HUNG_UP))
