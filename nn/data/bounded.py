"""Reading files that strangers made: never more than is wanted, and with sentences for damage."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nn.schema import InputError

MAX_BYTES = 4 * 2**30
"""The pixels of one part of a dataset may take so much memory."""

MAX_SIDE = 1024
"""Images may be so many pixels high or wide."""

MAX_CLASSES = 1000
"""A dataset may have so many classes."""

_DEFLATE_RATIO = 1032
"""Deflate, the method of gzip and zip, never packs better (https://zlib.net/zlib_tech.html)."""

_CHUNK = 2**20


@contextmanager
def reading(where: object) -> Iterator[None]:
    """Turn what goes wrong in reading a file into one sentence.

    Raises:
        InputError: if the file is missing, damaged, cut short or may not be read.
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{where}: there is no such file") from None
    except MemoryError:
        raise InputError(f"{where}: does not fit into memory; give fewer images") from None
    except EOFError:
        raise InputError(f"{where}: is cut short; get the file again") from None
    except (zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise InputError(f"{where}: is damaged ({error}); get the file again") from None
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{where}: cannot be unpacked ({error}); pack it with numpy.savez_compressed"
        ) from None
    except OSError as error:
        raise InputError(f"{where}: cannot be read ({error.strerror or error})") from None


def require_image_shape(where: object, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(H, W, C) of images whose own shape is (H, W) or (H, W, C).

    Raises:
        InputError: if that is no shape of images that can be learned here.
    """
    found = " x ".join(map(str, shape)) or "no size"
    if len(shape) == 2:
        shape = (*shape, 1)
    sound = len(shape) == 3 and shape[2] in (1, 3) and all(1 <= n <= MAX_SIDE for n in shape)
    if not sound:
        raise InputError(
            f"{where}: has images of {found}; give height x width, or height x width x 1 or 3 "
            f"channels, with sides from 1 to {MAX_SIDE}"
        )
    height, width, channels = shape
    return height, width, channels


def require_room(where: object, size: int) -> None:
    """Refuse what would not fit into memory, before anything is unpacked.

    Raises:
        InputError: if so many bytes are too many.
    """
    if size > MAX_BYTES:
        raise InputError(
            f"{where}: says that it holds {size:,} bytes, but at most {MAX_BYTES:,} are read; "
            "give fewer or smaller images"
        )


def require_plausible(where: object, promised: int, packed: int) -> None:
    """Refuse a compressed file that says that it unpacks to more than so many bytes can hold.

    Raises:
        InputError: if it does.
    """
    if promised > packed * _DEFLATE_RATIO:
        raise InputError(
            f"{where}: says that it unpacks to {promised:,} bytes, "
            f"but its {packed:,} bytes cannot hold so many; get the file again"
        )


def read_exactly(stream: IO[bytes], count: int, where: object) -> NDArray[np.uint8]:
    """The next `count` bytes.

    Raises:
        InputError: if there are fewer.
    """
    found = np.empty(count, np.uint8)
    at = 0
    while at < count:
        piece = stream.read(min(_CHUNK, count - at))
        if not piece:
            raise InputError(
                f"{where}: is cut short: it ends after {at:,} of {count:,} bytes; "
                "get the file again"
            )
        found[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    return found


def as_bytes(values: NDArray[Any], where: object) -> NDArray[np.uint8]:
    """Values of pixels as uint8: whole numbers from 0 to 255, or floats from 0 to 1.

    Raises:
        InputError: if a value is none of these.
    """
    if values.dtype == np.uint8 or values.size == 0:
        return values.astype(np.uint8, copy=False)
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise InputError(f"{where}: has values that are NaN or infinite; remove those images")
        _require_range(values, 1, "floats", where)
        scaled: NDArray[np.uint8] = np.rint(values * values.dtype.type(255)).astype(np.uint8)
        return scaled
    _require_range(values, 255, "whole numbers", where)
    return values.astype(np.uint8)


def _require_range(values: NDArray[Any], top: int, what: str, where: object) -> None:
    low, high = values.min(), values.max()
    if low < 0 or high > top:
        wrong = low if low < 0 else high
        raise InputError(f"{where}: has the value {wrong:g}, but {what} must be from 0 to {top}")


def class_names_file(folder: Path) -> tuple[str, ...] | None:
    """The classes that `classes.txt` in a folder names, one a line; None if there is none.

    Raises:
        InputError: if it cannot be read as text or names a class twice.
    """
    path = folder / "classes.txt"
    if not path.exists():
        return None
    with reading(path), path.open("rb") as file:
        content = file.read(_CHUNK)
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not text in UTF-8; write one class a line") from None
    return unique_names(path, tuple(line.strip() for line in lines if line.strip()))


def unique_names(where: object, names: tuple[str, ...]) -> tuple[str, ...]:
    """The same names.

    Raises:
        InputError: if one is there twice.
    """
    seen = set()
    for name in names:
        if name in seen:
            raise InputError(f"{where}: names the class {name!r} twice; give each its own name")
        seen.add(name)
    return names
