"""Files of arrays with Keras's keys, sound, odd and hostile."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.data import describe, load
from nn.schema import InputError

GREY = (np.arange(12 * 4 * 5) % 256).astype(np.uint8).reshape(12, 4, 5)
COLOUR = (np.arange(12 * 4 * 5 * 3) % 256).astype(np.uint8).reshape(12, 4, 5, 3)
LABELS = np.array([0, 1, 2] * 4)


def write(folder: Path, **changed: Any) -> Path:
    """A sound file, in which some arrays are others, more or (None) missing."""
    arrays = {"x_train": GREY, "y_train": LABELS, "x_test": GREY[:3], "y_test": LABELS[:3]}
    path = folder / "data.npz"
    given = {key: value for key, value in (arrays | changed).items() if value is not None}
    np.savez_compressed(path, **given)
    return path


def refusal(path: Path, part: Any = "train") -> str:
    with pytest.raises(InputError) as caught:
        load(str(path), part)
    return str(caught.value).replace(str(path), "FILE")


@pytest.mark.parametrize("images", [GREY, GREY[..., np.newaxis], COLOUR])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_images_and_labels_come_as_they_were_saved(tmp_path: Path, images: Any, save: Any) -> None:
    path = tmp_path / "data.npz"
    save(
        path,
        x_train=images,
        y_train=LABELS.reshape(-1, 1).astype(np.uint8),
        x_test=images[:3],
        y_test=LABELS[:3].astype(np.int32),
    )
    shape = (*images.shape[1:], 1)[:3]
    info = describe(str(path))
    assert (info.input_shape, info.train_count, info.test_count) == (shape, 12, 3)
    assert info.class_names == ("0", "1", "2")
    train, test = load(str(path), "train"), load(str(path), "test", 2)
    assert train.images.dtype == np.uint8
    assert np.array_equal(train.images, images.reshape(-1, *shape))
    assert train.labels.tolist() == LABELS.tolist()
    assert np.array_equal(test.images, images[:2].reshape(-1, *shape))
    assert test.labels.tolist() == [0, 1]


@pytest.mark.parametrize("kind", [np.float64, np.float32, ">f4"])
def test_floats_from_0_to_1_become_bytes(tmp_path: Path, kind: Any) -> None:
    path = write(tmp_path, x_train=(GREY / 255).astype(kind))
    train = load(str(path), "train")
    assert train.images.dtype == np.uint8
    assert np.array_equal(train.images[..., 0], GREY)


@pytest.mark.parametrize("kind", [np.int64, ">i2"])
def test_wider_whole_numbers_become_bytes(tmp_path: Path, kind: Any) -> None:
    path = write(tmp_path, x_train=GREY.astype(kind))
    assert np.array_equal(load(str(path), "train").images[..., 0], GREY)


def test_the_order_in_memory_makes_no_difference(tmp_path: Path) -> None:
    path = write(tmp_path, x_train=np.asfortranarray(COLOUR), x_test=COLOUR[:3])
    assert np.array_equal(load(str(path), "train").images, COLOUR)
    assert np.array_equal(load(str(path), "train", 4).images, COLOUR[:4])


def test_classes_may_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, class_names=np.array(["cat", "dog", "Käfer"]))
    assert load(str(path), "test").class_names == ("cat", "dog", "Käfer")


def test_many_floats_take_the_memory_of_bytes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        x_train=np.zeros((3000, 64, 64), np.float64),
        y_train=np.arange(3000) % 3,
        x_test=np.zeros((3, 64, 64), np.float64),
    )
    tracemalloc.start()
    try:
        images = load(str(path), "train").images
        assert images.nbytes == 3000 * 64 * 64
        assert tracemalloc.get_traced_memory()[1] < images.nbytes + 60_000_000
    finally:
        tracemalloc.stop()


def holed(value: float) -> Any:
    images = GREY / 255
    images[7, 1, 2] = value
    return images


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"y_train": None},
            "FILE: has no array y_train, but x_train, x_test, y_test; "
            "give x_train, y_train, x_test and y_test",
        ),
        (
            {"y_test": None},
            "FILE: has no array y_test, but x_train, y_train, x_test; "
            "give x_train, y_train, x_test and y_test",
        ),
        (
            {"y_train": LABELS[:11]},
            "FILE: y_train has the shape (11,), but x_train has 12 images; give one label an image",
        ),
        (
            {"y_train": np.eye(3)[LABELS].astype(int)},
            "FILE: y_train has the shape (12, 3), but x_train has 12 images; "
            "give one label an image",
        ),
        (
            {"y_train": LABELS.astype(float)},
            "FILE: y_train: holds float64, but it must be whole numbers",
        ),
        (
            {"y_train": LABELS - 1},
            "FILE: y_train: has the label -1; "
            "number the classes from 0 without gaps, 1,000 at most",
        ),
        (
            {"y_train": LABELS.astype(np.uint64) + np.uint64(2**64 - 5)},
            "FILE: y_train: has the label -5; "
            "number the classes from 0 without gaps, 1,000 at most",
        ),
        (
            {"y_train": LABELS * 4_000_000},
            "FILE: y_train: has the label 8000000; "
            "number the classes from 0 without gaps, 1,000 at most",
        ),
        (
            {"y_train": LABELS * 2},
            "FILE: y_train: has no training image of class 1 (1); "
            "give each class some, and number the classes from 0 without gaps",
        ),
        (
            {"y_test": LABELS[:3] + 1},
            "FILE: y_test: has the label 3, but the 3 classes are numbered from 0 to 2",
        ),
        (
            {"class_names": np.array(["a", "b"])},
            "FILE: y_train: has the label 2, but the 2 classes are numbered from 0 to 1",
        ),
        (
            {"class_names": np.array(["x"] * 1001)},
            "FILE: class_names: has 1,001 texts of 1 letters; give 1,000 short ones at most",
        ),
        (
            {"class_names": np.array(["a", "b", "c" * 1001])},
            "FILE: class_names: has 3 texts of 1,001 letters; give 1,000 short ones at most",
        ),
        (
            {"class_names": np.array(["a", "b", "a"])},
            "FILE: names the class 'a' twice; give each its own name",
        ),
        ({"class_names": np.arange(3)}, "FILE: class_names: holds int64, but it must be text"),
        (
            {"x_train": GREY[:0], "y_train": LABELS[:0]},
            "FILE: y_train: has no images at all; give some of each class",
        ),
        (
            {"x_train": GREY.reshape(12, 20)},
            "FILE: x_train: has images of 20; give height x width, or "
            "height x width x 1 or 3 channels, with sides from 1 to 1024",
        ),
        (
            {"x_train": np.uint8(3)},
            "FILE: x_train: has images of no size; give height x width, or "
            "height x width x 1 or 3 channels, with sides from 1 to 1024",
        ),
        (
            {"x_train": COLOUR.transpose(0, 3, 1, 2)},
            "FILE: x_train: has images of 3 x 4 x 5; give height x width, or "
            "height x width x 1 or 3 channels, with sides from 1 to 1024",
        ),
        (
            {"x_train": COLOUR},
            "FILE: x_test has images of (4, 5, 1), but x_train of (4, 5, 3)",
        ),
        (
            {"x_train": holed(np.nan)},
            "FILE: x_train: has values that are NaN or infinite; remove those images",
        ),
        (
            {"x_train": holed(-np.inf)},
            "FILE: x_train: has values that are NaN or infinite; remove those images",
        ),
        (
            {"x_train": holed(1.5)},
            "FILE: x_train: has the value 1.5, but floats must be from 0 to 1",
        ),
        (
            {"x_train": holed(-0.25)},
            "FILE: x_train: has the value -0.25, but floats must be from 0 to 1",
        ),
        (
            {"x_train": GREY.astype(int) + 17},
            "FILE: x_train: has the value 256, but whole numbers must be from 0 to 255",
        ),
        (
            {"x_train": GREY.astype(complex)},
            "FILE: x_train: holds complex128, but it must be bytes or floats",
        ),
    ],
)
def test_refusals(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    assert refusal(write(tmp_path, **changed)) == sentence


class Trap:
    """What runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("key", ["x_train", "y_train"])
