"""Real trainers in a library of their own that vanishes with them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from nn.config import RunConfig
from nn.runs.client import follow, send, start_trainer, wait_for_answer, wait_until
from nn.runs.folder import Library, RunFolder
from nn.runs.messages import BatchesFinished, Command, Event, Started

PATIENCE = 180.0

E = TypeVar("E", bound=Event)


@contextmanager
def library() -> Iterator[Library]:
    """An empty library that vanishes."""
    with TemporaryDirectory(prefix="cnn-tui-benchmark-") as folder:
        yield Library(Path(folder))


@contextmanager
def trainer(config: RunConfig) -> Iterator[RunFolder]:
    """A run that trains, past its first steps; its process and its files end with the block."""
    with library() as models:
        run = models.create_run(config)
        try:
            start_trainer(run)
            first_event(run, BatchesFinished)
            yield run
        finally:
            _end(run)


def first_event(run: RunFolder, kind: type[E]) -> E:
    """A run's first event of a kind, waiting for it."""
    for events in follow(run, run.events(), interval=0.02):
        for event in events:
            if isinstance(event, kind):
                return event
    sys.exit(f"the trainer ended early: {run.log_file.read_text('utf-8', 'replace')}")


def obey(run: RunFolder, command: Command) -> None:
    """Let the trainer carry out a command, and wait for its answer."""
    answer = wait_for_answer(run, send(run, command), PATIENCE)
    if answer is None or answer.error:
        sys.exit(f"{command}: was not carried out ({answer and answer.error})")


def _end(run: RunFolder) -> None:
    """Kill the trainer, also one that has only just begun: nothing of it is to be kept."""
    if wait_until(run.has_trainer, 2.0):
        os.kill(first_event(run, Started).process, signal.SIGKILL)
        wait_until(lambda: not run.has_trainer(), PATIENCE)
