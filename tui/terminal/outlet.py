"""The way to a terminal, which never waits for the terminal.

A stopped `ssh`, or a full pipe behind it, would otherwise hold up whoever paints.
"""

from __future__ import annotations

import errno
import os
import select
import termios
from contextlib import suppress
from queue import SimpleQueue
from threading import Event, Thread

from tui.terminal.modes import RESTORE

CHUNK = 1 << 12
MUCH = 1 << 13
"""So many bytes that wait are a terminal that does not keep up: about one picture."""

PATIENCE = 1.0
"""Seconds that a terminal has to take what is left at the end."""


class Outlet:
    """Takes text at once and writes it when the terminal takes it; `gone` once there is none.

    It stands where Textual expects a text file.
    """

    def __init__(self, fileno: int, encoding: str) -> None:
        self.gone = False
        self._fileno, self._encoding = fileno, encoding
        self._given = self._written = 0
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        self._idle, self._given_up = Event(), Event()
        self._idle.set()
        self._file = _own_file(fileno)
        Thread(target=self._run, name="terminal", daemon=True).start()

    @property
    def is_behind(self) -> bool:
        """Whether the terminal does not keep up: more now would only be shown late."""
        return self._given - self._written > MUCH

    def fileno(self) -> int:
        """The terminal's own number."""
        return self._fileno

    def write(self, text: str) -> int:
        """Take text; whoever writes goes on.

        What the terminal takes at once is not left to the thread, which would wait for its turn.
        """
        piece = text.encode(self._encoding, "replace")
        if self._written == self._given and not os.get_blocking(self._file):
            with suppress(OSError):  # the thread will find the same, and see to it
                piece = piece[os.write(self._file, piece) :]
        if piece:
            self._given += len(piece)
            self._idle.clear()
            self._queue.put(piece)
        return len(text)

    def flush(self) -> None:
        """Nothing: all that was taken is on its way."""

    def finish(self) -> None:
        """Wait until all is written, but not for a terminal that takes nothing.

        What such a one has not taken is thrown away, except for what restores it: should it come
        back, that is the first thing it reads.
        """
        if self._idle.wait(PATIENCE) or self.gone:
            return
        self._given_up.set()
        self._idle.wait(PATIENCE)
        self._given_up.clear()
        with suppress(OSError, termios.error):
            termios.tcflush(self._file, termios.TCOFLUSH)
            os.write(self._file, RESTORE.encode())

    def _run(self) -> None:
        while True:
            piece = self._queue.get()
            self._write(memoryview(piece))
            self._written += len(piece)
            if self._written == self._given:
                self._idle.set()

    def _write(self, rest: memoryview) -> None:
        while rest and not self.gone and not self._given_up.is_set():
            try:
                rest = rest[os.write(self._file, rest[:CHUNK]) :]
            except BlockingIOError:
                select.select([], [self._file], [], 0.1)
            except OSError as error:
                self.gone = error.errno != errno.EINTR


def _own_file(fileno: int) -> int:
    """The terminal opened anew: not to wait for it must not be forced on those who share it."""
    try:
        return os.open(os.ttyname(fileno), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return os.dup(fileno)