def test_nothing_is_unpickled(tmp_path: Path, key: str) -> None:
    trap = tmp_path / "sprung"
    objects = np.array([Trap(trap)] * 12, dtype=object)
    if key == "x_train":
        objects = np.repeat(objects, 4).reshape(12, 2, 2)
    path = write(tmp_path, **{key: objects})
    wanted = "bytes or floats" if key == "x_train" else "whole numbers"
    assert refusal(path) == f"FILE: {key}: holds object, but it must be {wanted}"
    assert not trap.exists()


def test_a_plain_pickle_is_no_npz(tmp_path: Path) -> None:
    trap, path = tmp_path / "sprung", tmp_path / "data.npz"
    path.write_bytes(pickle.dumps(Trap(trap)))
    assert refusal(path) == "FILE: is damaged (File is not a zip file); get the file again"
    assert not trap.exists()


def with_entry(path: Path, key: str, content: bytes, **how: Any) -> Path:
    """The same file, in which one array is some bytes."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries[f"{key}.npy"] = content
    with zipfile.ZipFile(path, "w", **({"compression": zipfile.ZIP_DEFLATED} | how)) as archive:
        for name, each in entries.items():
            archive.writestr(name, each)
    return path


def npy(values: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def header(shape: str) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def test_an_array_that_unpacks_to_more_than_its_header_says_is_not_unpacked(
    tmp_path: Path,
) -> None:
    path = with_entry(write(tmp_path), "x_train", npy(GREY) + bytes(200_000_000))
    tracemalloc.start()
    try:
        sentence = refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert sentence == (
        "FILE: x_train: unpacks to 200,000,368 bytes, but its header says 368; save the file again"
    )


def test_an_array_of_more_than_the_file_can_hold_is_refused(tmp_path: Path) -> None:
    path = with_entry(write(tmp_path), "x_train", header("(1000000, 28, 28)"))
    assert refusal(path) == (
        "FILE: x_train: unpacks to 128 bytes, but its header says 784,000,128; save the file again"
    )


def test_sizes_that_only_the_archives_list_claims_are_refused(tmp_path: Path) -> None:
    head = header("(12, 999, 999)")
    path = with_entry(write(tmp_path), "x_train", head)
    content = bytearray(path.read_bytes())
    promised = len(head) + 12 * 999 * 999
    # The list at the end has each entry's size, four bytes at place 24, its name at place 46.
    at = content.rindex(b"x_train.npy") - 46
    packed = int.from_bytes(content[at + 20 : at + 24], "little")
    content[at + 24 : at + 28] = promised.to_bytes(4, "little")
    path.write_bytes(content)
    assert refusal(path) == (
        f"FILE: x_train: says that it unpacks to {promised:,} bytes, but its {packed} bytes "
        "cannot hold so many; get the file again"
    )


def test_an_array_that_would_not_fit_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nn.data.bounded.MAX_BYTES", 200)
    assert refusal(write(tmp_path)) == (
        "FILE: x_train: says that it holds 240 bytes, but at most 200 are read; "
        "give fewer or smaller images"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array at all",
        header("'many'"),
        header("(1, 'two', 3)"),
        header("((((((("),
        header("(12, 4,"),
        header("(1,)").replace(b"|u1", b"junk"),
        b"\x93NUMPY\x03\x00" + header("(1,)")[8:],
        b"\x93NUMPY\x01\x00\xff\xff{'descr': ",
    ],
)
def test_entries_that_are_no_arrays_are_refused(tmp_path: Path, content: bytes) -> None:
    path = with_entry(write(tmp_path), "x_train", content)
    assert refusal(path) == (
        "FILE: x_train: has no header of a NumPy array; save it with numpy.savez_compressed"
    )


def test_a_header_that_never_ends_is_not_read(tmp_path: Path) -> None:
    endless = b"\x93NUMPY\x02\x00" + (200_000_000).to_bytes(4, "little") + b" " * 200_000_000
    path = with_entry(write(tmp_path), "x_train", endless)
    del endless
    tracemalloc.start()
    try:
        assert "has no header of a NumPy array" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_numbers_as_python_2_wrote_them_are_read(tmp_path: Path) -> None:
    content = header("(12L, 4L, 5L)") + GREY.tobytes()
    path = with_entry(write(tmp_path), "x_train", content)
    assert np.array_equal(load(str(path), "train").images[..., 0], GREY)


def test_fewer_than_no_images_are_refused(tmp_path: Path) -> None:
    path = with_entry(write(tmp_path), "x_train", header("(-12, 4, 5)") + bytes(240))
    assert refusal(path) == (
        "FILE: x_train: unpacks to 368 bytes, but its header says -112; save the file again"
    )


def test_an_entry_that_only_begins_like_an_array_is_none(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x_train", npy(GREY))
        archive.writestr("y_train.npy", npy(LABELS))
    assert refusal(path) == (
        "FILE: has no array x_train, but y_train; give x_train, y_train, x_test and y_test"
    )


def test_rare_methods_of_packing_are_refused(tmp_path: Path) -> None:
    path = with_entry(write(tmp_path), "x_train", npy(GREY), compression=zipfile.ZIP_LZMA)
    assert refusal(path) == (
        "FILE: x_train: is packed in a rare way; pack it with numpy.savez_compressed"
    )


def test_damage_is_noticed(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (12, 28, 28), np.uint8)
    path = tmp_path / "data.npz"
    np.savez(path, x_train=noise, y_train=LABELS)
    content = bytearray(path.read_bytes())
    content[content.index(noise.tobytes()) + 5000] ^= 0xFF
    path.write_bytes(content)
    assert refusal(path) == (
        "FILE: x_train: is damaged (Bad CRC-32 for file 'x_train.npy'); get the file again"
    )
