"""How everybody but the trainer deals with a run: start, steer, follow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from nn.files import open_private_log
from nn.processors import limit_blas_threads
from nn.runs.folder import RunFolder
from nn.runs.journal import Journal, append
from nn.runs.messages import Acknowledged, Command, Event
from nn.schema import InputError

_children: list[subprocess.Popen[bytes]] = []
"""Trainers that this process started: kept so that they are reaped, never waited for at exit."""


def start_trainer(run: RunFolder, patience: float = 30.0) -> None:
    """Start a trainer process on a run, from its beginning or its last checkpoint.

    Returns when the trainer holds the run. The process belongs to no terminal and outlives this
    one. Every stream is given, as the screen replaces the standard ones.

    Raises:
        InputError: if the run has a trainer already, or the new one died at once.
    """
    if run.has_trainer():
        raise InputError(f"run {run.id}: has a living trainer already")
    _children[:] = [child for child in _children if child.poll() is None]
    environment = dict(os.environ)
    limit_blas_threads(environment)
    with open_private_log(run.log_file) as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "nn.runs.trainer", str(run.path.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
        )
    _children.append(child)
    if not wait_until(lambda: run.has_trainer() or child.poll() is not None, patience):
        raise InputError(f"run {run.id}: its trainer does not start; see {run.log_file}")
    if child.poll() is not None:
        _explain_death(run)


def wait_until(condition: Callable[[], bool], patience: float) -> bool:
    """Whether a condition comes true within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _explain_death(run: RunFolder) -> None:
    """A trainer that ended within its first moments has said why, or its log does."""
    if run.events_file.exists():
        return
    lines = run.log_file.read_text("utf-8", "replace").strip().splitlines()
    reason = lines[-1] if lines else "it left no message"
    raise InputError(f"run {run.id}: its trainer ended at once: {reason}")


def send(run: RunFolder, command: Command) -> str:
    """Write a command into a run's journal; its id is how the answer will name it.

    Raises:
        InputError: if it cannot be written.
    """
    try:
        append(run.commands_file, command)
    except OSError as error:
        raise InputError(f"{run.commands_file}: cannot be written ({error.strerror})") from None
    return command.id


def follow(run: RunFolder, journal: Journal[Event], interval: float = 0.1) -> Iterator[list[Event]]:
    """What a journal has to say, again and again, until the trainer is gone.

    A value may be empty: then nothing happened for `interval` seconds. The last ones are read
    after the trainer's end, so that nothing is missed.
    """
    alive = True
    while alive:
        alive = run.has_trainer()
        events = journal.read()
        if not events and alive:
            time.sleep(interval)
        yield events
    yield journal.read_all()


def wait_for_answer(run: RunFolder, command: str, patience: float) -> Acknowledged | None:
    """The trainer's answer to a command; None if it dies or takes over `patience` seconds."""
    deadline = time.monotonic() + patience
    for events in follow(run, run.events(sample=0), interval=0.02):
        for event in events:
            if isinstance(event, Acknowledged) and event.command == command:
                return event
        if time.monotonic() > deadline:
            break
    return None
