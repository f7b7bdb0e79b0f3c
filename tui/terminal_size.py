"""How large the terminal is, for those who believe the environment before the terminal."""

from __future__ import annotations

import os
from collections.abc import MutableMapping


def trust_terminal(environment: MutableMapping[str, str], terminal: int) -> None:
    """Take COLUMNS and LINES out of the environment if the terminal, a file descriptor, knows.

    Whoever exported them once has resized the terminal since; a line without a size, as some serial
    ones, is as large as they say.
    """
    size = os.get_terminal_size(terminal)
    for name, cells in (("COLUMNS", size.columns), ("LINES", size.lines)):
        if cells:
            environment.pop(name, None)
