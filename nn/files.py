"""Files that are whole or absent, never half written."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

DRAFT_SUFFIX = ".tmp"


def remove_drafts(folder: Path) -> None:
    """Remove what writers left that were killed; nobody may be writing in the folder now."""
    for draft in folder.glob(f".*{DRAFT_SUFFIX}"):
        draft.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by new content in one step, readable by its owner alone.

    Whoever reads the path sees the old content or the new, also when the process dies while it
    writes or the disk is full.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}{DRAFT_SUFFIX}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
