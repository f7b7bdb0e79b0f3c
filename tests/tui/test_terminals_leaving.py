"""However the dashboard ends, the terminal is as it was, and training goes on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminals import PATIENCE, Terminal, dashboard, environment, living_run

from nn.runs.messages import Command, Pause, Resume

PRIVATE_MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
KEYBOARDS = re.compile(rb"\x1b\[([<>])[0-9]*u")
ON_AT_FIRST = {7, 25}
"""Modes that a terminal begins with: lines wrap, and there is a cursor."""

FAILING = """
import sys
from pathlib import Path
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.opening import opening

def fail(self):
    raise ValueError("boom")

Dashboard.action_help = fail
with opening(ascii=False):
    app = Dashboard(Library(Path(sys.argv[1])))
    app.run()
sys.exit(app.return_code)
"""


def modes_on(written: bytes) -> set[int]:
    """Which modes are on after all that was written, from what a terminal begins with."""
    on = set(ON_AT_FIRST)
    for numbers, letter in PRIVATE_MODES.findall(written):
        for number in map(int, numbers.split(b";")):
            (on.add if letter == b"h" else on.discard)(number)
    return on


def pushed_keyboards(written: bytes) -> int:
    """How many keyboard protocols are left on the terminal's stack."""
    depth = 0
    for what in KEYBOARDS.findall(written):
        depth = depth + 1 if what == b">" else max(depth - 1, 0)
    return depth


def assert_taken_over(terminal: Terminal) -> None:
    assert {1049, 1000, 1006, 2004} <= modes_on(terminal.written)
    assert 25 not in modes_on(terminal.written)
    assert pushed_keyboards(terminal.written) == 1


def assert_restored(terminal: Terminal, before: list[object]) -> None:
    assert modes_on(terminal.written) == ON_AT_FIRST
    assert pushed_keyboards(terminal.written) == 0
    assert terminal.modes() == before


def by_key(key: str) -> Callable[[Terminal], None]:
    return lambda terminal: terminal.press(key)


def by_signal(number: signal.Signals) -> Callable[[Terminal], None]:
    return lambda terminal: terminal.signal(number)


WAYS = {
    "q": (by_key("q"), 0),
    "ctrl+q": (by_key("\x11"), 0),
    "SIGTERM": (by_signal(signal.SIGTERM), 143),
    "SIGHUP": (by_signal(signal.SIGHUP), 129),
}


