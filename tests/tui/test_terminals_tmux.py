"""The dashboard in real panes of tmux, as large and as small as they come."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboards import batches, fake_run
from terminals import PATIENCE, dashboard, environment

from tui.body import VIEWS

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

SIZES = [(40, 12), (80, 24), (120, 36), (300, 100)]


class Pane:
    """A pane of a tmux server of its own, and the program in it."""

    def __init__(self, socket: Path, command: list[str], columns: int, lines: int) -> None:
        self._socket = socket
        self.columns, self.lines = columns, lines
        size = ("-x", str(columns), "-y", str(lines))
        # The shell stays when the program has gone, so that its screen can be looked at.
        line = f"{shlex.join(command)}; echo left with $?; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", *size, line)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", *size)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self._socket), *words],
            env=environment(),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode()

    def keys(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def mouse(self, button: int, column: int, line: int, end: str) -> None:
        """What a terminal sends of its mouse: 32 more is a movement, M pressed, m let go."""
        self.tmux("send-keys", "-l", f"\x1b[<{button};{column};{line}{end}")

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def see(self, *texts: str) -> str:
        """Wait until all texts are on the screen; the screen."""
        deadline = time.monotonic() + PATIENCE
        while not all(text in (screen := self.screen()) for text in texts):
            assert time.monotonic() < deadline, f"{texts} are not to be seen:\n{screen}"
        return screen


@pytest.fixture
def panes(tmp_path: Path) -> Iterator[list[Pane]]:
    """Panes that end with the test."""
    opened: list[Pane] = []
    yield opened
    for pane in opened:
        pane.tmux("kill-server")


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_keys_views_and_leaving(
    tmp_path: Path, panes: list[Pane], columns: int, lines: int
) -> None:
    with fake_run(tmp_path / "models", *(batches(10 * n) for n in range(1, 4))) as trainer:
        command = dashboard(tmp_path / "models", "attach")
        pane = Pane(tmp_path / "socket", command, columns, lines)
        panes.append(pane)
        screen = pane.see("training", "q quit", "loss")
        assert len(screen.rstrip("\n").splitlines()) == lines, "the keys stand in the last line"
        for key, text in (
            ("2", "No answers yet"),
            ("5", trainer.run.id[:6]),
            ("6", "6 Rate"),
            ("7", "where their time"),
            ("8", "has not saved its"),
            ("0", "conv2d"),
            ("1", "accuracy"),
        ):
            pane.keys(key)
            pane.see(text)
        pane.keys("q")
        assert f"run {trainer.run.id} goes on" in pane.see("left with 0").replace("\n", "")


def test_it_follows_the_size_of_its_pane(tmp_path: Path, panes: list[Pane]) -> None:
    pane = Pane(tmp_path / "socket", dashboard(tmp_path / "models"), 120, 36)
    panes.append(pane)
    pane.see("Network", "Nothing trained yet")
    for columns, lines in (*SIZES, (80, 24)):
        pane.tmux("resize-window", "-x", str(columns), "-y", str(lines))
        pane.see("q quit", "Curves", "Training" if columns >= 100 else "0")
    pane.tmux("resize-window", "-x", "38", "-y", "8")
    pane.see("needs more room")
    pane.tmux("resize-window", "-x", "80", "-y", "24")
    pane.see("Nothing trained yet")


def test_a_drawing_made_with_the_mouse_and_with_keys(tmp_path: Path, panes: list[Pane]) -> None:
    pane = Pane(tmp_path / "socket", dashboard(tmp_path / "models"), 120, 36)
    panes.append(pane)
    pane.see("Nothing trained yet")
    pane.keys(str(1 + list(VIEWS).index("draw")))
    pane.see("model digits", "pen up", "arrows move the pen")
    seven = [
        (55, 8),
        *((x, 8) for x in range(60, 76, 5)),
        *((75 - 2 * i, 8 + 2 * i) for i in range(8)),
    ]
    pane.mouse(0, *seven[0], "M")
    for place in seven[1:]:
        pane.mouse(32, *place, "M")
    pane.see("pen down")
    pane.mouse(0, *seven[-1], "m")
    pane.see("pen up", "7  99")
    pane.keys("c")
    pane.see("arrows move the pen")
    pane.keys(*["Up"] * 5, "Space", *["Down"] * 14, "Space")
    pane.see("pen up", "1  99")
    pane.keys("q")
    pane.see("left with 0")
