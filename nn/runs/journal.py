"""Append-only files of one JSON object a line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from nn.runs.messages import Message, to_line

T = TypeVar("T")

PIECE = 1 << 20
"""Bytes that a reader takes at a time, so that following a long journal stays responsive."""


class Journal(Generic[T]):
    """A journal and how far one reader has come in it.

    A last line that is not whole yet is left until it is. A broken line elsewhere, or one of an
    unknown kind, is skipped and noted in `warnings`.
    """

    def __init__(self, path: Path, kinds: TypeAdapter[T]) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._kinds = kinds
        self._offset = 0
        self._line = 0

    def read(self, most: int = PIECE) -> list[T]:
        """The messages that were written since the last call, or as many as `most` bytes hold."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                piece = file.read(most)
                while b"\n" not in piece and (more := file.read(most)):
                    piece += more
        except FileNotFoundError:
            return []
        whole = piece[: piece.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [message for line in whole.splitlines() for message in self._parse(line)]

    def read_all(self) -> list[T]:
        """All messages that were written since the last call."""
        messages = []
        start = -1
        while self._offset > start:
            start = self._offset
            messages += self.read()
        return messages

    def _parse(self, line: bytes) -> list[T]:
        self._line += 1
        if not line.strip():
            return []
        try:
            return [self._kinds.validate_json(line)]
        except ValidationError as error:
            unknown = error.errors()[0]["type"] == "union_tag_invalid"
            what = "is of a kind that this version does not know" if unknown else "is broken"
            self.warnings.append(f"{self.path.name}: line {self._line} {what}; it was skipped")
            return []


def append(path: Path, message: Message) -> None:
    """Add a message at the end of a journal, in one write."""
    line = to_line(message)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