@pytest.mark.parametrize(("leave", "code"), WAYS.values(), ids=WAYS.keys())
def test_the_terminal_is_as_it_was(
    tmp_path: Path, leave: Callable[[Terminal], None], code: int
) -> None:
    with Terminal(dashboard(tmp_path), environment=environment()) as terminal:
        before = terminal.modes()
        terminal.see("q quit")
        assert_taken_over(terminal)
        assert terminal.modes() != before
        leave(terminal)
        assert terminal.wait() == code
        assert_restored(terminal, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_so_it_is_after_a_signal_while_the_dashboard_opens(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Terminal(dashboard(tmp_path), environment=environment()) as terminal:
        before = terminal.modes()
        terminal.wait_for("is opening")
        terminal.signal(number)
        assert terminal.wait() == 128 + number
        assert_restored(terminal, before)


def test_a_signal_to_go_on_starts_nothing_again_while_it_ends(tmp_path: Path) -> None:
    with Terminal(dashboard(tmp_path), environment=environment()) as terminal:
        before = terminal.modes()
        terminal.see("q quit")
        terminal.signal(signal.SIGHUP)

        while terminal.process.poll() is None and len(terminal.written) < 1_000_000:
            terminal.signal(signal.SIGCONT)  # a terminal that goes sends both
            terminal.read(0.002)
        assert terminal.wait() == 129
        assert_restored(terminal, before)


def test_so_it_is_after_a_failure_which_is_told_in_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", FAILING, str(tmp_path)]
    with Terminal(command, environment=environment()) as terminal:
        before = terminal.modes()
        terminal.see("q quit")
        terminal.press("?")
        assert terminal.wait() == 1
        assert_restored(terminal, before)
        left = terminal.text(terminal.written.rindex(b"\x1b[?1049l"))
        assert "ValueError: boom" in left
        assert "Traceback" not in left
        assert "Traceback" in (tmp_path / "cnn-tui.log").read_text()


@pytest.fixture
def shell() -> Iterator[Terminal]:
    """A shell that has jobs."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    command = ["bash", "--norc", "--noprofile", "-i"]
    with Terminal(command, environment=environment(PS1="shell> ")) as terminal:
        terminal.wait_for("shell>")
        yield terminal


@pytest.mark.parametrize("way", ["ctrl+z", "SIGTSTP", "SIGSTOP"])
def test_to_the_shell_and_back(tmp_path: Path, shell: Terminal, way: str) -> None:
    line = " ".join(dashboard(tmp_path))
    shell.press(f"{line} & echo pid $! end; fg\n")
    found: list[str] = []
    shell.wait_until(
        lambda: bool(found.extend(re.findall(r"pid (\d+) end", shell.text())) or found), "no pid"
    )
    shell.see("q quit")
    if way == "ctrl+z":
        shell.press("\x1a")
    else:
        os.kill(int(found[0]), getattr(signal, way))
    shell.wait_for("Stopped")
    if way != "SIGSTOP":  # of which nobody is told
        assert modes_on(shell.written) | {2004} == ON_AT_FIRST | {2004}
        assert pushed_keyboards(shell.written) == 0
    seen = len(shell.written)
    shell.press("fg\n")
    shell.wait_until(lambda: b"\x1b[?1049h" in shell.written[seen:], "it does not come back")
    shell.see("no run yet")
    shell.see("q quit")
    assert {1049, 1000, 2004} <= modes_on(shell.written)
    shell.press("2")
    shell.see("c confidence")
    shell.press("q")
    shell.wait_until(lambda: shell.text(seen).endswith("shell> "), "it does not leave")
    shell.press("echo left $?\n")
    shell.wait_for("left 0", since=seen)
    assert modes_on(shell.written) | {2004} == ON_AT_FIRST | {2004}


def test_a_closed_terminal_ends_the_dashboard_and_not_the_trainer_that_it_started(
    tmp_path: Path,
) -> None:
    with living_run(tmp_path, start=False) as run:
        command = dashboard(tmp_path, "attach", run.folder.id)
        with Terminal(command, environment=environment()) as terminal:
            terminal.see("r resume")
            terminal.press("r")
            terminal.see("space pause")
            run.until(run.folder.has_trainer)
            terminal.hang_up()
            assert terminal.process.wait(PATIENCE) == 129
        run.takes_steps()


def test_a_terminal_that_stops_reading_holds_up_neither_trainer_nor_keys_nor_the_end(
    tmp_path: Path,
) -> None:
    with living_run(tmp_path) as run:
        command = dashboard(tmp_path, "attach", run.folder.id)
        with Terminal(command, environment=environment()) as terminal:
            before = terminal.modes()
            terminal.see("space pause")
            commands = run.folder.commands()
            commands.read_all()
            terminal.press("2345612345612")
            run.until(terminal.is_full)
            run.takes_steps()
            asked: list[Command] = []
            # What a key means depends on what the dashboard has read of the run by then.
            while not any(isinstance(each, Resume) for each in asked):
                so_far = len(asked)
                terminal.press(" ")
                run.until(
                    lambda n=so_far: bool(asked.extend(commands.read_all())) or len(asked) > n
                )
            assert isinstance(asked[0], Pause)
            run.takes_steps()
            terminal.signal(signal.SIGTERM)
            assert terminal.process.wait(PATIENCE) == 143
            terminal.wait()
            assert_restored(terminal, before)
        run.takes_steps()


def test_a_terminal_that_reads_again_sees_the_newest_state(tmp_path: Path) -> None:
    with living_run(tmp_path) as run:
        command = dashboard(tmp_path, "attach", run.folder.id)
        with Terminal(command, environment=environment()) as terminal:
            terminal.see("space pause")
            commands = run.folder.commands()
            commands.read_all()
            terminal.press("23456123456")
            terminal.press(" ")
            run.until(lambda: any(isinstance(each, Pause) for each in commands.read_all()))
            terminal.see("space go on")
            terminal.see("paused at step")
