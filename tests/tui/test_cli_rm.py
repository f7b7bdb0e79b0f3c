"""`cnn-tui rm` and `cnn-tui runs`, as a script and as a person at a terminal meet them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from terminals import Terminal

from nn.config import preset
from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from nn.runs.journal import append

PATIENCE = 60.0


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture
def run(library: Library) -> RunFolder:
    """A run that reached 90 % in its one epoch and was stopped."""
    run = library.create_run(preset("small").changed({"training.epochs": 2}))
    for event in (
        m.Started(
            step=0,
            process=1,
            threads=1,
            train_count=100,
            validation_count=0,
            test_count=10,
            batches_per_epoch=10,
        ),
        m.BatchesFinished(
            step=10,
            epoch=0,
            losses=(0.5,) * 10,
            accuracies=(0.5,) * 10,
            learning_rate=0.1,
            images_per_second=1.0,
        ),
        m.EpochFinished(
            epoch=1,
            step=10,
            train_loss=0.5,
            train_accuracy=0.5,
            validation_loss=None,
            validation_accuracy=None,
            test_loss=0.4,
            test_accuracy=0.9,
            best=True,
            elapsed=1.0,
        ),
        m.Stopped(step=10, reason="asked"),
    ):
        append(run.events_file, event)
    return run


def command(library: Library, *words: str) -> list[str]:
    name, *rest = words
    return [sys.executable, "-P", "-m", "tui.cli", name, "--models", str(library.path), *rest]


def call(library: Library, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(library, *words),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def at_a_terminal(library: Library, answer: bytes, *words: str) -> tuple[int, str]:
    """The exit code and what was to be seen, for somebody who types that."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(library, *words), stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    seen = b""
    try:
        while b"]: " not in seen:
            seen += os.read(ours, 1000)
        os.write(ours, answer)
        while piece := os.read(ours, 1000):
            seen += piece
    except OSError:
        """The other end is closed."""
    finally:
        os.close(ours)
    return process.wait(PATIENCE), seen.decode()


def test_runs_tells_state_progress_best_accuracy_and_age(library: Library, run: RunFolder) -> None:
    ago = run.config_file.stat().st_mtime - 7200
    os.utime(run.config_file, (ago, ago))
    row = json.loads(call(library, "runs", "--json").stdout)
    assert (row["id"], row["phase"], row["progress"]) == (run.id, "stopped", 0.5)
    assert row["best_accuracy"] == 0.9
    assert 7200 <= row["age"] < 7200 + PATIENCE
    line = call(library, "runs").stdout.splitlines()[1].split()
    assert line[:5] == [run.id, "stopped", "50%", "90.00", "%"]
    assert line[-2:] == ["2", "h"]


def test_on_a_narrow_terminal_the_networks_words_give_way(
    library: Library, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.utime(run.config_file, (run.config_file.stat().st_mtime - 7200,) * 2)
    monkeypatch.setenv("COLUMNS", "65")
    heads, line = call(library, "runs").stdout.splitlines()[:2]
    assert "progress  best accuracy  network" in heads
    assert "…" in line
    assert line.endswith("2 h")


def test_a_clock_that_jumped_back_makes_no_run_younger_than_nothing(
    library: Library, run: RunFolder
) -> None:
    os.utime(run.config_file, (4e9, 4e9))
    assert json.loads(call(library, "runs", "--json").stdout)["age"] == 0


def test_rm_without_a_terminal_needs_force(library: Library, run: RunFolder) -> None:
    refused = call(library, "rm", run.id)
    assert refused.returncode == 2
    assert "no terminal to ask on; add --force" in refused.stderr
    assert run.config_file.exists()
    done = call(library, "rm", run.id, "--force", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"run": run.id, "state": "removed"}
    assert not run.path.exists()


def test_rm_removes_all_or_none_where_one_is_living_or_unknown(
    library: Library, run: RunFolder
) -> None:
    living = library.create_run(preset("small"))
    with living.hold():
        refused = call(library, "rm", run.id, living.id, "--force")
    assert refused.returncode == 2
    assert f"run {living.id}: is training; `cnn-tui stop {living.id}` ends it" in refused.stderr
    assert call(library, "rm", run.id, "zzz", "--force").returncode == 2
    assert run.config_file.exists()
    assert living.config_file.exists()
    assert call(library, "rm", run.id, run.id, living.id, "--force").returncode == 0
    assert library.runs() == []


def test_rm_cannot_leave_the_library(library: Library, run: RunFolder) -> None:
    for path in (f"../runs/{run.id}", str(run.path), "..", "."):
        assert call(library, "rm", path, "--force").returncode == 2
    assert run.config_file.exists()


def test_rm_asks_on_a_terminal(library: Library, run: RunFolder) -> None:
    code, seen = at_a_terminal(library, b"n\n", "rm", run.id)
    assert code == 1
    assert f"{run.id}  stopped, best 90.00 %" in seen
    assert "Nothing was removed." in seen
    assert run.config_file.exists()
    code, seen = at_a_terminal(library, b"y\n", "rm", run.id)
    assert code == 0
    assert f"removed {run.id}" in seen
    assert not run.path.exists()


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 1)], ids=["ctrl-c", "ctrl-d"])
def test_rm_that_gets_no_answer_removes_nothing(
    library: Library, run: RunFolder, key: str, code: int
) -> None:
    with Terminal(command(library, "rm", run.id)) as terminal:
        terminal.wait_for("[y/N]:")
        terminal.press(key)
        assert terminal.wait() == code
        assert b"Abort" not in terminal.written
    assert run.config_file.exists()
