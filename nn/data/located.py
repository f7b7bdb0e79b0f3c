"""Datasets given by a path: which format a file or folder has, opened once and remembered."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from nn.data import idx, npz, picture_folder, table
from nn.data.bounded import reading
from nn.data.contents import Contents
from nn.schema import InputError

_FORMATS = {".npz": npz.open_file, ".csv": table.open_file}

_Stamp = tuple[tuple[str, int, int], ...]


def is_path(name: str) -> bool:
    """Whether a dataset's name is a path: it looks like one, or something is there."""
    if not name.strip() or name.startswith("keras:"):
        return False
    looks_like_one = os.sep in name or name.startswith("~") or Path(name).suffix in _FORMATS
    return looks_like_one or os.path.exists(name)  # noqa: PTH110 (never raises, as Path does)


def absolute(path: str) -> str:
    """The same place, however the working directory changes."""
    return os.path.abspath(os.path.expanduser(path.strip()))  # noqa: PTH100, PTH111 (also "..")


def open_path(path: str) -> Contents:
    """What is at a path. Asked again, it is not read again unless a file has changed.

    Raises:
        InputError: if there is nothing, or what is there will not do.
    """
    if not path.isprintable():
        raise InputError(f"data.dataset: {path!r} has characters that cannot be shown; rename it")
    place = Path(absolute(path))
    found = _open(place, _stamp(place))
    if isinstance(found, str):
        raise InputError(found)
    return found


@lru_cache(maxsize=8)
def _open(path: Path, _: _Stamp) -> Contents | str:
    """The contents, or what is wrong: a form asks at every key."""
    try:
        with reading(path):
            if path.is_dir():
                return _open_folder(path)
            if path.suffix in _FORMATS and path.is_file():
                return _FORMATS[path.suffix](path)
    except InputError as error:
        return str(error)
    return (
        f"{path}: is no dataset; give a folder of IDX files or of pictures by class, "
        "an .npz or a .csv"
    )


def _open_folder(path: Path) -> Contents:
    if any(idx.is_idx_name(each.name) for each in path.iterdir()):
        return idx.open_folder(path)
    return picture_folder.open_folder(path)


def _stamp(path: Path) -> _Stamp:
    """Names, sizes and times of the files that say what a dataset is, single pictures excepted."""
    with reading(path):
        near = [path]
        if path.is_dir():
            near += _below(path) + _below(path / "train") + _below(path / "test")
        elif (test := table.beside(path)) is not None:
            near.append(test)
        states = [(str(each), each.stat()) for each in near if each == path or each.exists()]
    return tuple((name, state.st_size, state.st_mtime_ns) for name, state in states)


def _below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
