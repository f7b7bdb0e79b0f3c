"""CSV files: one image a line, its label first, then its pixels row by row."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nn.data.bounded import MAX_CLASSES, as_bytes, reading, require_image_shape, require_room
from nn.data.contents import Collection, Contents, Pixels, contents, from_start, in_order
from nn.schema import InputError

_LONGEST = 64 * 2**20
"""No line of pixels is longer than this, in bytes."""

_LINES = 1024
"""So many lines are made into numbers at a time."""

_LABEL_HEADINGS = (b"label", b"class", b"target", b"y")


@dataclass(frozen=True)
class _Table:
    """A file, looked over: what is in front of its first comma, and how many values follow.

    `names` are the labels in the order in which they came up, `codes` each line's place in them.
    """

    path: Path
    has_header: bool
    values: int
    names: tuple[str, ...]
    codes: NDArray[np.int64]
    has_decimals: bool


def open_file(path: Path) -> Contents:
    """A `.csv` of label and pixels, with the test images in a file beside it, or without any.

    Of x_train.csv the test images are in x_test.csv. The number of values says the size: a square,
    of one channel or of three (red, green, blue of each pixel together).

    Raises:
        InputError: if the files will not do.
    """
    train = _look_over(path)
    shape = _shape(train)
    names = tuple(in_order(train.names))
    test_file = beside(path)
    test = None if test_file is None else _look_over(test_file)
    if test is not None and test.values != train.values:
        raise InputError(
            f"{test.path}: has {test.values:,} values a line after the label, but {path.name} has "
            f"{train.values:,}; without that file, some images of {path.name} are kept for the test"
        )
    return contents(
        shape,
        names,
        _collection(train, shape, names),
        None if test is None else _collection(test, shape, names),
    )


def beside(path: Path) -> Path | None:
    """The file of test images that belongs to one of training images, if there is one."""
    start, train, end = path.name.rpartition("train")
    test = path.with_name(f"{start}test{end}")
    return test if train and test.exists() else None


def _collection(table: _Table, shape: tuple[int, int, int], names: tuple[str, ...]) -> Collection:
    require_room(table.path, len(table.codes) * table.values)
    for name in table.names:
        if name not in names:
            raise InputError(
                f"{table.path}: has the label {name!r}, which the training images do not have"
            )
    places = np.array([names.index(name) for name in table.names], np.int64)
    read = from_start(lambda n: _read(table, n).reshape(n, *shape))
    return Collection(str(table.path), places[table.codes], read)


def _shape(table: _Table) -> tuple[int, int, int]:
    for channels in (1, 3):
        side = math.isqrt(table.values // channels)
        if side > 0 and side * side * channels == table.values:
            return require_image_shape(table.path, (side, side, channels))
    raise InputError(
        f"{table.path}: has {table.values:,} values a line after the label, which are no square "
        "image; give height x width of them, or three times as many for colours"
    )


def _look_over(path: Path) -> _Table:
    """Read the labels, and count the values of each line without making numbers of them."""
    names: dict[bytes, int] = {}
    codes = array("q")
    values, decimals = 0, False
    has_header = _has_header(path)
    for number, line in _lines(path, has_header):
        label, _, pixels = line.partition(b",")
        found = pixels.count(b",") + 1 if pixels else 0
        if found == 0:
            raise InputError(
                f"{path}: line {number} has nothing after the label; "
                "give each image in a line, with commas between its values"
            )
        values = values or found
        if found != values:
            raise InputError(
                f"{path}: line {number} has {found:,} values after the label, but the lines before "
                f"it have {values:,}; give each image as many"
            )
        decimals = decimals or b"." in pixels
        label = label.strip().strip(b'"').strip()
        if not label:
            raise InputError(f"{path}: line {number} has no label; put it first")
        codes.append(names.setdefault(label, len(names)))
        if len(names) > MAX_CLASSES:
            raise InputError(
                f"{path}: has more than {MAX_CLASSES:,} different labels; the label comes first"
            )
    if not codes:
        raise InputError(f"{path}: has no images at all; give one a line, its label first")
    try:
        texts = tuple(name.decode("utf-8") for name in names)
    except UnicodeDecodeError:
        raise InputError(f"{path}: has labels that are not text in UTF-8; save it anew") from None
    return _Table(path, has_header, values, texts, np.array(codes, np.int64), decimals)


def _has_header(path: Path) -> bool:
    """Whether the first line says what is in the columns."""
    for _, line in _lines(path, skip_first=False):
        label, *values = line.split(b",")
        heading = label.strip().strip(b'"').lower() in _LABEL_HEADINGS
        return heading or (bool(values) and not any(map(_is_number, values)))
    return False


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(path: Path, skip_first: bool) -> Iterator[tuple[int, bytes]]:
    """Each line with its number, counted from 1, without empty ones."""
    with reading(path), path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST + 1):
            number += 1
            if len(line) > _LONGEST:
                raise InputError(f"{path}: line {number} is too long for an image")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            line = line.strip()
            if line and not (skip_first and number == 1):
                yield number, line


def _read(table: _Table, count: int) -> Pixels:
    """The values of the first `count` images, flat."""
    pixels = np.empty((count, table.values), np.uint8)
    lines = islice(_lines(table.path, table.has_header), count)
    done = 0
    while piece := list(islice(lines, _LINES)):
        pixels[done : done + len(piece)] = as_bytes(_numbers(table, piece), table.path)
        done += len(piece)
    if done < count:
        raise InputError(f"{table.path}: has changed while it was read; try again")
    return pixels.reshape(-1)


def _numbers(table: _Table, lines: list[tuple[int, bytes]]) -> NDArray[Any]:
    """Floats if the file has decimals anywhere, or else whole numbers, as (lines, values)."""
    texts = [line.partition(b",")[2] for _, line in lines]
    plain = _plain_numbers(texts)
    if plain is not None and not table.has_decimals:
        return plain.reshape(len(lines), table.values)
    try:
        words = [text.decode("latin-1") for text in texts]
        numbers = np.loadtxt(words, np.float32, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        raise InputError(_wrong_value(table, lines)) from None
    if table.has_decimals:
        return numbers
    if not np.isfinite(numbers).all() or (numbers % 1).any():
        raise InputError(_wrong_value(table, lines))
    return numbers.astype(np.int64)


def _plain_numbers(texts: list[bytes]) -> NDArray[np.int16] | None:
    """Numbers of up to three digits with a comma between them; None if anything else is there.

    Nearly all files have nothing else, and this is ten times as fast as NumPy's reader.
    """
    text = np.frombuffer(b",".join(texts) + b",", np.uint8)
    ends = np.flatnonzero(text == ord(","))
    lengths = np.diff(ends, prepend=-1) - 1
    digits = text.astype(np.int16) - ord("0")
    others = np.count_nonzero((digits < 0) | (digits > 9))
    if others != len(ends) or lengths.min() < 1 or lengths.max() > 3:
        return None
    numbers = digits[ends - 1]
    for place in (2, 3):
        numbers += np.where(lengths >= place, digits[ends - place] * 10 ** (place - 1), 0)
    return numbers


def _wrong_value(table: _Table, lines: list[tuple[int, bytes]]) -> str:
    wanted = "a number from 0 to 1" if table.has_decimals else "a whole number from 0 to 255"
    for number, line in lines:
        for text in line.split(b",")[1:]:
            sound = _is_number(text) and (table.has_decimals or float(text).is_integer())
            if not sound:
                shown = text[:20].decode("utf-8", "replace").strip()
                return f"{table.path}: line {number} has the value {shown!r}; give {wanted}"
    return f"{table.path}: has values that are no numbers; give {wanted}"
