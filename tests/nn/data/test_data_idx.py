"""Folders of IDX files, written here by hand after the format's own description."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from nn.data import describe, load
from nn.schema import InputError

IMAGES = (np.arange(12 * 4 * 5) % 256).astype(np.uint8).reshape(12, 4, 5)
LABELS = np.array([0, 1, 2] * 4, np.uint8)
NAMES = {
    "train images": "train-images-idx3-ubyte",
    "train labels": "train-labels-idx1-ubyte",
    "test images": "t10k-images-idx3-ubyte",
    "test labels": "t10k-labels-idx1-ubyte",
}


def idx(values: np.ndarray) -> bytes:
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


def write(folder: Path, **files: bytes | None) -> Path:
    """A sound folder, in which some files (train_images, ...) are others or missing."""
    contents = {
        "train images": idx(IMAGES),
        "train labels": idx(LABELS),
        "test images": idx(IMAGES[:3]),
        "test labels": idx(LABELS[:3]),
    } | {name.replace("_", " "): content for name, content in files.items()}
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        if content is not None:
            (folder / NAMES[name]).write_bytes(content)
    return folder


def refusal(folder: Path) -> str:
    """What is said of a folder, with its own path shortened."""
    with pytest.raises(InputError) as caught:
        load(str(folder), "train")
    return str(caught.value).replace(str(folder), "FOLDER")


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name,
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("t10k", "test"),
        lambda name: f"emnist-digits-{name}",
    ],
    ids=["usual", "dots", "test", "prefix"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_names_and_packing_make_no_difference(tmp_path: Path, rename: object, packed: bool) -> None:
    assert callable(rename)
    write(tmp_path)
    for name in NAMES.values():
        file = tmp_path / name
        content = file.read_bytes()
        file.unlink()
        if packed:
            (tmp_path / f"{rename(name)}.gz").write_bytes(gzip.compress(content))
        else:
            (tmp_path / rename(name)).write_bytes(content)
    info = describe(str(tmp_path))
    assert (info.input_shape, info.class_names) == ((4, 5, 1), ("0", "1", "2"))
    assert (info.train_count, info.test_count) == (12, 3)
    train, test = load(str(tmp_path), "train"), load(str(tmp_path), "test")
    assert train.images.dtype == np.uint8
    assert np.array_equal(train.images[..., 0], IMAGES)
    assert train.labels.tolist() == LABELS.tolist()
    assert np.array_equal(test.images[..., 0], IMAGES[:3])
    assert test.labels.tolist() == [0, 1, 2]


def test_four_dimensions_are_colours(tmp_path: Path) -> None:
    images = (np.arange(12 * 2 * 2 * 3) % 256).astype(np.uint8).reshape(12, 2, 2, 3)
    write(tmp_path, train_images=idx(images), test_images=None, test_labels=None)
    assert describe(str(tmp_path)).input_shape == (2, 2, 3)


def test_names_of_the_classes_come_from_a_file_beside(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "classes.txt").write_text("\ufeffcoat\n\n Bag \nAnkle boot\n", "utf-8")
    assert load(str(tmp_path), "test").class_names == ("coat", "Bag", "Ankle boot")


def test_a_limit_reads_the_first_images(tmp_path: Path) -> None:
    few = load(str(write(tmp_path)), "train", 5)
    assert np.array_equal(few.images[..., 0], IMAGES[:5])
    assert few.labels.tolist() == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {"train_images": b"\x00\x00\x0d\x03" + idx(IMAGES)[4:]},
            "FOLDER/train-images-idx3-ubyte: starts with the bytes 00 00 0d 03, but an IDX file "
            "of images starts with 00 00 08 03 or 00 00 08 04",
        ),
        (
            {"train_labels": idx(IMAGES)},
            "FOLDER/train-labels-idx1-ubyte: starts with the bytes 00 00 08 03, but an IDX file "
            "of labels starts with 00 00 08 01",
        ),
        (
            {"train_labels": b""},
            "FOLDER/train-labels-idx1-ubyte: is empty, but an IDX file of labels starts with "
            "00 00 08 01",
        ),
        (
            {"train_labels": idx(LABELS[:11])},
            "FOLDER/train-labels-idx1-ubyte: has 11 labels, but train-images-idx3-ubyte has 12 "
            "images; give one label an image",
        ),
        (
            {"train_images": idx(IMAGES)[:-1]},
            "FOLDER/train-images-idx3-ubyte: has 255 bytes, but its header says 256; "
            "get the file again",
        ),
        (
            {"train_images": idx(IMAGES)[:10]},
            "FOLDER/train-images-idx3-ubyte: is cut short: it ends after 6 of 12 bytes; "
            "get the file again",
        ),
        (
            {"train_images": struct.pack(">4B3I", 0, 0, 8, 3, 2**32 - 1, 28, 28)},
            "FOLDER/train-images-idx3-ubyte: says that it holds 3,367,254,359,296 bytes, but at "
            "most 4,294,967,296 are read; give fewer or smaller images",
        ),
        (
            {"train_images": idx(np.zeros((0, 4, 5), np.uint8)), "train_labels": idx(LABELS[:0])},
            "FOLDER/train-labels-idx1-ubyte: has no images at all; give some of each class",
        ),
        (
            {"train_images": idx(np.zeros((12, 0, 5), np.uint8))},
            "FOLDER/train-images-idx3-ubyte: has images of 0 x 5; give height x width, or "
            "height x width x 1 or 3 channels, with sides from 1 to 1024",
        ),
        (
            {"train_images": idx(np.zeros((12, 2, 2, 2), np.uint8))},
            "FOLDER/train-images-idx3-ubyte: has images of 2 x 2 x 2; give height x width, or "
            "height x width x 1 or 3 channels, with sides from 1 to 1024",
        ),
        (
            {"test_images": idx(IMAGES[:3].transpose(0, 2, 1).copy())},
            "FOLDER/t10k-images-idx3-ubyte: has images of (5, 4, 1), but "
            "FOLDER/train-images-idx3-ubyte of (4, 5, 1)",
        ),
        (
            {"train_labels": idx(LABELS * 2)},
            "FOLDER/train-images-idx3-ubyte: has no training image of class 1 (1); "
            "give each class some, and number the classes from 0 without gaps",
        ),
        (
            {"test_labels": idx(LABELS[:3] + 1)},
            "FOLDER/t10k-images-idx3-ubyte: has the label 3, but the 3 classes are numbered "
            "from 0 to 2",
        ),
        (
            {"train_labels": idx(LABELS * 0)},
            "FOLDER/train-images-idx3-ubyte: the number of classes is 1; give 2 to 1,000",
        ),
        (
            {"test_labels": None},
            "FOLDER: has no test-labels-idx1-ubyte (or .gz), which belongs to its other files",
        ),
        (
            {"train_images": None},
            "FOLDER: has no train-images-idx3-ubyte (or .gz), which belongs to its other files",
        ),
    ],
)
def test_refusals(tmp_path: Path, files: dict[str, bytes | None], sentence: str) -> None:
    assert refusal(write(tmp_path, **files)) == sentence


def test_labels_beyond_the_named_classes_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "classes.txt").write_text("one\ntwo\n")
    assert refusal(tmp_path) == (
        "FOLDER/train-images-idx3-ubyte: has the label 2, but the 2 classes are numbered "
        "from 0 to 1"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\nb\na\n", "names the class 'a' twice; give each its own name"),
        (b"\xff\xfe\n", "is not text in UTF-8; write one class a line"),
    ],
)
def test_names_that_will_not_do(tmp_path: Path, content: bytes, sentence: str) -> None:
    write(tmp_path)
    (tmp_path / "classes.txt").write_bytes(content)
    assert refusal(tmp_path) == f"FOLDER/classes.txt: {sentence}"


def test_names_that_would_steer_the_terminal_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "classes.txt").write_text("a\nb\x1b[31m\nc\n")
    assert refusal(tmp_path) == (
        "FOLDER/train-images-idx3-ubyte: has a class 'b\\x1b[31m', which cannot be shown; rename it"
    )


def test_the_same_file_twice_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "train.images-idx3-ubyte.gz").touch()
    (tmp_path / "train-images.idx3-ubyte").touch()
    assert refusal(tmp_path) == (
        "FOLDER: has both train-images-idx3-ubyte and train-images.idx3-ubyte; keep one of them"
    )


def packed(folder: Path, content: bytes) -> Path:
    """A sound folder whose training images are gzipped, and are `content`; it has no test part."""
    write(folder, train_images=None, test_images=None, test_labels=None)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(content)
    return folder


def test_a_truncated_gzip_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
    whole = gzip.compress(idx(noise))
    assert refusal(packed(tmp_path, whole[:-4000])) == (
        "FOLDER/train-images-idx3-ubyte.gz: is cut short; get the file again"
    )


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx(IMAGES)))
    content[-6] ^= 0xFF
    assert refusal(packed(tmp_path, bytes(content))).startswith(
        "FOLDER/train-images-idx3-ubyte.gz: is damaged (CRC check failed"
    )


def test_what_is_not_gzipped_is_refused(tmp_path: Path) -> None:
    assert refusal(packed(tmp_path, idx(IMAGES))).startswith(
        "FOLDER/train-images-idx3-ubyte.gz: is damaged (Not a gzipped file"
    )


def test_a_gzip_that_holds_more_than_its_header_says_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(idx(IMAGES) + bytes(200_000_000))
    packed(tmp_path, bomb)
    tracemalloc.start()
    try:
        assert refusal(tmp_path) == (
            "FOLDER/train-images-idx3-ubyte.gz: unpacks to more than its header says; "
            "get the file again"
        )
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_a_header_that_promises_more_than_fits_into_the_file_is_refused(tmp_path: Path) -> None:
    header = struct.pack(">4B3I", 0, 0, 8, 3, 1_000_000, 28, 28)
    content = gzip.compress(header)
    assert refusal(packed(tmp_path, content)) == (
        "FOLDER/train-images-idx3-ubyte.gz: says that it unpacks to 784,000,016 bytes, "
        f"but its {len(content)} bytes cannot hold so many; get the file again"
    )
