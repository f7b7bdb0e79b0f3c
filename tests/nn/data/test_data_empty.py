"""A dataset without images to learn from, or to test with, is refused in every format."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.data import DATASETS, DatasetInfo, Source, describe, load
from nn.data.dataset import Arrays, Part
from nn.schema import InputError

IMAGES = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
LABELS = np.array([0, 1] * 3)


def idx(folder: Path, train: int, test: int) -> Path:
    for name, count in (("train", train), ("t10k", test)):
        for what, array in (("images", IMAGES[:count]), ("labels", LABELS[:count])):
            header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
            file = folder / f"{name}-{what}-idx{array.ndim}-ubyte"
            file.write_bytes(header + array.astype(np.uint8).tobytes())
    return folder


def npz(folder: Path, train: int, test: int) -> Path:
    np.savez(
        folder / "data.npz",
        x_train=IMAGES[:train],
        y_train=LABELS[:train],
        x_test=IMAGES[:test],
        y_test=LABELS[:test],
        class_names=np.array(["a", "b"]),
    )
    return folder / "data.npz"


def table(folder: Path, train: int, test: int) -> Path:
    for part, count in (("train", train), ("test", test)):
        rows = zip(LABELS[:count], IMAGES[:count].reshape(count, 16), strict=True)
        lines = [",".join(map(str, (label, *pixels))) for label, pixels in rows]
        heading = ",".join(["label", *(f"pixel{n}" for n in range(16))])
        (folder / f"{part}.csv").write_text("\n".join([heading, *lines]))
    return folder / "train.csv"


def pictures(folder: Path, train: int, test: int) -> Path:
    for part, count in (("train", train), ("test", test)):
        for n, name in enumerate("ab"):
            (folder / part / name).mkdir(parents=True)
            for at in range(n, count, 2):
                Image.fromarray(IMAGES[at]).save(folder / part / name / f"{at}.png")
    return folder


@pytest.mark.parametrize("write", [idx, npz, table, pictures])
def test_an_empty_part_is_refused(tmp_path: Path, write: type) -> None:
    for name, train, test in (("whole", 6, 4), ("untaught", 0, 4), ("untested", 6, 0)):
        folder = tmp_path / name
        folder.mkdir()
        path = str(write(folder, train, test))
        if train and test:
            assert (len(load(path, "train")), len(load(path, "test"))) == (6, 4)
            continue
        for read in (describe, lambda path: load(path, "train"), lambda path: load(path, "test")):
            with pytest.raises(InputError, match=r"has no images at all|has no picture") as caught:
                read(path)
            assert str(folder) in str(caught.value)


def test_an_empty_part_of_a_known_dataset_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(part: Part) -> Arrays:
        count = 0 if part == "test" else 6
        return IMAGES[:count], LABELS[:count]

    info = DatasetInfo("half", (4, 4, 1), ("a", "b"), 6, 0)
    monkeypatch.setitem(DATASETS, "half", Source(info, read))
    assert len(load("half", "train")) == 6
    with pytest.raises(
        InputError, match=r"^data\.dataset: half has no test images at all; choose another$"
    ):
        load("half", "test")
