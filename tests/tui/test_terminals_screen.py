"""The dashboard inside GNU screen."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dashboards import batches, fake_run
from terminals import PATIENCE, Terminal, dashboard, environment

pytestmark = pytest.mark.skipif(shutil.which("screen") is None, reason="screen is not installed")


class Window:
    """The only window of a screen with the program in it, seen on terminals one after another."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        folder.mkdir(mode=0o700)
        self._copy = folder / "hardcopy"
        self._environment = environment(SCREENDIR=str(folder))
        # The shell stays when the program has gone, so that its screen can be looked at.
        line = f"{shlex.join(command)}; echo left with $?; exec cat"
        self.terminal = self._open("-c", "/dev/null", "sh", "-c", line)

    def attach(self) -> None:
        """On another terminal, as after a connection that dropped."""
        self._leave()
        self.terminal = self._open("-D", "-r")
        self.terminal.wait_for("q quit")

    def see(self, *texts: str) -> None:
        """Wait until all texts are in the window."""
        self.terminal.wait_until(
            lambda: all(each in self._shown() for each in texts), f"{texts} are not to be seen"
        )

    def end(self) -> None:
        self._tell("quit")
        self._leave()

    def _leave(self) -> None:
        self.terminal.hang_up()
        self.terminal.process.wait(PATIENCE)

    def _open(self, *words: str) -> Terminal:
        line = ["screen", "-U", "-S", "cnn-tui", *words]
        return Terminal(line, columns=80, lines=24, environment=self._environment)

    def _shown(self) -> str:
        self._tell("hardcopy", str(self._copy))
        return self._copy.read_text("utf-8", "replace") if self._copy.exists() else ""

    def _tell(self, *words: str) -> None:
        """A command of screen itself; there may be none yet, or none any more."""
        line = ["screen", "-S", "cnn-tui", "-X", *words]
        subprocess.run(line, env=self._environment, capture_output=True, check=False)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """A window with a run that trains; it ends with the test."""
    with fake_run(tmp_path / "models", *(batches(10 * n) for n in range(1, 4))):
        window = Window(tmp_path / "screen", dashboard(tmp_path / "models", "attach"))
        yield window
        window.end()


def test_keys_views_size_and_leaving(window: Window) -> None:
    window.see("training", "q quit", "loss")
    for key, text in (("2", "No answers yet"), ("6", "6 Rate"), ("0", "conv2d"), ("1", "accuracy")):
        window.terminal.press(key)
        window.see(text)
    window.terminal.resize(120, 36)
    window.see("Training", "1 Curves")
    window.terminal.resize(38, 8)
    window.see("needs more room")
    window.terminal.resize(80, 24)
    window.see("0 Net", "1 Curves")
    window.terminal.press("q")
    window.see("goes on", "left with 0")


def test_it_is_there_again_after_a_connection_dropped(window: Window) -> None:
    window.see("training", "q quit", "loss")
    window.attach()
    window.terminal.press("2")
    window.terminal.wait_for("No answers yet")
