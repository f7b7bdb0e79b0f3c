"""Folders of IDX files, the format of MNIST's own page: http://yann.lecun.com/exdb/mnist."""

from __future__ import annotations

import gzip
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from nn.data.bounded import (
    class_names_file,
    read_exactly,
    reading,
    require_image_shape,
    require_plausible,
    require_room,
)
from nn.data.contents import Collection, Contents, Labels, Pixels, class_count, contents, from_start
from nn.schema import InputError

# As in train-images-idx3-ubyte.gz, t10k-labels.idx1-ubyte and emnist-digits-test-images-idx3-ubyte.
_NAME = re.compile(r"(?:.*[-_.])?(train|t10k|test)[-_](images|labels)[-.]idx\d-ubyte(?:\.gz)?")

_BYTES = 0x08
"""The third byte of an IDX file: its values are unsigned bytes."""


@dataclass(frozen=True)
class _Header:
    """`shape` as the file says it; `size` is of the header itself, in bytes."""

    shape: tuple[int, ...]
    size: int


def is_idx_name(name: str) -> bool:
    """Whether a file of that name belongs to a folder of IDX files."""
    return _NAME.fullmatch(name) is not None


def open_folder(folder: Path) -> Contents:
    """A folder with train-images-idx3-ubyte, train-labels-idx1-ubyte and the like.

    The test files (t10k- or test-) may be missing. Class names are read from classes.txt.

    Raises:
        InputError: if a file is missing, or is not what its name says.
    """
    files = _files(folder)
    shape, train = _collection(folder, files, "train")
    test = None
    if "test" in (part for part, _ in files):
        test_shape, test = _collection(folder, files, "test")
        if test_shape != shape:
            raise InputError(
                f"{test.where}: has images of {test_shape}, but {train.where} of {shape}"
            )
    names = class_names_file(folder)
    if names is None:
        labels_file = files["train", "labels"]
        names = tuple(map(str, range(class_count(labels_file, train.labels))))
    return contents(shape, names, train, test)


def _files(folder: Path) -> dict[tuple[str, str], Path]:
    """The files by part and by what they hold."""
    files: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match is None or not path.is_file():
            continue
        key = ("train" if match[1] == "train" else "test", match[2])
        if key in files:
            raise InputError(
                f"{folder}: has both {files[key].name} and {path.name}; keep one of them"
            )
        files[key] = path
    return files


def _collection(
    folder: Path, files: dict[tuple[str, str], Path], part: str
) -> tuple[tuple[int, int, int], Collection]:
    for what, rank in (("images", 3), ("labels", 1)):
        if (part, what) not in files:
            raise InputError(
                f"{folder}: has no {part}-{what}-idx{rank}-ubyte (or .gz), "
                "which belongs to its other files"
            )
    images_file, labels_file = files[part, "images"], files[part, "labels"]
    header = _read_header(images_file, ranks=(3, 4))
    count, shape = header.shape[0], require_image_shape(images_file, header.shape[1:])
    labels = _read_labels(labels_file)
    if len(labels) != count:
        raise InputError(
            f"{labels_file}: has {len(labels):,} labels, but {images_file.name} has {count:,} "
            "images; give one label an image"
        )
    read = from_start(lambda n: _read_values(images_file, header, n).reshape(n, *shape))
    return shape, Collection(str(images_file), labels, read)


def _read_labels(path: Path) -> Labels:
    header = _read_header(path, ranks=(1,))
    return _read_values(path, header, header.shape[0]).astype(np.int64)


def _open(path: Path) -> IO[bytes]:
    # gzip's own type is not an IO, though it has everything that is used here.
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _read_header(path: Path, ranks: tuple[int, ...]) -> _Header:
    """The shape that a file promises, which its size must bear out.

    The magic number is two zero bytes, the type of the values and the number of dimensions; the
    dimensions follow as big-endian 32-bit numbers.
    """
    with reading(path), _open(path) as file:
        magic = file.read(4)
        if magic not in (bytes((0, 0, _BYTES, rank)) for rank in ranks):
            wanted = " or ".join(f"00 00 08 {rank:02x}" for rank in ranks)
            found = f"starts with the bytes {magic.hex(' ')}" if magic else "is empty"
            raise InputError(
                f"{path}: {found}, but an IDX file of {_kind(ranks)} starts with {wanted}"
            )
        rank = magic[3]
        dimensions = read_exactly(file, 4 * rank, path).view(">u4")
    header = _Header(tuple(map(int, dimensions)), 4 + 4 * rank)
    promised, size = header.size + math.prod(header.shape), path.stat().st_size
    require_room(path, promised)
    if path.suffix == ".gz":
        require_plausible(path, promised, size)
    elif size != promised:
        raise InputError(
            f"{path}: has {size:,} bytes, but its header says {promised:,}; get the file again"
        )
    return header


def _read_values(path: Path, header: _Header, count: int) -> Pixels:
    """The values of the first `count` items, flat; a whole file must end there."""
    with reading(path), _open(path) as file:
        file.seek(header.size)
        values = read_exactly(file, count * math.prod(header.shape[1:]), path)
        if count == header.shape[0] and file.read(1):
            raise InputError(f"{path}: unpacks to more than its header says; get the file again")
    return values


def _kind(ranks: tuple[int, ...]) -> str:
    return "labels" if ranks == (1,) else "images"
