"""`cnn-tui profile` as a script meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nn.checkpoint import ModelCard, save_model
from nn.config import preset
from nn.network import Network
from nn.profiling import ProfileAdvanced, ProfileTest
from tui.commands import profile as command_module
from tui.commands.profile import Subject, profile
from tui.exits import Exit

QUICK = ["--preset", "small", "--batch-size", "8", "--threads", "1", "--steps", "2"]
SMALL = [
    "1.conv2d + 3.max_pool2d + 2.relu",
    "4.conv2d + 6.max_pool2d + 5.relu",
    "7.flatten",
    "8.dense + 9.relu",
    "10.dense",
]


def command(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui.cli", "profile", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=folder,
    )


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """One saved model, of images that no dataset has, called mine."""
    config = preset("mlp").changed({"training.batch_size": 4, "training.threads": 64})
    layers, shape, names = config.network.layers, (6, 5, 2), tuple("abcdefghij")
    network = Network(layers, shape, 10, np.random.default_rng(0))
    card = ModelCard(config=config, input_shape=shape, class_names=names, created="2026-01-01")
    save_model(tmp_path / "mine.safetensors", network.stored, card)
    return tmp_path


def test_json_is_one_object_with_everything(tmp_path: Path) -> None:
    done = command(*QUICK, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (found["batch_size"], found["threads"], found["steps"]) == (8, 1, 2)
    assert {"processor", "processors", "blas", "numpy"} <= found.keys()
    stages = [part for part in found["parts"] if part["layers"]]
    assert [part["name"] for part in stages] == SMALL
    assert stages[0]["layers"] == ["1.conv2d", "3.max_pool2d", "2.relu"]
    assert stages[0]["algorithm"] in ("gemm", "fft")
    planned = {layer.name: layer.multiply_adds for layer in preset("small").plan().layers}
    for part in stages:
        forward = 8 * sum(planned[layer] for layer in part["layers"])
        assert part["forward"]["multiply_adds"] == forward
        assert part["forward"]["milliseconds"] > 0
    others = [part["name"] for part in found["parts"] if not part["layers"]]
    assert others == ["images", "loss", "optimizer"]
    assert sum(part["share"] for part in found["parts"]) == pytest.approx(1)
    assert list(tmp_path.iterdir()) == []


def test_it_prints_a_table_for_people() -> None:
    done = command(*QUICK)
    assert done.returncode == 0, done.stderr
    conditions, table, result, meaning = done.stdout.split("\n\n")
    assert conditions.startswith("batches of 8, 1 thread, ")
    assert table.startswith("part of a step")
    assert all(any(line.startswith(name) for line in table.split("\n")) for name in ("7.f", "opt"))
    assert result.startswith("A step takes ")
    assert "Layers joined by + are carried out together." in " ".join(meaning.split())
    assert max(len(line) for line in table.splitlines()) <= 80
    assert "\x1b" not in done.stdout


def test_fields_can_be_set() -> None:
    extra = ["--set", "network.layers.0.algorithm=einsum", "--set", "training.average=0.9"]
    found = json.loads(command(*QUICK, *extra, "--augment", "--json").stdout)
    parts = {part["name"]: part for part in found["parts"]}
    assert parts[SMALL[0]]["algorithm"] == "einsum"
    assert {"augmentation", "average"} <= parts.keys()


def test_a_saved_model_is_taken_as_it_was_trained(library: Path) -> None:
    done = command("mine", "--models", str(library), "--steps", "1", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["batch_size"], found["threads"]) == (4, found["processors"])
    first_dense = found["parts"][2]
    units = preset("mlp").network.layers[1].units
    assert first_dense["forward"]["multiply_adds"] == 4 * 6 * 5 * 2 * units
    changed = command(
        *(str(library / "mine.safetensors"), "--steps", "1", "--json"),
        *("--batch-size", "3", "--threads", "1"),
    )
    found = json.loads(changed.stdout)
    assert (found["batch_size"], found["threads"]) == (3, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--steps", "0"], "--steps: 0 is too small; give 1 or more"),
        (["--preset", "smal"], "preset: 'smal' is not known; choose one of"),
        (["--config", "missing.toml"], "missing.toml: there is no such file"),
        (["--data", "minst"], "'minst' is not known"),
        (["--batch-size", "0"], "training.batch_size: 0 is too small; give 1 or more"),
        (["--set", "network.layers.9.units=9"], "end with a dense layer of 10 units"),
        (["nosuch"], "nosuch"),
        (["mine", "--preset", "small"], "leave --preset, --config and --data out"),
        (["mine", "--data", "mnist"], "leave --preset, --config and --data out"),
        (["mine", "--set", "network.layers=[]"], "network.layers: "),
    ],
)
def test_wrong_input_ends_with_its_sentence(library: Path, words: list[str], sentence: str) -> None:
    done = command(*words, "--models", str(library))
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("cnn-tui: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("error", "ended", "sentence"),
    [
        (KeyboardInterrupt, Exit.INTERRUPTED, "interrupted: nothing was found\n"),
        (
            MemoryError,
            Exit.FAILED,
            "cnn-tui: there is not enough memory; use a smaller batch or network\n",
        ),
    ],
)
def test_how_else_it_can_end(
    error: type[BaseException],
    ended: Exit,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object) -> Iterator[ProfileAdvanced]:
        yield ProfileAdvanced(done=1, total=5)
        raise error

    monkeypatch.setattr(command_module, "measure", interrupted)
    what = Subject(preset("mlp"), (28, 28, 1), 10)
    assert profile(what, ProfileTest(steps=1), as_json=False) is ended
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", sentence)
