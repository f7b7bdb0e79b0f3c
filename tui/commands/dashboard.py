"""`cnn-tui` and `cnn-tui attach`: the screen."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from nn.schema import InputError
from tui import garbage
from tui.commands.saying import complain, say
from tui.opening import opening
from tui.terminal.kind import refuse_dumb, wants_ascii
from tui.terminal_size import trust_terminal


@dataclass(frozen=True)
class Look:
    """How the screen is drawn; `ascii` is None where the terminal decides."""

    ascii: bool | None = None
    slow: bool = False


def open_dashboard(models: Path, look: Look, run: str | None = None) -> None:
    """Show the dashboard, perhaps on a run, until the person leaves it.

    Raises:
        InputError: if there is no terminal, or none that will do, or no such run.
    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise InputError(
            "the dashboard needs a terminal; use `cnn-tui train` without one, "
            "or `ssh -t HOST cnn-tui` to have one"
        )
    refuse_dumb(os.environ)
    trust_terminal(os.environ, sys.stdout.fileno())
    ascii = wants_ascii(os.environ) if look.ascii is None else look.ascii
    # What is being loaded stays: to look for garbage in it takes a tenth of the time to open.
    gc.set_threshold(garbage.RARELY)
    with opening(ascii=ascii):
        from nn.runs.folder import Library
        from tui.app import Dashboard
        from tui.remembered import Memory, settings_file

        library = Library(models)
        opened = None if run is None else library.find_run(run)
        file = settings_file(os.environ)
        memory = None if file is None else Memory(file)
        app = Dashboard(library, opened, ascii=ascii, slow=look.slow, memory=memory)
        gc.freeze()
        farewell = app.run()
    if memory is not None:
        memory.keep(app.settings)
    if farewell:
        say(farewell)
    if memory is not None and memory.problem and not memory.was_told:
        complain(memory.problem)
    if app.return_code:
        raise typer.Exit(app.return_code)
