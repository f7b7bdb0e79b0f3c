"""A program on a pseudo-terminal: its keys, and what it paints."""

from __future__ import annotations

import codecs
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS, LINES = 120, 36
CHUNK = 1 << 16
PATIENCE = 20.0
_PLACE = re.compile(r"\x1b\[(\d*);?(\d*)H")
_SEQUENCE = re.compile(r"\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|\][^\x07\x1b]*\x07)")
_UNFINISHED = re.compile(r"\x1b(?:[\[\]][^@-~\x07]*)?\Z")


def cnn_tui() -> str:
    """The path of the installed command."""
    command = Path(sysconfig.get_path("scripts")) / "cnn-tui"
    if not command.exists():
        sys.exit(f"{command}: does not exist; install the project first: pip install -e .")
    return str(command)


class Screen:
    """What stands on a terminal after places and text were written to it, without styles."""

    def __init__(self, columns: int = COLUMNS, lines: int = LINES) -> None:
        self._columns = columns
        self._lines = [[" "] * columns for _ in range(lines)]
        self._row = self._column = 0
        self._rest = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def text(self) -> str:
        """Its lines."""
        return "\n".join("".join(line) for line in self._lines)

    def write(self, piece: bytes) -> None:
        """Take what was written next; a sequence that is cut short waits for its end."""
        text = self._rest + self._decode(piece)
        unfinished = _UNFINISHED.search(text)
        end = unfinished.start() if unfinished else len(text)
        text, self._rest = text[:end], text[end:]
        at = 0
        for sequence in _SEQUENCE.finditer(text):
            self._put(text[at : sequence.start()])
            at = sequence.end()
            if place := _PLACE.fullmatch(sequence[0]):
                self._row, self._column = (int(each or 1) - 1 for each in place.groups())
        self._put(text[at:])

    def _put(self, text: str) -> None:
        for character in text:
            inside = self._row < len(self._lines) and self._column < self._columns
            if character.isprintable() and inside:
                self._lines[self._row][self._column] = character
                self._column += 1


class Terminal:
    """A program that runs on a terminal which answers no question, of 256 colours unless
    `environment` says otherwise.

    Who opens it has to read what is painted, as the program waits for that. It ends with the block.
    What a person has set for the dashboard counts for nothing here.
    """

    def __init__(
        self,
        command: Sequence[str],
        columns: int = COLUMNS,
        lines: int = LINES,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._side, program_side = pty.openpty()
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(program_side, termios.TIOCSWINSZ, size)
        mine = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "COLORTERM")}
        mine |= {"TERM": "xterm-256color", "CNN_TUI_SETTINGS": ""}
        self._name = command[0]
        self._screen = Screen(columns, lines)
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            start_new_session=True,
            env=mine | (environment or {}),
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

    @property
    def process(self) -> int:
        """The program's process."""
        return self._process.pid

    def press(self, key: str) -> float:
        """Send a key; when that was."""
        pressed = time.perf_counter()
        os.write(self._side, key.encode())
        return pressed

    def wait_for(self, text: str) -> float:
        """When a pattern stood in a line of the screen."""
        pattern = re.compile(text)
        deadline = time.perf_counter() + PATIENCE
        seen = time.perf_counter()
        while not pattern.search(self._screen.text()):
            if time.perf_counter() > deadline:
                sys.exit(f"{text!r} was not painted within {PATIENCE:.0f} seconds")
            self._read(0.1)
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
            piece = os.read(self._side, CHUNK) if ready else b""
        except OSError:  # how Linux tells that the program has gone
            sys.exit(f"{self._name}: ended with {self._process.wait()}")
        self._screen.write(piece)
        return piece
