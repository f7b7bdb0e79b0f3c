"""Processes of contenders, seen from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from contenders import ENGINE

from nn.processors import limit_blas_threads

SCRIPT = Path(__file__).with_name("contenders.py")


class Worker:
    """A contender's process, seen from outside."""

    def __init__(self, name: str, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self.name, self._process, self._errors = name, process, errors

    def ask(self, order: str) -> Any:
        """What it answers to an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        """What it says next; the first is its losses, of which it thinks while others start."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            sys.exit(f"{self.name}: ended without an answer: {self._errors.read()}")
        return json.loads(answer)


def environment(name: str, threads: int) -> dict[str, str]:
    """What a contender's process starts with. This project has threads of its own, above BLAS."""
    found = dict(os.environ)
    limit_blas_threads(found, 1 if name == ENGINE else threads)
    return found


@contextmanager
def worker(name: str, network: str, batch: int, threads: int) -> Iterator[Worker]:
    """A contender in a process of its own, which ends with the block."""
    with TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), name, network, str(batch), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment(name, threads),
            start_new_session=True,
        )
        try:
            yield Worker(name, process, errors)
        finally:
            process.kill()
            process.communicate()
