"""Commands where a folder or a file may not be read: one sentence, and all else goes on."""

from __future__ import annotations

import builtins
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from PIL import Image

from nn.config import preset
from nn.runs.folder import Library
from tui.__main__ import main

BUNDLED = Path(__file__).parents[2] / "saved_models" / "digits.safetensors"

Command: TypeAlias = Callable[..., tuple[int, str, str]]
Forbid: TypeAlias = Callable[[Path], None]


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    """Lets a path be unreadable, also for root, who may read everything."""
    forbidden = set[str]()
    access = os.access

    def guarded(opening: Callable[..., object]) -> Callable[..., object]:
        def refuse(path: object, *words: object, **more: object) -> object:
            if str(path) in forbidden:
                raise PermissionError(13, "Permission denied", str(path))
            return opening(path, *words, **more)

        return refuse

    monkeypatch.setattr(
        os, "access", lambda path, mode: str(path) not in forbidden and access(path, mode)
    )
    monkeypatch.setattr(Path, "open", guarded(Path.open))
    monkeypatch.setattr(builtins, "open", guarded(open))
    return lambda path: forbidden.add(str(path))


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    def run(*words: object) -> tuple[int, str, str]:
        line = ["cnn-tui", *map(str, words), "--models", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return run


@pytest.mark.parametrize(
    "words", [["runs"], ["models"], ["evaluate", "digits"], ["stop", "latest"]]
)
@pytest.mark.parametrize("name", ["", "runs"])
def test_a_library_that_may_not_be_read_is_not_taken_for_an_empty_one(
    tmp_path: Path, command: Command, forbid: Forbid, name: str, words: list[str]
) -> None:
    Library(tmp_path).create_run(preset("small"))
    forbid(tmp_path / name)
    sentence = f"cnn-tui: {tmp_path / name}: you may not read it; choose another with --models\n"
    assert command(*words) == (2, "", sentence)


def test_a_model_that_may_not_be_read_is_not_called_broken(
    tmp_path: Path, command: Command, forbid: Forbid
) -> None:
    model = tmp_path / "digits.safetensors"
    shutil.copy(BUNDLED, model)
    forbid(model)
    sentence = f"cnn-tui: {model}: you may not read it; change its permissions\n"
    assert command("evaluate", "digits") == (2, "", sentence)


def test_a_run_that_may_not_be_read_does_not_hide_the_others(
    tmp_path: Path, command: Command, forbid: Forbid
) -> None:
    one, other = (Library(tmp_path).create_run(preset("small")) for _ in range(2))
    one.events_file.touch()
    forbid(one.events_file)
    code, listed, said = command("runs")
    assert (code, said) == (0, f"cnn-tui: {one.events_file}: Permission denied\n")
    assert other.id in listed
    assert one.id not in listed


def test_a_picture_that_may_not_be_read_does_not_stop_the_others(
    tmp_path: Path, command: Command, forbid: Forbid
) -> None:
    shutil.copy(BUNDLED, tmp_path)
    pictures = [tmp_path / "one.png", tmp_path / "two.png"]
    for picture in pictures:
        Image.new("L", (28, 28)).save(picture)
    forbid(pictures[0])
    code, said, wrong = command("predict", "digits", *pictures)
    assert code == 2
    assert wrong.startswith(f"cnn-tui: {pictures[0]}: ")
    assert said.startswith(f"{pictures[1]}: ")
