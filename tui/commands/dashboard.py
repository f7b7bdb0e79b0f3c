"""`cnn-tui` and `cnn-tui attach`: the screen."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from nn.schema import InputError
from tui.opening import opening


def open_dashboard(models: Path, run: str | None = None) -> None:
    """Show the dashboard, perhaps on a run, until the person leaves it.

    Raises:
        InputError: if there is no terminal, or no such run.
    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise InputError(
            "the dashboard needs a terminal; use `cnn-tui train` without one, "
            "or `ssh -t HOST cnn-tui` to have one"
        )
    with opening():
        from nn.runs.folder import Library
        from tui.app import Dashboard

        library = Library(models)
        app = Dashboard(library, None if run is None else library.find_run(run))
    farewell = app.run()
    if farewell:
        print(farewell)
    if app.return_code:
        raise typer.Exit(app.return_code)
