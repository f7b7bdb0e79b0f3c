"""Drawings that are kept, and what becomes of them as a dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from drawn import DIGITS, draw

from nn.checkpoint import ModelCard, read_card
from nn.config import preset
from nn.data import describe, load
from nn.data.pictures import read_picture
from nn.runs.folder import Library
from nn.schema import InputError
from tui.commands.evaluate import evaluate
from tui.drawings import dataset_of, folder_names, keep
from tui.jobs import SHIPPED
from tui.recognition import Known
from tui.sketch import Sketch
from tui.words import drawing_kept


def ink_of(digit: int) -> np.ndarray:
    return draw(Sketch(), DIGITS[digit]).ink


def card_of(names: Sequence[str], dataset: str = "mnist", channels: int = 1) -> ModelCard:
    return ModelCard(
        config=preset("small").changed({"data.dataset": dataset}),
        input_shape=(32, 32, 3) if channels == 3 else (28, 28, 1),
        class_names=tuple(names),
        created="2026-01-01",
    )


def test_a_model_is_tested_with_all_that_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = read_card(SHIPPED)
    for digit in (3, 3, 7, 0):
        picture = keep(tmp_path, card, digit, ink_of(digit))
    wrong = keep(tmp_path, card, 5, ink_of(1))
    assert dataset_of(picture) == dataset_of(wrong) == tmp_path / "drawings" / "mnist"
    evaluate(SHIPPED, str(dataset_of(picture)), as_json=True)
    result = json.loads(capsys.readouterr().out)
    assert (result["count"], result["accuracy"]) == (5, 4 / 5)
    confusion = np.array(result["confusion"])
    assert confusion.sum() == 5
    assert [confusion[each, each] for each in (0, 3, 7)] == [1, 2, 1]
    assert confusion[5, 1] == 1


def test_what_is_kept_is_read_as_it_was_seen(tmp_path: Path) -> None:
    ink = ink_of(6)
    picture = keep(tmp_path, read_card(SHIPPED), 6, ink)
    data = load(str(dataset_of(picture)), "test")
    assert data.class_names == tuple("0123456789")
    assert data.labels.tolist() == [6]
    assert np.array_equal(data.images[0], read_picture(picture, (28, 28, 1)))


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    card = read_card(SHIPPED)
    first = keep(tmp_path, card, 2, ink_of(2))
    other = first.with_name("2.png")
    other.write_bytes(b"somebody else's")
    content = first.read_bytes()
    third = keep(tmp_path, card, 2, ink_of(2))
    assert third.name == "3.png"
    assert first.read_bytes() == third.read_bytes() == content
    assert other.read_bytes() == b"somebody else's"


def test_a_full_disk_leaves_no_half_picture_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = read_card(SHIPPED)
    folder = keep(tmp_path, card, 4, ink_of(4)).parent
    opened = Path.open

    def on_full_disk(path: Path, mode: str) -> object:
        opened(path, mode).close()
        return opened(Path("/dev/full"), "wb")

    monkeypatch.setattr(Path, "open", on_full_disk)
    with pytest.raises(InputError, match=r"No space left on device\); make room there"):
        keep(tmp_path, card, 4, ink_of(4))
    assert [path.name for path in folder.iterdir()] == ["1.png"]


def test_a_network_for_colours_gets_a_dataset_of_colours(tmp_path: Path) -> None:
    picture = keep(tmp_path, card_of(["a", "b"], "keras:cifar10", 3), 1, ink_of(8))
    assert dataset_of(picture).name == "keras-cifar10"
    info = describe(str(dataset_of(picture)))
    assert (info.input_shape, info.class_names) == ((32, 32, 3), ("a", "b"))
    assert (info.train_count, info.test_count) == (0, 1)


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        ("0 1 2 3 4 5 6 7 8 9 10", "0 1 2 3 4 5 6 7 8 9 10"),
        ("ape bee cow", "ape bee cow"),
        ("cow ape bee", "0 1 2"),
        ("T-shirt/top Trouser", "0 1"),
        ("A a", "0 1"),
        ("Σ é", "0 1"),
        (".. x", "0 1"),
    ],
)
def test_folders_number_the_classes_as_the_network_does(
    names: str, folders: str, tmp_path: Path
) -> None:
    known = names.split()
    assert folder_names(known) == tuple(folders.split())
    for label in range(len(known)):
        picture = keep(tmp_path, card_of(known), label, ink_of(label % 10))
    data = load(str(dataset_of(picture)), "test")
    assert sorted(data.labels.tolist()) == list(range(len(known)))
    by_label = data.images[np.argsort(data.labels)]
    digits = [
        read_picture(keep(tmp_path / "x", card_of(known), 0, ink_of(i)), (28, 28, 1))
        for i in range(2)
    ]
    assert np.array_equal(by_label[:2], digits)


def test_other_classes_under_the_same_name_are_another_dataset(tmp_path: Path) -> None:
    first = keep(tmp_path, card_of(["a", "b"]), 0, ink_of(0))
    second = keep(tmp_path, card_of(["c", "d"]), 0, ink_of(0))
    third = keep(tmp_path, card_of(["a", "b"]), 1, ink_of(0))
    assert [dataset_of(each).name for each in (first, second, third)] == [
        "mnist",
        "mnist-2",
        "mnist",
    ]


def test_the_dataset_of_a_path_is_called_by_its_last_part(tmp_path: Path) -> None:
    data = tmp_path / "my letters.csv"
    picture = keep(tmp_path, card_of(["a", "b"], str(data)), 0, ink_of(0))
    assert dataset_of(picture).name == "my-letters.csv"


@pytest.mark.parametrize(
    ("path", "shape", "told"),
    [
        ("LIBRARY/mine.safetensors", (28, 28, 1), "mine"),
        ("LIBRARY/mine.safetensors", (32, 32, 3), "mine"),
        ("LIBRARY/mine.safetensors", (8, 8, 1), ""),
        ("LIBRARY/runs/a1/best.safetensors", (28, 28, 1), "LIBRARY/runs/a1/best.safetensors"),
    ],
)
def test_people_are_told_how_to_test_with_what_they_kept(
    path: str, shape: tuple[int, int, int], told: str
) -> None:
    card = card_of(["a", "b"]).model_copy(update={"input_shape": shape})
    picture = Path("LIBRARY/drawings/mnist/test/a/1.png")
    sentence = drawing_kept(picture, Known(Path(path), card), Library(Path("LIBRARY")))
    kept, _, command = sentence.partition(" To test: ")
    assert kept == f"Kept as {picture}."
    assert command == (f"cnn-tui evaluate {told} --data LIBRARY/drawings/mnist" if told else "")
