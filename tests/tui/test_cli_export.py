"""`cnn-tui export` as a script meets it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from nn.checkpoint import Model, load_model
from nn.export import FORMATS, Exported, Format
from tui.cli import main

BUNDLED = Path(__file__).parents[2] / "saved_models" / "digits.safetensors"
CONTENT = b"what onnx would have written"

Outcome: TypeAlias = tuple[int, str, str]
Command: TypeAlias = Callable[..., Outcome]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a library of one model below it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved_models").mkdir()
    shutil.copy(BUNDLED, tmp_path / "saved_models")
    return tmp_path


@pytest.fixture
def export(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command's exit code, standard output and standard error."""

    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["cnn-tui", "export", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return run


@pytest.fixture
def as_if_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A format onnx whose files are a few bytes."""

    def build(model: Model) -> Exported:
        return Exported(CONTENT, model.network.predict)

    monkeypatch.setitem(FORMATS, "onnx", Format("onnx", ".onnx", build))


@pytest.mark.usefixtures("as_if_installed")
def test_a_file_of_the_models_name_is_written_here(export: Command, folder: Path) -> None:
    code, said, wrong = export("digits", "--format", "onnx")
    assert (code, wrong) == (0, "")
    assert said.startswith("digits.onnx: images (N, 28, 28, 1), floats from 0 to 1, become")
    assert (folder / "digits.onnx").read_bytes() == CONTENT
    assert {file.name for file in folder.iterdir()} == {"saved_models", "digits.onnx"}


@pytest.mark.usefixtures("as_if_installed")
def test_the_description_comes_as_json(export: Command, folder: Path) -> None:
    code, said, wrong = export("digits", "--format", "onnx", "--output", "other.onnx", "--json")
    assert (code, wrong) == (0, "")
    assert json.loads(said) == {
        "path": "other.onnx",
        "format": "onnx",
        "input": {"name": "images", "shape": ["N", 28, 28, 1], "range": [0, 1]},
        "output": {"name": "probabilities", "shape": ["N", 10]},
        "class_names": list("0123456789"),
    }
    assert (folder / "other.onnx").read_bytes() == CONTENT


@pytest.mark.usefixtures("as_if_installed")
def test_a_file_is_replaced_only_when_that_is_said(export: Command, folder: Path) -> None:
    file = folder / "digits.onnx"
    file.write_bytes(b"precious")
    code, said, wrong = export("digits", "--format", "onnx")
    assert (code, said) == (2, "")
    assert wrong == ("cnn-tui: output: digits.onnx exists; name another file, or add --force\n")
    assert file.read_bytes() == b"precious"
    assert export("digits", "--format", "onnx", "--force")[0] == 0
    assert file.read_bytes() == CONTENT


@pytest.mark.usefixtures("as_if_installed")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["digits", "--format", "tflite"], "format: 'tflite' is not known; choose onnx or keras"),
        (
            ["digits", "--format", "onnx", "--output", "x.keras"],
            "output: x.keras will not do for onnx; end the name in .onnx",
        ),
        (
            ["digits", "--format", "onnx", "--output", "no/such.onnx"],
            "output: no/such.onnx cannot be written (No such file or directory); "
            "name a file in a folder that is there and can be written",
        ),
        (
            ["digits", "--format", "onnx", "--output", "taken.onnx", "--force"],
            "output: taken.onnx is a folder; name a file in it",
        ),
        (["nothing", "--format", "onnx"], "model: 'nothing' is not known; saved models: digits"),
    ],
)
def test_wrong_input_ends_with_its_sentence(
    export: Command, folder: Path, words: list[str], sentence: str
) -> None:
    (folder / "taken.onnx").mkdir()
    assert export(*words) == (2, "", f"cnn-tui: {sentence}\n")
    assert {file.name for file in folder.iterdir()} == {"saved_models", "taken.onnx"}


@pytest.mark.parametrize("name", ["onnx", "keras"])
def test_a_missing_package_is_one_sentence(
    export: Command, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    assert export("digits", "--format", name) == (
        2,
        "",
        f"cnn-tui: format: {name} files need the package {name}; "
        f'install it with pip install "cnn-tui[{name}]"\n',
    )
    assert [file.name for file in folder.iterdir()] == ["saved_models"]


def test_onnxruntime_runs_what_the_command_writes(export: Command, folder: Path) -> None:
    """The whole way, where both packages are installed."""
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    assert export("digits", "--format", "onnx")[0] == 0
    session = onnxruntime.InferenceSession(folder / "digits.onnx")
    images = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    (found,) = session.run(None, {"images": images})
    expected = load_model(BUNDLED).network.predict(images)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
