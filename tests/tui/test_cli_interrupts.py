"""Commands that end before their time: by Ctrl-C, or since nobody reads them any more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nn.runs.client import wait_until
from nn.runs.folder import Library, RunFolder
from nn.runs.messages import Stopped

PATIENCE = 60.0
COMMAND = [sys.executable, "-P", "-m", "tui"]
LONG = ["--preset", "mlp", "--limit", "500", "--batch-size", "20", "--epochs", "300"]
INTERRUPTING = """
import os, signal

class Attribute:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)

class Interrupted:
    attribute = Attribute()
"""
"""A module whose import is interrupted where Python makes another exception of it."""


def start(*words: object, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def ended(models: Path) -> RunFolder:
    """The only run there, which nobody trains any more."""
    (run,) = Library(models).runs()
    assert not run.has_trainer()
    assert isinstance(run.events(sample=0).read_all()[-1], Stopped)
    return run


def test_ctrl_c_while_python_imports_is_as_quiet_as_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "typer.py").write_text(INTERRUPTING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with start("runs") as process:
        assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 130


def test_ctrl_c_while_the_trainer_starts_leaves_none_behind(tmp_path: Path) -> None:
    with start("train", *LONG, "--models", tmp_path) as process:
        assert wait_until(lambda: bool(Library(tmp_path).runs()), PATIENCE)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    run = ended(tmp_path)
    assert f"; continue with: cnn-tui train --resume {run.id}" in said


def test_a_run_ends_when_nobody_reads_of_it_any_more(tmp_path: Path) -> None:
    """As with `2>&1 | head -1`."""
    with start("train", *LONG, "--models", tmp_path, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        assert "epoch 1/300" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE) == 1
    assert ended(tmp_path).checkpoint_file.exists()


def test_whoever_still_reads_is_told_how_to_go_on(tmp_path: Path) -> None:
    """As with `--json | head -1`."""
    with start("train", *LONG, "--models", tmp_path, "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        run = json.loads(process.stdout.readline())["run"]
        process.stdout.close()
        assert process.stderr.read().endswith(f"continue with: cnn-tui train --resume {run}\n")
        assert process.wait(PATIENCE) == 1
    assert ended(tmp_path).id == run
