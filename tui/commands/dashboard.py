"""`cnn-tui` and `cnn-tui attach`: the screen."""

from __future__ import annotations

import sys

from nn.runs.folder import Library, RunFolder
from nn.schema import InputError


def open_dashboard(library: Library, run: RunFolder | None = None) -> None:
    """Show the dashboard until the person leaves it.

    Raises:
        InputError: if there is no terminal.
    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise InputError(
            "the dashboard needs a terminal; use `cnn-tui train` without one, "
            "or `ssh -t HOST cnn-tui` to have one"
        )
    from tui.app import Dashboard

    farewell = Dashboard(library, run).run()
    if farewell:
        print(farewell)
