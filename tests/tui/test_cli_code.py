"""`cnn-tui code` as a script meets it."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from nn.checkpoint import read_card
from nn.config import RunConfig, preset
from nn.export.code import write
from tui.cli import main

BUNDLED = Path(__file__).parents[2] / "saved_models" / "digits.safetensors"


@pytest.fixture
def code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command's exit code, standard output and standard error, beside a library."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "saved_models").mkdir()
    shutil.copy(BUNDLED, tmp_path / "saved_models")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cnn-tui", "code", *words])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return end.value.code, said.out, said.err

    return run


def test_code_is_all_that_is_printed(code: Callable[..., tuple[int, str, str]]) -> None:
    config = preset("lenet").changed({"network.layers.0.filters": 7})
    found = code("--preset", "lenet", "--set", "network.layers.0.filters=7")
    assert found == (0, write(config, "pytorch"), "")
    assert code("--to", "keras", "--preset", "mlp") == (0, write(preset("mlp"), "keras"), "")


def test_a_models_configuration_comes_as_toml(code: Callable[..., tuple[int, str, str]]) -> None:
    status, said, _ = code("digits", "--to", "toml", "--json")
    found = json.loads(said)
    assert (status, found["language"]) == (0, "toml")
    config = read_card(BUNDLED).config
    parsed = RunConfig.parse(tomllib.loads(found["text"]))
    assert parsed.network == config.network
    assert parsed.training.optimizer == config.training.optimizer


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--to", "c"], "to: 'c' is not known; choose one of toml, pytorch, keras"),
        (["nothing"], "model: 'nothing' is not known; saved models: digits"),
        (
            ["--preset", "mlp", "--set", "network.layers.0=relu"],
            "network.layers: layer 2 (dense): needs a vector, but its input is 28×28×1; "
            "put a flatten layer before it",
        ),
    ],
)
def test_wrong_input_ends_with_its_sentence(
    code: Callable[..., tuple[int, str, str]], words: list[str], sentence: str
) -> None:
    assert code(*words) == (2, "", f"cnn-tui: {sentence}\n")
