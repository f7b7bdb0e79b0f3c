"""Mistakes as a table and as a sheet of pictures."""

from __future__ import annotations

import csv
import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.schema import InputError
from tui.mistake_files import MOST_PICTURES, export, require_writable, sheet, table, write_mistakes
from tui.state import Answers


def answers_of(shape: tuple[int, int, int], count: int = 4) -> Answers:
    """Pictures that are dark, but for the second: it is bright. All are called b with 75 %."""
    images = np.zeros((count, *shape), np.uint8)
    images[1:2] = 200
    probabilities = np.tile(np.array([0.25, 0.75], np.float32), (count, 1))
    return Answers("run a3, epoch 2", images, np.zeros(count, int), probabilities, ("a, b", "b"))


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_table_has_a_line_an_image_in_their_order() -> None:
    text = table(answers_of((2, 2, 1)), np.array([3, 1])).decode()
    rows = list(csv.reader(io.StringIO(text)))
    figures = ["index", "true", "predicted", "probability", "loss", "margin"]
    assert rows[0] == [*figures, "p(a, b)", "p(b)"]
    assert [row[:4] for row in rows[1:]] == [["3", "a, b", "b", "0.75"], ["1", "a, b", "b", "0.75"]]
    assert float(rows[1][4]) == pytest.approx(-np.log(0.25), rel=1e-5)
    assert rows[1][5:] == ["-0.5", "0.25", "0.75"]


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (20, 60, 3), (300, 200, 3)])
def test_a_sheet_has_the_pictures_in_their_order(shape: tuple[int, int, int]) -> None:
    """The bright one is the second of the test set; it comes first where it is asked for first."""
    answers = answers_of(shape)
    first, later = (opened(sheet(answers, np.array(order))) for order in ([1, 0], [0, 1]))
    middle = (20, 15)
    assert first.getpixel(middle) == (200, 200, 200)
    assert later.getpixel(middle) == (0, 0, 0)
    assert first.size == later.size


def test_pixels_stay_what_they_are() -> None:
    answers = answers_of((28, 28, 1), 1)
    answers.images[0] = np.arange(784).reshape(28, 28, 1) % 256
    pixels = np.asarray(opened(sheet(answers, np.array([0]))))
    picture = pixels[8 : 8 + 84 : 3, 8 : 8 + 84 : 3]
    np.testing.assert_array_equal(picture, np.repeat(answers.images[0], 3, axis=2))


def test_a_sheet_of_thousands_is_cut() -> None:
    answers = answers_of((8, 8, 1), MOST_PICTURES + 500)
    many = opened(sheet(answers, np.arange(MOST_PICTURES + 500)))
    most = opened(sheet(answers, np.arange(MOST_PICTURES)))
    assert many.size == most.size
    assert 1 < most.width / most.height < 2


def test_a_sheet_of_none_is_a_picture() -> None:
    assert opened(sheet(answers_of((8, 8, 1)), np.empty(0, int))).width > 0


def test_names_that_are_too_long_are_cut() -> None:
    answers = answers_of((28, 28, 1), 1)
    long = Answers(*(getattr(answers, name) for name in FIELDS), ("a" * 200, "é" * 200))
    short = opened(sheet(answers, np.array([0])))
    assert opened(sheet(long, np.array([0]))).size == short.size


FIELDS = ("source", "images", "labels", "probabilities")


def test_exports_are_named_after_what_is_in_them(tmp_path: Path) -> None:
    answers = answers_of((8, 8, 1))
    written = export(tmp_path / "models", answers, np.array([0]), "true a/b")
    names = ["run-a3-epoch-2-true-a-b.csv", "run-a3-epoch-2-true-a-b.png"]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in written[0].parent.iterdir()) == names
    assert written[0].parent == tmp_path / "models" / "mistakes"


def test_files_by_their_ending(tmp_path: Path) -> None:
    answers, indices = answers_of((8, 8, 1)), np.array([0])
    write_mistakes(tmp_path / "one.CSV", answers, indices)
    assert (tmp_path / "one.CSV").read_bytes() == table(answers, indices)
    with pytest.raises(InputError, match=r"one\.txt will not do; .* \.csv or \.png"):
        write_mistakes(tmp_path / "one.txt", answers, indices)


def test_a_file_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    answers, file = answers_of((8, 8, 1)), tmp_path / "one.csv"
    missing = tmp_path / "nowhere" / "one.csv"
    with pytest.raises(InputError, match=rf"there is no folder {missing.parent}; name a file"):
        require_writable(missing)
    with pytest.raises(InputError, match=r"one.csv cannot be written \(No such file.*; name a"):
        write_mistakes(missing, answers, np.array([0]))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=rf"mistakes: {file} cannot .* device\); make room there"):
        write_mistakes(file, answers, np.array([0]))
    assert list(tmp_path.iterdir()) == []
