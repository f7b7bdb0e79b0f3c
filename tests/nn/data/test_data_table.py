"""CSV files of label and pixels."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from nn.data import describe, load
from nn.schema import InputError

IMAGES = (np.arange(12 * 9) % 256).astype(np.uint8).reshape(12, 9)
NAMES = ["cat", "dog", "bird"] * 4


def rows(labels: list[str] | None = None, images: object = IMAGES) -> list[str]:
    assert isinstance(images, np.ndarray)
    pairs = zip(labels or NAMES, images.tolist(), strict=True)
    return [f"{label},{','.join(map(str, values))}" for label, values in pairs]


def write(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.write_text(end.join(lines) + end, "utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(str(path), "train")
    return str(caught.value).replace(str(path.parent), "FOLDER")


HEADINGS = {
    "none": [],
    "words": ["label," + ",".join(f"pixel{i}" for i in range(9))],
    "places": ["class," + ",".join(f"{i}x{j}" for i in range(3) for j in range(3))],
    "numbers": ["label," + ",".join(map(str, range(9)))],
    "quoted": ['"y",' + ",".join(f'"{i}"' for i in range(9))],
    "other": ["what it is," + ",".join("abcdefghi")],
}


@pytest.mark.parametrize("heading", HEADINGS.values(), ids=HEADINGS.keys())
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_labels_and_pixels_are_read(tmp_path: Path, heading: list[str], end: str) -> None:
    write(tmp_path / "my_train.csv", [*heading, *rows()], end)
    write(tmp_path / "my_test.csv", [*heading, *rows()[:2]], end)
    path = str(tmp_path / "my_train.csv")
    info = describe(path)
    assert (info.input_shape, info.class_names) == ((3, 3, 1), ("bird", "cat", "dog"))
    assert (info.train_count, info.test_count) == (12, 2)
    train = load(path, "train")
    assert train.images.dtype == np.uint8
    assert np.array_equal(train.images.reshape(12, 9), IMAGES)
    assert [train.class_names[label] for label in train.labels] == NAMES
    assert np.array_equal(load(path, "test").images.reshape(2, 9), IMAGES[:2])
    few = load(path, "train", 5)
    assert np.array_equal(few.images.reshape(5, 9), IMAGES[:5])
    assert len(few.labels) == 5


def test_a_file_alone_keeps_a_sixth_of_each_class_for_the_test(tmp_path: Path) -> None:
    labels = ["a"] * 12 + ["b"] * 6
    images = (np.arange(18 * 4)).astype(np.uint8).reshape(18, 4)
    path = str(write(tmp_path / "all.csv", rows(labels, images)))
    train, test = load(path, "train"), load(path, "test")
    assert Counter(test.labels.tolist()) == {0: 2, 1: 1}
    firsts = [image[0, 0, 0] // 4 for image in (*train.images, *test.images)]
    assert sorted(firsts) == list(range(18))
    for data in (train, test):
        assert [label == 1 for label in data.labels] == [
            image[0, 0, 0] // 4 >= 12 for image in data.images
        ]


def test_labels_that_are_numbers_are_in_their_order_and_need_no_zero(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.csv", rows(["10", "9", "1"] * 4)))
    assert describe(path).class_names == ("1", "9", "10")
    assert load(path, "train", 3).labels.max() == 2


def test_three_values_a_pixel_are_colours(tmp_path: Path) -> None:
    images = (np.arange(12 * 12) % 256).astype(np.uint8).reshape(12, 12)
    write(tmp_path / "test.csv", rows(images=images)[:3])
    data = load(str(write(tmp_path / "train.csv", rows(images=images))), "train")
    assert data.images.shape == (12, 2, 2, 3)
    assert data.images[0, 0, 1].tolist() == [3, 4, 5]


def test_decimals_from_0_to_1_become_bytes(tmp_path: Path) -> None:
    write(tmp_path / "test.csv", rows(images=IMAGES / 255)[:3])
    data = load(str(write(tmp_path / "train.csv", rows(images=IMAGES / 255))), "train")
    assert np.array_equal(data.images.reshape(12, 9), IMAGES)


def test_marks_quotes_spaces_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    lines = [line.replace("cat", '"Ähre" ').replace(",", ", ") for line in rows()]
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\n\n".join(lines).encode())
    assert describe(str(path)).class_names == ("bird", "dog", "Ähre")
    assert len(load(str(path), "train")) == 10


def changed(number: int, line: str) -> list[str]:
    """Sound lines, of which one (counted from 1) is another."""
    lines = rows()
    lines[number - 1] = line
    return lines


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            changed(3, "cat,1,2,3"),
            "FOLDER/a.csv: line 3 has 3 values after the label, but the lines before it have 9; "
            "give each image as many",
        ),
        (
            [line.replace(",", ";") for line in rows()],
            "FOLDER/a.csv: line 1 has nothing after the label; "
            "give each image in a line, with commas between its values",
        ),
        (
            changed(4, "cat,1,2,3,4,white,6,7,8,9"),
            "FOLDER/a.csv: line 4 has the value 'white'; give a whole number from 0 to 255",
        ),
        (
            changed(2, "cat,1,2,3,,5,6,7,8,9"),
            "FOLDER/a.csv: line 2 has the value ''; give a whole number from 0 to 255",
        ),
        (
            changed(5, "cat,1,2,3,nan,5,6,7,8,9"),
            "FOLDER/a.csv: line 5 has the value 'nan'; give a whole number from 0 to 255",
        ),
        (
            changed(5, "cat,1,2,3,1e-3,5,6,7,8,9"),
            "FOLDER/a.csv: line 5 has the value '1e-3'; give a whole number from 0 to 255",
        ),
        (
            changed(5, "cat,1,2,3,256,5,6,7,8,9"),
            "FOLDER/a.csv: has the value 256, but whole numbers must be from 0 to 255",
        ),
        (
            changed(5, "cat,1,2,3,-1,5,6,7,8,9"),
            "FOLDER/a.csv: has the value -1, but whole numbers must be from 0 to 255",
        ),
        (
            changed(5, "cat,1,2,3,0.5,5,6,7,8,9"),
            "FOLDER/a.csv: has the value 98, but floats must be from 0 to 1",
        ),
        (
            [*rows(images=IMAGES / 255), "cat,inf,0,0,0,0,0,0,0,0"],
            "FOLDER/a.csv: has values that are NaN or infinite; remove those images",
        ),
        (
            [*rows(images=IMAGES / 255), "cat,dark,0,0,0,0,0,0,0,0"],
            "FOLDER/a.csv: line 13 has the value 'dark'; give a number from 0 to 1",
        ),
        (changed(2, ",1,2,3,4,5,6,7,8,9"), "FOLDER/a.csv: line 2 has no label; put it first"),
        (
            rows(images=IMAGES[:, :8]),
            "FOLDER/a.csv: has 8 values a line after the label, which are no square image; "
            "give height x width of them, or three times as many for colours",
        ),
        ([], "FOLDER/a.csv: has no images at all; give one a line, its label first"),
        (
            HEADINGS["words"],
            "FOLDER/a.csv: has no images at all; give one a line, its label first",
        ),
        (rows(["cat"] * 12), "FOLDER/a.csv: the number of classes is 1; give 2 to 1,000"),
        (
            rows([str(i) for i in range(12)]),
            "FOLDER/a.csv: has 1 image of class 0 (0), too few to keep some for the test; "
            "give 2 or more, or a test part",
        ),
        (
            [f"{i},0" for i in range(1001)],
            "FOLDER/a.csv: has more than 1,000 different labels; the label comes first",
        ),
    ],
)
def test_refusals(tmp_path: Path, lines: list[str], sentence: str) -> None:
    assert refusal(write(tmp_path / "a.csv", lines)) == sentence


def test_a_test_file_of_another_width_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "test.csv", [line.partition(",")[2] for line in rows()])
    assert refusal(write(tmp_path / "train.csv", rows())) == (
        "FOLDER/test.csv: has 8 values a line after the label, but train.csv has 9; "
        "without that file, some images of train.csv are kept for the test"
    )


def test_a_label_of_the_test_file_alone_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "test.csv", rows(["cat", "fox"], IMAGES[:2]))
    assert refusal(write(tmp_path / "train.csv", rows())) == (
        "FOLDER/test.csv: has the label 'fox', which the training images do not have"
    )


def test_labels_in_another_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(rows()).replace("cat", "Bär").encode("latin-1"))
    assert refusal(path) == "FOLDER/a.csv: has labels that are not text in UTF-8; save it anew"


def test_a_line_without_an_end_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nn.data.table._LONGEST", 50)
    lines = changed(7, "cat," + "0" * 60)
    assert refusal(write(tmp_path / "a.csv", lines)) == (
        "FOLDER/a.csv: line 7 is too long for an image"
    )
