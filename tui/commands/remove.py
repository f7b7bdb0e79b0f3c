"""`cnn-tui rm`: remove runs that nobody needs any more."""

from __future__ import annotations

import json
import sys
import time

import typer

from nn.runs.folder import Library, RunFolder
from nn.schema import InputError
from tui.commands.saying import tell
from tui.exits import Exit
from tui.render.formats import age, percent
from tui.state import run_row


def remove(library: Library, wanted: list[str], *, force: bool, as_json: bool) -> Exit:
    """Remove runs, after a question about all of them; saved models stay.

    Raises:
        InputError: if one of them is not known or has a trainer (then none is removed), or if there
            is no terminal to ask on.
    """
    runs = {run.id: run for run in map(library.find_run, wanted)}
    for run in runs.values():
        if run.has_trainer():
            raise InputError(f"run {run.id}: is training; `cnn-tui stop {run.id}` ends it first")
    if not force and not _agreed(list(runs.values())):
        tell("Nothing was removed.")
        return Exit.FAILED
    for run in runs.values():
        library.remove_run(run)
        print(json.dumps({"run": run.id, "state": "removed"}) if as_json else f"removed {run.id}")
    return Exit.DONE


def _agreed(runs: list[RunFolder]) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError("rm: there is no terminal to ask on; add --force to remove without asking")
    for run in runs:
        tell(_describe(run))
    what = "this run" if len(runs) == 1 else f"these {len(runs)} runs"
    try:
        return typer.confirm(f"Remove {what}, with history and checkpoint?", err=True)
    except typer.Abort as abort:
        tell("")
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        return False


def _describe(run: RunFolder) -> str:
    """A run in one line; a broken one can be removed too."""
    try:
        row = run_row(run)
    except InputError as error:
        return f"{run.id}  {error}"
    best = "" if row.best_accuracy is None else f", best {percent(row.best_accuracy)}"
    return f"{run.id}  {row.phase}{best}, {row.network}, {age(time.time() - row.started)} old"
