"""The trainer's process.

    python -m nn.runs.trainer FOLDER

It ends with 0 when the run is finished or was stopped, with 1 when it failed.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nn.evaluation import DivergedError
from nn.files import FULL, remove_drafts
from nn.processors import give_way, reserve_memory_of_products
from nn.runs import messages as m
from nn.runs.folder import RunFolder
from nn.runs.journal import append
from nn.runs.messages import FailureKind
from nn.runs.termination import on_sigterm
from nn.runs.training_run import TrainingRun
from nn.schema import InputError


def main(path: str) -> int:
    """Train the run of that folder; returns the process's exit code."""
    give_way()
    reserve_memory_of_products()
    run = RunFolder(Path(path))
    # Read before the run is held: what was asked until now was asked of no trainer.
    commands = run.commands()
    training_run = TrainingRun(run, commands, commands.read_all())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    on_sigterm(lambda: _attempt(training_run, training_run.terminate))
    try:
        with run.hold():
            remove_drafts(run.path)
            return _attempt(training_run, training_run.work)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1


def _attempt(training_run: TrainingRun, deed: Callable[[], None]) -> int:
    """The exit code of what a trainer does; the journal tells of what cannot be done."""
    run = training_run.run
    try:
        deed()
        return 0
    except InputError as error:
        return _fail(training_run, "input", str(error))
    except DivergedError as error:
        return _fail(training_run, "diverged", str(error))
    except MemoryError:
        message = "there is not enough memory; use a smaller batch or network"
        return _fail(training_run, "memory", message)
    except OSError as error:
        message = f"{error.filename or run.path}: {error.strerror}"
        if error.errno in FULL:
            remedy = f"make room, then `cnn-tui resume {run.id}` goes on from the last checkpoint"
            return _fail(training_run, "disk", f"{message}; {remedy}")
        traceback.print_exc()
        return _fail(training_run, "unexpected", message)
    except Exception as error:
        traceback.print_exc()
        message = f"{type(error).__name__}: {error}; details are in {run.log_file.name}"
        return _fail(training_run, "unexpected", message)


def _fail(training_run: TrainingRun, kind: FailureKind, message: str) -> int:
    _say(message)
    run, failed = training_run.run, m.Failed(step=training_run.step, kind=kind, message=message)
    try:
        append(run.events_file, failed)
    except OSError:
        # The next evaluation writes its file anew: it makes room for the sentence.
        run.evaluation_file.unlink(missing_ok=True)
        try:
            append(run.events_file, failed)
        except OSError as error:
            _say(f"{run.events_file}: {error.strerror}: it does not say so")
    return 1


def _say(message: str) -> None:
    """On standard error, which is a file too: a full disk may have no room for it."""
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
