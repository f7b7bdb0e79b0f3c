"""The trainer's process.

    python -m nn.runs.trainer FOLDER

It ends with 0 when the run is finished or was stopped, with 1 when it failed.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from nn.files import remove_drafts
from nn.processors import NICENESS
from nn.runs import messages as m
from nn.runs.folder import RunFolder
from nn.runs.journal import Journal, append
from nn.runs.messages import FailureKind
from nn.runs.training_run import TrainingRun
from nn.schema import InputError
from nn.training import DivergedError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no more room: on the disk, for this user, in one file."""


def main(path: str) -> int:
    """Train the run of that folder; returns the process's exit code."""
    os.nice(NICENESS)
    run = RunFolder(Path(path))
    # Read before the run is held: what was asked until now was asked of no trainer.
    commands = run.commands()
    stale = commands.read_all()
    try:
        with run.hold():
            remove_drafts(run.path)
            return _train(run, commands, stale)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1


def _train(run: RunFolder, commands: Journal[m.Command], stale: list[m.Command]) -> int:
    training_run: TrainingRun | None = None
    terminated = False

    def terminate(*_: object) -> None:
        nonlocal terminated
        terminated = True
        if training_run is not None:
            training_run.ending = "terminated"

    signal.signal(signal.SIGTERM, terminate)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        training_run = TrainingRun(run, commands, stale)
        if terminated:
            training_run.ending = "terminated"
        training_run.work()
        return 0
    except InputError as error:
        return _fail(run, training_run, "input", str(error))
    except DivergedError as error:
        return _fail(run, training_run, "diverged", str(error))
    except MemoryError:
        message = "there is not enough memory; use a smaller batch or network"
        return _fail(run, training_run, "memory", message)
    except OSError as error:
        message = f"{error.filename or run.path}: {error.strerror}"
        if error.errno in FULL:
            remedy = f"make room, then `cnn-tui resume {run.id}` goes on from the last checkpoint"
            return _fail(run, training_run, "disk", f"{message}; {remedy}")
        traceback.print_exc()
        return _fail(run, training_run, "unexpected", message)
    except Exception as error:
        traceback.print_exc()
        message = f"{type(error).__name__}: {error}; details are in {run.log_file.name}"
        return _fail(run, training_run, "unexpected", message)


def _fail(
    run: RunFolder,
    training_run: TrainingRun | None,
    kind: FailureKind,
    message: str,
) -> int:
    _say(message)
    step = 0 if training_run is None else training_run.step
    failed = m.Failed(step=step, kind=kind, message=message)
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
