"""The command where there is not enough memory, or no room for what it prints."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.checkpoint import ModelCard, save_model
from nn.config import RunConfig, preset
from nn.network import Network

ROOM = 1 << 30
"""Memory enough for the command, in bytes, but not for an image's way through that network."""

CONFIG = preset("small").changed(
    {
        "network.layers": [
            {"kind": "conv2d", "filters": 4096, "kernel_size": 1, "algorithm": "gemm"},
            {"kind": "global_avg_pool2d"},
            {"kind": "dense", "units": 10},
        ]
    }
)


def save(path: Path, config: RunConfig, side: int, fill: float | None = None) -> Path:
    """A model of square pictures."""
    shape, names = (side, side, 1), tuple("0123456789")
    network = Network(config.network.layers, shape, 10, np.random.default_rng(0))
    if fill is not None:
        for values in network.parameters.values():
            values[...] = fill
    card = ModelCard(config=config, input_shape=shape, class_names=names, created="2026-01-01")
    save_model(path, network.stored, card)
    return path


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))


def command(*words: object, **streams: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui.cli", *map(str, words)],
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=60,
        check=False,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams),
    )


@pytest.mark.parametrize("name", ["evaluate", "predict", "export", "lr-find"])
def test_too_little_memory_is_one_sentence(name: str, tmp_path: Path) -> None:
    (tmp_path / "large.json").write_text(CONFIG.model_dump_json())
    Image.new("L", (512, 512)).save(tmp_path / "picture.png")
    if name == "export":
        pytest.importorskip("onnx")
    large = save(tmp_path / "large.safetensors", CONFIG, 512)
    words: dict[str, list[object]] = {
        "evaluate": [save(tmp_path / "digits.safetensors", CONFIG, 28)],
        "predict": [large, tmp_path / "picture.png"],
        "export": [large, "--format", "onnx", "--output", tmp_path / "large.onnx"],
        "lr-find": ["--config", tmp_path / "large.json", "--steps", 20, "--threads", 1],
    }
    done = command(name, *words[name], preexec_fn=limited)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("cnn-tui: there is not enough memory; ")
    assert len(done.stderr.splitlines()) == 1


def test_a_network_that_diverged_is_one_sentence(tmp_path: Path) -> None:
    done = command("evaluate", save(tmp_path / "nan.safetensors", preset("mlp"), 28, np.nan))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "cnn-tui: the network has diverged: its loss over 10000 images is nan; "
        "train it with a lower learning rate\n"
    )


@pytest.mark.parametrize("words", [["models"], ["--help"], ["evaluate", "digits", "--json"]])
def test_a_full_disk_for_what_it_prints_is_one_sentence(words: list[str], tmp_path: Path) -> None:
    save(tmp_path / "digits.safetensors", preset("mlp"), 28, 0)
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("the system has no /dev/full, a file that is always full")
    models = [] if words == ["--help"] else ["--models", tmp_path]
    with full.open("w") as file:
        done = command(*words, *models, stdout=file)
    assert done.returncode == 1
    assert done.stderr == "cnn-tui: No space left on device\n"
