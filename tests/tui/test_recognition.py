"""What networks make of drawings."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from drawn import DIGITS, draw
from PIL import Image

from nn.checkpoint import ModelCard, save_model
from nn.config import preset
from nn.data.pictures import read_picture
from nn.network import Network
from tui import recognition as module
from tui.recognition import NOBODY, Reader, Recogniser
from tui.shipped import SHIPPED
from tui.sketch import Sketch

BLANK = Sketch().ink


def save(path: Path, shape: tuple[int, int, int], *, epochs: float = 1, seed: int = 0) -> Path:
    """A network of three classes for inputs of that shape, with random weights."""
    layers = [{"kind": "flatten"}, {"kind": "dense", "units": 3}]
    config = preset("small").changed({"network.layers": layers})
    network = Network(config.network.layers, shape, 3, np.random.default_rng(seed))
    card = ModelCard(
        config=config,
        input_shape=shape,
        class_names=("cat", "dog", "eel"),
        created="2026-01-01",
        epochs=epochs,
    )
    save_model(path, network.parameters, card)
    return path


@pytest.mark.parametrize("digit", range(10))
def test_the_model_that_comes_with_the_project_reads_drawn_digits(digit: int) -> None:
    found = Recogniser().read([Reader(SHIPPED, "model digits")], draw(Sketch(), DIGITS[digit]).ink)
    assert found.probabilities is not None
    assert found.probabilities.sum() == pytest.approx(1)
    assert found.class_names[int(found.probabilities.argmax())] == str(digit)
    assert found.probabilities.max() > 0.9
    assert found.reader == "model digits"


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (12, 20, 1), (9, 5, 3)])
def test_networks_of_any_size_get_what_the_drawings_file_would_give_them(
    shape: tuple[int, int, int], tmp_path: Path
) -> None:
    ink = draw(Sketch(), DIGITS[5]).ink
    found = Recogniser().read([Reader(save(tmp_path / "m.safetensors", shape), "it")], ink)
    Image.fromarray(ink).convert("L" if shape[2] == 1 else "RGB").save(tmp_path / "5.png")
    assert found.seen is not None
    assert np.array_equal(found.seen, read_picture(tmp_path / "5.png", shape))
    assert found.seen.max() > 150
    assert found.probabilities is not None
    assert found.probabilities.shape == (3,)


def test_a_network_for_colours_sees_the_same_grey_in_all_of_them(tmp_path: Path) -> None:
    path = save(tmp_path / "m.safetensors", (32, 32, 3))
    found = Recogniser().read([Reader(path, "it")], draw(Sketch(), DIGITS[2]).ink)
    assert found.seen is not None
    assert (np.ptp(found.seen, axis=2) == 0).all()


def test_a_model_is_not_loaded_before_anything_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    load = module.load_model
    monkeypatch.setattr(module, "load_model", lambda path: loaded.append(path) or load(path))
    path = save(tmp_path / "m.safetensors", (28, 28, 1))
    recogniser, readers = Recogniser(), [Reader(path, "it")]
    assert recogniser.read(readers, BLANK).class_names == ("cat", "dog", "eel")
    assert not loaded
    for digit in (1, 2):
        assert recogniser.read(readers, draw(Sketch(), DIGITS[digit]).ink).probabilities is not None
    assert loaded == [path]


def test_a_broken_file_says_so_and_is_read_again_when_it_was_replaced(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"no model")
    recogniser = Recogniser()
    assert "cannot read drawings" in recogniser.read([Reader(path, "model m")], BLANK).problem
    path.unlink()
    save(path, (28, 28, 1))
    assert recogniser.read([Reader(path, "model m")], BLANK).problem == ""


def test_of_a_blank_sheet_nothing_is_said_but_who_would_read_it() -> None:
    found = Recogniser().read([Reader(SHIPPED, "model digits")], BLANK)
    assert (found.reader, found.problem) == ("model digits", "")
    assert found.probabilities is None
    assert found.seen is None
    assert found.class_names == tuple("0123456789")


def test_the_first_network_that_there_is_reads(tmp_path: Path) -> None:
    later = tmp_path / "run.safetensors"
    readers = [Reader(later, "run a", learns=True), Reader(SHIPPED, "model digits")]
    recogniser = Recogniser()
    ink = draw(Sketch(), DIGITS[1]).ink
    assert recogniser.read(readers, ink).reader == "model digits"
    save(later, (28, 28, 1), epochs=2)
    assert recogniser.read(readers, ink).reader == "run a, epoch 2"
    later.unlink()
    assert recogniser.read(readers, ink).reader == "model digits"


def test_without_any_it_says_what_to_do(tmp_path: Path) -> None:
    assert Recogniser().read([Reader(tmp_path / "none", "none")], BLANK).problem == NOBODY


def test_a_run_that_has_learned_answers_anew_and_otherwise_nothing_is_computed(
    tmp_path: Path,
) -> None:
    path = save(tmp_path / "best.safetensors", (28, 28, 1), epochs=1)
    readers = [Reader(path, "run a", learns=True)]
    recogniser = Recogniser()
    ink = draw(Sketch(), DIGITS[7]).ink
    first = recogniser.read(readers, ink)
    assert recogniser.read(readers, ink.copy()) is first
    shutil.move(save(tmp_path / "draft", (28, 28, 1), epochs=2, seed=1), path)
    second = recogniser.read(readers, ink)
    assert (first.reader, second.reader) == ("run a, epoch 1", "run a, epoch 2")
    assert first.probabilities is not None
    assert second.probabilities is not None
    assert not np.allclose(first.probabilities, second.probabilities)
    other = recogniser.read(readers, BLANK)
    assert other is not second
