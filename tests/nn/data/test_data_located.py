"""Datasets by path: what counts as one, how it is remembered, how it is held on to."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nn.config import RunConfig, preset
from nn.data import describe, lasting_name, load, npz, short_name
from nn.data.located import is_path
from nn.schema import InputError

LABELS = np.array([0, 1, 2] * 8)


def write(path: Path, height: int = 4) -> Path:
    images = np.arange(24 * height * 5).astype(np.uint8).reshape(24, height, 5)
    np.savez(path, x_train=images, y_train=LABELS)
    return path


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a dataset in it."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine.npz")
    return tmp_path


def test_a_path_looks_like_one_or_is_there(in_folder: Path) -> None:
    (in_folder / "pictures").mkdir()
    paths = ["mine.npz", "missing.csv", "./x", "a/b", "~", "pictures", ".", ".."]
    assert [name for name in paths if not is_path(name)] == []
    names = ["mnist", "minst", "keras:cifar10", "keras:a/b", "", " "]
    assert [name for name in names if is_path(name)] == []


def test_a_known_name_wins_over_a_folder_of_that_name(in_folder: Path) -> None:
    (in_folder / "mnist").mkdir()
    assert describe("mnist").train_count == 60_000
    with pytest.raises(InputError, match="holds neither IDX files nor sub-folders"):
        describe("./mnist")


def test_a_lasting_name_is_absolute(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somebody")
    assert lasting_name("mine.npz") == str(in_folder / "mine.npz")
    assert lasting_name("sub/../mine.npz") == str(in_folder / "mine.npz")
    assert lasting_name("~/data") == "/somebody/data"
    assert lasting_name("mnist") == "mnist"
    assert lasting_name("nonsense") == "nonsense"


def test_a_configuration_holds_the_whole_path(in_folder: Path) -> None:
    config = preset("small").changed({"data.dataset": "mine.npz"})
    assert config.data.dataset == str(in_folder / "mine.npz")
    os.chdir("/")
    again = RunConfig.parse(config.model_dump(mode="json"))
    assert again == config
    assert again.dataset().input_shape == (4, 5, 1)
    assert load(again.data.dataset, "train").name == str(in_folder / "mine.npz")


def test_short_names_are_for_screens() -> None:
    assert short_name("/somewhere/else/fashion") == "fashion"
    assert short_name("keras:cifar10") == "keras:cifar10"
    assert short_name("/") == "/"


def test_a_file_is_opened_again_only_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "mine.npz")
    opened: list[str] = []

    def count(key: str) -> None:
        opened.append(key)

    keys = npz._keys
    monkeypatch.setattr(npz, "_keys", lambda path: (count("once"), keys(path))[1])
    assert describe(str(path)).input_shape == (4, 5, 1)
    assert describe(str(path)).input_shape == (4, 5, 1)
    assert len(opened) == 1
    write(path, height=3)
    assert describe(str(path)).input_shape == (3, 5, 1)
    assert len(opened) == 2


def test_what_is_wrong_is_remembered_until_it_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(b"nothing")
    for _ in range(2):
        with pytest.raises(InputError, match="is damaged"):
            describe(str(path))
    write(path)
    assert describe(str(path)).input_shape == (4, 5, 1)


def test_a_new_picture_is_seen(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("a", "b"):
        (tmp_path / "train" / name).mkdir(parents=True)
        for i in range(3):
            Image.new("L", (28, 28), 99).save(tmp_path / "train" / name / f"{i}.png")
    assert describe(str(tmp_path)).train_count == 5
    folder = tmp_path / "train" / "a"
    before = folder.stat().st_mtime_ns
    Image.new("L", (28, 28), 99).save(folder / "3.png")
    os.utime(folder, ns=(before, before + 10**9))
    assert describe(str(tmp_path)).train_count == 6


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.npz", "FOLDER/missing.npz: there is no such file"),
        ("missing/", "FOLDER/missing: there is no such file"),
        (
            "words.txt",
            "FOLDER/words.txt: is no dataset; give a folder of IDX files or of pictures by class, "
            "an .npz or a .csv",
        ),
        ("words.txt/a.csv", "FOLDER/words.txt/a.csv: cannot be read (Not a directory)"),
        (
            "a\0b.npz",
            "data.dataset: 'FOLDER/a\\x00b.npz' has characters that cannot be shown; rename it",
        ),
    ],
)
def test_refusals(in_folder: Path, name: str, sentence: str) -> None:
    (in_folder / "words.txt").write_text("nothing")
    for ask in (describe, lambda name: load(name, "test")):
        with pytest.raises(InputError) as caught:
            ask(name)
        assert str(caught.value).replace(str(in_folder), "FOLDER") == sentence


@pytest.mark.parametrize("name", ["a.csv", "a.npz", "train-images-idx3-ubyte"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    place = tmp_path / name if "." in name else tmp_path
    with pytest.raises(InputError, match=r"is no dataset|has no train-images"):
        describe(str(place))


def test_what_does_not_fit_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    path = str(write(tmp_path / "mine.npz"))
    describe(path)
    monkeypatch.setattr(npz, "read_exactly", fail)
    with pytest.raises(InputError, match=r"x_train: does not fit into memory; give fewer images"):
        load(path, "train")


def test_a_limit_keeps_the_first_images_of_what_is_left_to_train(tmp_path: Path) -> None:
    path = str(write(tmp_path / "mine.npz"))
    whole, few = load(path, "train"), load(path, "train", 7)
    assert np.array_equal(few.images, whole.images[:7])
    assert np.array_equal(few.labels, whole.labels[:7])
    assert (len(whole), len(load(path, "test"))) == (20, 4)


def test_images_of_training_and_test_are_never_the_same(tmp_path: Path) -> None:
    images = np.arange(24, dtype=np.uint8).reshape(24, 1, 1)
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=images, y_train=LABELS)
    parts = [load(str(path), part).images.ravel().tolist() for part in ("train", "test")]
    assert sorted(parts[0] + parts[1]) == list(range(24))
