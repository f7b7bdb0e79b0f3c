"""Work in a process of its own: the screen stays quick, and NumPy keeps to its threads.

What runs there is a module with `serve` as its main function: it reads what to do from its standard
input and writes what happens, one JSON object a line, to its standard output. When nobody reads
that any more, it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, Literal, Self, TypeVar

from pydantic import TypeAdapter

from nn.processors import give_way, limit_blas_threads, reserve_memory_of_products
from nn.runs.messages import FailureKind
from nn.schema import InputError, Schema

Event = TypeVar("Event", bound=Schema)


class WorkFailed(Schema):
    """The work could not be done; `message` is a sentence."""

    event: Literal["failed"] = "failed"
    kind: FailureKind
    message: str


class WorkError(RuntimeError):
    """Work could not be done, though nothing was wrong with what was asked for."""


class SideProcess(Generic[Event]):
    """A process that does what is `wanted`; as a context, it does not outlive it.

    `module` is what it runs, `what` names the work, `events` reads what it says, and `last` is the
    kind of what it says last. It belongs to no terminal, so that Ctrl-C reaches it only through
    whoever started it. Every stream is given, as the screen replaces the standard ones.
    """

    def __init__(
        self,
        module: str,
        what: str,
        wanted: Schema,
        events: TypeAdapter[Event | WorkFailed],
        last: type[Event],
    ) -> None:
        self._what, self._reads, self._last = what, events, last
        environment = dict(os.environ)
        limit_blas_threads(environment)
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
        assert self._process.stdin is not None, "it is a pipe"
        assert self._process.stdout is not None, "it is a pipe"
        self._lines = self._process.stdout
        with suppress(BrokenPipeError), self._process.stdin as pipe:
            pipe.write(wanted.model_dump_json().encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._lines.close()

    def events(self) -> Iterator[Event]:
        """What happens, as it happens; nothing more after `end`.

        Raises:
            InputError: if the work cannot be done as it was asked for.
            WorkError: if it fails otherwise, or its process dies.
        """
        event: Event | WorkFailed | None = None
        for line in self._lines:
            event = self._reads.validate_json(line)
            if isinstance(event, WorkFailed):
                raise (InputError if event.kind == "input" else WorkError)(event.message)
            yield event
        if not (self._ended or isinstance(event, self._last)):
            raise WorkError(f"{self._what} ended by itself, with code {self._process.wait()}")

    def end(self) -> None:
        """End the process, if it lives; nobody waits for one that is stopped."""
        self._ended = True
        self._process.kill()
        self._process.wait()


def serve(work: Callable[[bytes], Iterator[Schema]]) -> int:
    """Do what standard input says, and leave the processors to others where they want them.

    Returns the process's exit code.
    """
    give_way()
    reserve_memory_of_products()
    wanted = sys.stdin.buffer.read()
    # What others print, as some datasets do while they are fetched, must not get among the lines.
    lines = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        for event in work(wanted):
            os.write(lines, f"{event.model_dump_json()}\n".encode())
    except BrokenPipeError:
        return 1
    return 0


def told(what: str, events: Iterator[Schema]) -> Iterator[Schema]:
    """The same events; whatever goes wrong is the last of them, as a sentence."""
    try:
        yield from events
    except InputError as error:
        yield WorkFailed(kind="input", message=str(error))
    except MemoryError:
        message = "there is not enough memory; use a smaller batch or network"
        yield WorkFailed(kind="memory", message=message)
    except Exception as error:
        message = f"{what} failed: {type(error).__name__}: {error}"
        yield WorkFailed(kind="unexpected", message=message)
