"""A program on a pseudo-terminal: its keys, and what it paints."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import sysconfig
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS, LINES = 120, 36
CHUNK, LONGEST_TEXT = 1 << 16, 1 << 12
PATIENCE = 20.0
_STYLES = re.compile(rb"\x1b\[[0-9;:]*m")


def cnn_tui() -> str:
    """The path of the installed command."""
    command = Path(sysconfig.get_path("scripts")) / "cnn-tui"
    if not command.exists():
        sys.exit(f"{command}: does not exist; install the project first: pip install -e .")
    return str(command)


class Terminal:
    """A program that runs on a terminal of 120 × 36 in 256 colours, which answers no question.

    Who opens it has to read what is painted, as the program waits for that. It ends with the block.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._side, program_side = pty.openpty()
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(program_side, termios.TIOCSWINSZ, size)
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self._name, self._painted = command[0], b""
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            start_new_session=True,
            env=environment | {"TERM": "xterm-256color"},
        )
        os.close(program_side)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._side)

    def press(self, key: str) -> float:
        """Send a key; what was painted before is forgotten. When that was."""
        self._painted = b""
        pressed = time.perf_counter()
        os.write(self._side, key.encode())
        return pressed

    def wait_for(self, text: str) -> float:
        """When a pattern, within a line and whatever its styles, has been painted."""
        pattern = re.compile(text.encode())
        deadline = time.perf_counter() + PATIENCE
        while not pattern.search(_STYLES.sub(b"", self._painted)):
            if time.perf_counter() > deadline:
                sys.exit(f"{text!r} was not painted within {PATIENCE:.0f} seconds")
            self._painted = self._painted[-LONGEST_TEXT:] + self._read(0.1)
            seen = time.perf_counter()
        return seen

    def watch(self, until: float) -> int:
        """Read what is painted until then; how many bytes that was."""
        count = 0
        while (left := until - time.perf_counter()) > 0:
            count += len(self._read(left))
        return count

    def _read(self, patience: float) -> bytes:
        ready, _, _ = select.select([self._side], [], [], patience)
        try:
            return os.read(self._side, CHUNK) if ready else b""
        except OSError:  # how Linux tells that the program has gone
            sys.exit(f"{self._name}: ended with {self._process.wait()}")
