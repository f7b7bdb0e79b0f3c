"""A rate test in a process of its own: the screen stays quick, and NumPy keeps to its threads.

    python -m nn.runs.rate_process

reads what to do from its standard input and writes what happens, one JSON object a line, to its
standard output. When nobody reads that any more, it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter

from nn.config import RunConfig
from nn.data import load
from nn.processors import NICENESS, limit_blas_threads
from nn.rate_finder import RateTest, RateTested, RateTried, find_rate
from nn.schema import InputError, Schema


class Wanted(Schema):
    """What a process is to do."""

    config: RunConfig
    test: RateTest


class RateTestFailed(Schema):
    """The test could not be done; `message` is a sentence."""

    event: Literal["failed"] = "failed"
    message: str


_EVENTS: TypeAdapter[RateTried | RateTested | RateTestFailed] = TypeAdapter(
    Annotated[RateTried | RateTested | RateTestFailed, Field(discriminator="event")]
)


class RateProcess:
    """A process that tests rates; as a context, it does not outlive it.

    It belongs to no terminal, so that Ctrl-C reaches it only through whoever started it. Every
    stream is given, as the screen replaces the standard ones.

    Raises:
        InputError: if the configuration cannot run.
    """

    def __init__(self, config: RunConfig, test: RateTest) -> None:
        config.check()
        environment = dict(os.environ)
        limit_blas_threads(environment)
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "nn.runs.rate_process"],
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
            pipe.write(Wanted(config=config, test=test).model_dump_json().encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._lines.close()

    def events(self) -> Iterator[RateTried | RateTested]:
        """What happens, as it happens; nothing more after `end`.

        Raises:
            InputError: if the test cannot be done, or its process dies.
        """
        event = None
        for line in self._lines:
            event = _EVENTS.validate_json(line)
            if isinstance(event, RateTestFailed):
                raise InputError(event.message)
            yield event
        if not (self._ended or isinstance(event, RateTested)):
            raise InputError(f"the rate test ended by itself, with code {self._process.wait()}")

    def end(self) -> None:
        """End the process, if it lives."""
        self._ended = True
        self._process.terminate()
        self._process.wait()


def main() -> int:
    """Test rates as standard input says; returns the process's exit code."""
    os.nice(NICENESS)
    wanted = Wanted.model_validate_json(sys.stdin.buffer.read())
    # What others print, as some datasets do while they are fetched, must not get among the lines.
    lines = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        for event in _test(wanted):
            os.write(lines, f"{event.model_dump_json()}\n".encode())
    except BrokenPipeError:
        return 1
    return 0


def _test(wanted: Wanted) -> Iterator[RateTried | RateTested | RateTestFailed]:
    data = wanted.config.data
    try:
        yield from find_rate(wanted.config, wanted.test, load(data.dataset, "train", data.limit))
    except InputError as error:
        yield RateTestFailed(message=str(error))
    except MemoryError:
        yield RateTestFailed(message="there is not enough memory; use a smaller batch or network")
    except Exception as error:
        yield RateTestFailed(message=f"the rate test failed: {type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
