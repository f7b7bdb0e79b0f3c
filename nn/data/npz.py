"""Files of NumPy arrays with Keras's keys: x_train, y_train, x_test, y_test."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nn.data.bounded import (
    MAX_CLASSES,
    as_bytes,
    read_exactly,
    reading,
    require_image_shape,
    require_plausible,
    require_room,
    unique_names,
)
from nn.data.contents import Collection, Contents, Pixels, class_count, contents, from_start
from nn.schema import InputError

_CHUNK = 2**20
"""So many values are converted at a time."""

_LONGEST_HEADER = 10_000

_LONGEST_NAME = 4000
"""In bytes, of which each letter takes four."""

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class _Header:
    """What an array's header says."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[Any]


def open_file(path: Path) -> Contents:
    """An `.npz`: x (N, H, W) or (N, H, W, C), bytes or floats from 0 to 1; y (N,) or (N, 1).

    The test arrays may be missing. Class names may be given as an array of text, `class_names`.
    Nothing in the file is ever unpickled.

    Raises:
        InputError: if an array is missing or will not do.
    """
    keys = _keys(path)
    wanted = ["x_train", "y_train"]
    if "x_test" in keys or "y_test" in keys:
        wanted += ["x_test", "y_test"]
    for key in wanted:
        if key not in keys:
            found = ", ".join(each for each in keys[:6] if each.isprintable())
            raise InputError(
                f"{path}: has no array {key}, but {found or 'nothing'}; "
                "give x_train, y_train, x_test and y_test"
            )
    shape, train = _collection(path, "train")
    test = None
    if len(wanted) > 2:
        test_shape, test = _collection(path, "test")
        if test_shape != shape:
            raise InputError(f"{path}: x_test has images of {test_shape}, but x_train of {shape}")
    if "class_names" in keys:
        names = _read_names(path)
    else:
        names = tuple(map(str, range(class_count(f"{path}: y_train", train.labels))))
    return contents(shape, names, train, test)


def _keys(path: Path) -> list[str]:
    with reading(path), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return [name.removesuffix(".npy") for name in names if name.endswith(".npy")]


def _collection(path: Path, part: str) -> tuple[tuple[int, int, int], Collection]:
    x, y = f"x_{part}", f"y_{part}"
    with _array(path, x, "uif") as (_, header):
        size = require_image_shape(f"{path}: {x}", header.shape[1:])
        count = header.shape[0]
    # Floats are read in pieces and kept as bytes.
    require_room(f"{path}: {x}", count * math.prod(size))
    with _array(path, y, "ui") as (stream, header):
        if header.shape not in ((count,), (count, 1)):
            raise InputError(
                f"{path}: {y} has the shape {header.shape}, but {x} has {count:,} images; "
                "give one label an image"
            )
        # Those that do not fit into 64 bits with a sign come out negative, and are refused so.
        labels = _read_values(stream, header, path).astype(np.int64)
    read = from_start(lambda n: _read_images(path, x, n).reshape(n, *size))
    return size, Collection(f"{path}: {y}", labels, read)


def _read_names(path: Path) -> tuple[str, ...]:
    with _array(path, "class_names", "U") as (stream, header):
        count = math.prod(header.shape)
        if count > MAX_CLASSES or header.dtype.itemsize > _LONGEST_NAME:
            raise InputError(
                f"{path}: class_names: has {count:,} texts of {header.dtype.itemsize // 4:,} "
                f"letters; give {MAX_CLASSES:,} short ones at most"
            )
        return unique_names(path, tuple(map(str, _read_values(stream, header, path))))


@contextmanager
def _array(path: Path, key: str, kinds: str) -> Iterator[tuple[IO[bytes], _Header]]:
    """An array's values as a stream, and its header, which the archive's own figures must bear out.

    `kinds` are the letters of the types that will do, as in `numpy.dtype.kind`.
    """
    where = f"{path}: {key}"
    with reading(where), zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(f"{key}.npy")
        if entry.compress_type not in _METHODS:
            raise InputError(
                f"{where}: is packed in a rare way; pack it with numpy.savez_compressed"
            )
        with archive.open(entry) as stream:
            header = _read_header(stream, where)
            if header.dtype.kind not in kinds:
                wanted = {"U": "text", "ui": "whole numbers"}.get(kinds, "bytes or floats")
                raise InputError(f"{where}: holds {header.dtype}, but it must be {wanted}")
            promised = stream.tell() + math.prod(header.shape) * header.dtype.itemsize
            if entry.file_size != promised or min(header.shape, default=0) < 0:
                raise InputError(
                    f"{where}: unpacks to {entry.file_size:,} bytes, but its header says "
                    f"{promised:,}; save the file again"
                )
            require_plausible(where, promised, entry.compress_size)
            yield stream, header


def _read_header(stream: IO[bytes], where: str) -> _Header:
    """https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html

    NumPy itself would read as long a header as it is told to.
    """
    start = stream.read(10)
    if start[6:7] == b"\2":
        start += stream.read(2)
    length = int.from_bytes(start[8:], "little")
    text = io.BytesIO(start + stream.read(min(length, _LONGEST_HEADER)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python 2 wrote its numbers in another way
            if np.lib.format.read_magic(text) == (1, 0):
                return _Header(*np.lib.format.read_array_header_1_0(text))
            return _Header(*np.lib.format.read_array_header_2_0(text))
    except Exception:  # what NumPy's parser raises on odd headers has no common base
        raise InputError(
            f"{where}: has no header of a NumPy array; save it with numpy.savez_compressed"
        ) from None


def _read_values(stream: IO[bytes], header: _Header, path: Path) -> NDArray[Any]:
    """All values of an array, flat, in the order of the file."""
    size = math.prod(header.shape) * header.dtype.itemsize
    return read_exactly(stream, size, path).view(header.dtype)


def _read_images(path: Path, key: str, count: int) -> Pixels:
    """The first `count` images as bytes, in memory for little more than those."""
    with _array(path, key, "uif") as (stream, header):
        total = math.prod(header.shape)
        each = total // header.shape[0]
        # In Fortran's order the values of the first images are spread over the whole array.
        wanted = total if header.fortran_order else count * each
        pixels = np.empty(wanted, np.uint8)
        for start in range(0, wanted, _CHUNK):
            piece = pixels[start : start + _CHUNK]
            read = read_exactly(stream, len(piece) * header.dtype.itemsize, f"{path}: {key}")
            piece[:] = as_bytes(read.view(header.dtype), f"{path}: {key}")
        stream.read(1)  # reaching the end makes zipfile compare the checksum
    if header.fortran_order:
        return np.ascontiguousarray(pixels.reshape(header.shape, order="F")[:count])
    return pixels
