"""Files that are whole or absent, never half written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

DRAFT_SUFFIX = ".tmp"

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no more room: on the disk, for this user, in one file."""


def open_private_log(path: Path) -> BinaryIO:
    """A file to add to, readable by its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def remove_drafts(folder: Path) -> None:
    """Remove what writers left that were killed; nobody may be writing in the folder now."""
    for draft in folder.glob(f".*{DRAFT_SUFFIX}"):
        draft.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft to write into, empty and readable by its owner alone, that then replaces a file.

    Whoever reads the path sees the old content or the new, also when the process dies while it
    writes or the disk is full. What goes wrong with the draft is told of the file.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}{DRAFT_SUFFIX}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        if error.filename == str(draft):
            error.filename = str(path)
        raise
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by new content in one step, readable by its owner alone: see `replacing`."""
    with replacing(path) as draft:
        draft.write_bytes(content)
