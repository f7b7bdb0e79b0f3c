"""What `cnn-tui evaluate` prints of a network of many classes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.checkpoint import ModelCard, save_model
from nn.config import preset
from nn.network import Network
from nn.schema import InputError
from tui.commands.evaluate import evaluate

CLASSES = 40
NAMES = tuple(f"[class] number {i}" for i in range(CLASSES))


@pytest.fixture
def ignorant(tmp_path: Path) -> Path:
    """A network without a clue: all 40 classes are equally probable, and the first one it names.

    Its test set has two colour pictures of each class.
    """
    images = np.zeros((2 * CLASSES, 4, 4, 3), np.uint8)
    labels = np.arange(2 * CLASSES) % CLASSES
    data = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    np.savez(tmp_path / "many.npz", class_names=np.array(NAMES), **data)
    layers = [{"kind": "flatten"}, {"kind": "dense", "units": CLASSES}]
    dataset = str(tmp_path / "many.npz")
    config = preset("small").changed({"data.dataset": dataset, "network.layers": layers})
    network = Network(config.network.layers, (4, 4, 3), CLASSES)
    for values in network.parameters.values():
        values[...] = 0
    card = ModelCard(config=config, input_shape=(4, 4, 3), class_names=NAMES, created="2026-01-01")
    path = tmp_path / "ignorant.safetensors"
    save_model(path, network.parameters, card)
    return path


def test_figures_of_a_network_that_knows_nothing(
    ignorant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One class of 40 is found, and five of 40 among five; it says 1 / 40 and is right so often."""
    evaluate(ignorant, None, as_json=True)
    result = json.loads(capsys.readouterr().out)
    assert (result["accuracy"], result["top_5_accuracy"]) == (1 / 40, 5 / 40)
    assert result["loss"] == pytest.approx(np.log(40))
    assert result["averages"]["macro"]["recall"] == pytest.approx(1 / 40)
    assert result["averages"]["macro"]["precision"] == pytest.approx(1 / 40 / 40)
    assert result["calibration"]["error"] == pytest.approx(0, abs=1e-6)
    assert [each["count"] for each in result["calibration"]["bins"]] == [80, *[0] * 14]


def test_a_matrix_that_is_too_wide_gives_way_to_the_most_frequent_mistakes(
    ignorant: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    evaluate(ignorant, None, as_json=False)
    shown = capsys.readouterr().out
    words = " ".join(shown.split())
    assert "accuracy 2.50 %, top-5 12.50 %, loss 3.6889" in words
    assert "when it says 2.5 %, it is right 2.5 % of the time" in words
    table = shown.partition("The most frequent mistakes (--json has the whole matrix):")[2]
    rows = [" ".join(line.split()) for line in table.splitlines() if line.strip()]
    assert rows[0] == "class taken for times"
    expected = [f"[class] number {i} [class] number 0 2" for i in range(1, 21)]
    assert rows[1:] == expected


def test_without_mistakes_there_is_no_table_of_them(
    ignorant: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What names the first class everywhere is right where there is no other."""
    images, labels = np.zeros((CLASSES, 4, 4, 3), np.uint8), np.arange(CLASSES)
    data = {"x_train": images, "y_train": labels, "x_test": images[:5], "y_test": labels[:5] * 0}
    np.savez(tmp_path / "first.npz", class_names=np.array(NAMES), **data)
    evaluate(ignorant, str(tmp_path / "first.npz"), as_json=False)
    shown = capsys.readouterr().out
    assert shown.endswith("\nNot one mistake.\n")
    assert "taken for" not in shown


def test_a_wide_terminal_gets_the_matrix_with_its_long_names_folded(
    ignorant: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    evaluate(ignorant, None, as_json=False)
    matrix = capsys.readouterr().out.partition("what the model said:")[2]
    assert "[clas" in matrix
    assert "…" not in matrix
    rows = [line.split() for line in matrix.splitlines() if line.startswith("[class] number")]
    assert [row[:4] for row in rows] == [["[class]", "number", str(i), "2"] for i in range(CLASSES)]


def test_mistakes_are_written_to_files(
    ignorant: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything but the first class is taken for it: two images of each of the other 39."""
    csv_file, png_file = tmp_path / "wrong.csv", tmp_path / "wrong.png"
    evaluate(ignorant, None, [csv_file, png_file], as_json=True)
    rows = csv_file.read_text("utf-8").splitlines()[1:]
    indices = [int(row.partition(",")[0]) for row in rows]
    others = [i for i in range(80) if i % CLASSES]
    assert indices == others
    with Image.open(png_file) as sheet:
        assert sheet.format == "PNG"
    printed = capsys.readouterr()
    assert json.loads(printed.out)["count"] == 80
    assert printed.err.splitlines()[-1] == f"78 mistakes: {png_file}"


def test_other_endings_are_refused_before_anything_is_done(ignorant: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mistakes: .*wrong\.txt will not do"):
        evaluate(ignorant, None, [tmp_path / "wrong.txt"], as_json=True)
