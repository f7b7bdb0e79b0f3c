"""Programs on real pseudo-terminals, and what they write there."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from nn.config import preset
from nn.runs import messages as m
from nn.runs.client import start_trainer, wait_until
from nn.runs.folder import Library, RunFolder

PATIENCE = 60.0
PLACE = re.compile(r"\x1b\[(\d*);?(\d*)H")
SEQUENCE = re.compile(rb"\x1b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[=>78])")
"""An escape sequence: CSI, OSC, or a short one."""

ROOT = Path(__file__).parents[2]


def dashboard(models: Path, *words: str) -> list[str]:
    """The command line of the dashboard on a library."""
    first = [each for each in words if not each.startswith("-")]
    options = [each for each in words if each.startswith("-")]
    return [sys.executable, "-P", "-m", "tui.cli", *first, "--models", str(models), *options]


def environment(**changes: str) -> dict[str, str]:
    """This process's, with a plain terminal of 256 colours."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in ("COLUMNS", "LINES", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "TMUX")
    }
    mine = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return plain | mine | changes


class Terminal:
    """A program in a session of its own that the pseudo-terminal controls.

    What it writes is read by `read`, `wait_for` and `wait`, and by nobody else; `written` is all
    of it. The program ends with the block.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 120,
        lines: int = 36,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.side, its = os.openpty()
        self.written = b""
        self.resize(columns, lines)
        self._modes = os.dup(its)
        # The first terminal that the leader of a session opens controls the session.
        leader = ["sh", "-c", 'exec "$@" <>"$0"', os.ttyname(its)]
        self.process = subprocess.Popen(
            [*leader, *command],
            stdin=its,
            stdout=its,
            stderr=its,
            env=environment,
            start_new_session=True,
        )
        os.close(its)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Close the terminal, as a dropped connection does."""
        for each in (self._modes, self.side):
            with suppress(OSError):
                os.close(each)

    def resize(self, columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, size)

    def press(self, keys: str) -> None:
        os.write(self.side, keys.encode())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def modes(self) -> list[object]:
        """The terminal's settings, as `stty` shows them."""
        return termios.tcgetattr(self._modes)

    def is_full(self) -> bool:
        """Whether it takes nothing more of what the program writes until somebody reads."""
        return not select.select([], [self._modes], [], 0)[1]

    def read(self, seconds: float) -> bytes:
        """What is written within a time."""
        before, deadline = len(self.written), time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._read(left)
        return self.written[before:]

    def wait_for(self, text: str, *, since: int = 0) -> bytes:
        """Wait until a text, with whatever sequences in it, is written; what was till then."""
        return self.wait_until(lambda: text in self.text(since), f"{text!r} is not written")

    def wait_until(self, condition: Callable[[], bool], problem: str) -> bytes:
        """Read until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{problem}: {self.written[-4000:]!r}"
            self._read(0.1)
        return self.written

    def text(self, since: int = 0) -> str:
        """What is written from some byte on, without the sequences."""
        return SEQUENCE.sub(b"", self.written[since:]).decode("utf-8", "replace")

    def see(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        self.wait_until(lambda: text in self.screen(), f"{text!r} is not to be seen")

    def screen(self) -> str:
        """What stands on the screen that was entered last, line by line.

        Only what the dashboard uses is understood: places and text.
        """
        _, entered, after = self.written.rpartition(b"\x1b[?1049h")
        lines: dict[int, dict[int, str]] = {}
        row = column = 1
        text = after.decode("utf-8", "replace") if entered else ""
        for piece in re.split(r"(\x1b\[[0-9;]*H)", text):
            if place := PLACE.fullmatch(piece):
                row, column = (int(each or 1) for each in place.groups())
                continue
            for character in SEQUENCE.sub(b"", piece.encode()).decode():
                lines.setdefault(row, {})[column] = character
                column += 1
        return "\n".join(
            "".join(lines.get(row, {}).get(column, " ") for column in range(1, self.columns + 1))
            for row in range(1, self.lines + 1)
        )

    def wait(self) -> int:
        """Read until the program ends; its exit code."""
        self.wait_until(lambda: self.process.poll() is not None, "it does not end")
        while self._read(0.05):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self.side], [], [], seconds)
        try:
            piece = os.read(self.side, 1 << 16) if ready else b""
        except OSError:  # how Linux tells that nobody has it open
            return b""
        self.written += piece
        return piece


class LivingRun:
    """A run with a real trainer that goes on for as long as a test needs it."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._events = folder.events()
        self.step = 0
        self.process = 0

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        assert wait_until(condition, PATIENCE), self.folder.log_file.read_text()

    def takes_steps(self, count: int = 20) -> None:
        """Wait until so many more steps are taken."""
        self._read()
        goal = self.step + count
        self.until(lambda: self._read() >= goal)

    def _read(self) -> int:
        for event in self._events.read_all():
            if isinstance(event, m.Started):
                self.process = event.process
            elif isinstance(event, m.BatchesFinished):
                self.step = event.step
        return self.step

    def end(self) -> None:
        """Kill the trainer, if there is one: nothing of the run is to be kept."""
        if self.folder.has_trainer():
            self.until(lambda: self._read() >= 0 and self.process > 0)
            os.kill(self.process, signal.SIGKILL)


@contextmanager
def living_run(models: Path, *, start: bool = True) -> Iterator[LivingRun]:
    """A long run of a small network in that library; its trainer ends with the block."""
    fields = {
        "data.limit": 500,
        "training.batch_size": 10,
        "training.epochs": 5000,
        "training.threads": 1,
        "training.schedule": "constant",
    }
    run = LivingRun(Library(models).create_run(preset("small").changed(fields)))
    try:
        if start:
            start_trainer(run.folder)
            run.takes_steps(1)
        yield run
    finally:
        run.end()
