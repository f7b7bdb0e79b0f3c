"""The command where standard streams are closed, or cannot take every sign."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nn.config import preset
from nn.runs.folder import Library
from nn.runs.messages import Finished

COMMAND = [sys.executable, "-P", "-m", "tui.cli"]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    Library(tmp_path).create_run(preset("small"))
    return tmp_path


def command(
    *words: object, closed: tuple[int, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    def close() -> None:
        for stream in closed:
            os.close(stream)

    return subprocess.run(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=close,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_command_works_with_its_streams_closed(closed: tuple[int, ...], models: Path) -> None:
    done = command("runs", "--models", models, closed=closed)
    assert done.returncode == 0
    assert done.stderr == ""
    assert ("conv" in done.stdout) is (1 not in closed)


def test_a_run_trains_with_all_streams_closed(tmp_path: Path) -> None:
    words = ("--preset", "mlp", "--limit", 100, "--epochs", 1, "--models", tmp_path)
    assert command("train", *words, closed=(0, 1, 2)).returncode == 0
    (run,) = Library(tmp_path).runs()
    assert isinstance(run.events().read_all()[-1], Finished)


def test_a_question_to_nobody_is_wrong_input(models: Path) -> None:
    done = command("rm", "latest", "--models", models, closed=(0,))
    assert done.returncode == 2
    assert done.stderr.startswith("cnn-tui: rm: there is no terminal to ask on")


def test_signs_that_the_output_cannot_take_are_written_as_escapes(models: Path) -> None:
    done = command("runs", "--models", models, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "conv 8\\xb716" in done.stdout
