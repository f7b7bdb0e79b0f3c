"""Append-only files of one JSON object a line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from nn.runs.messages import Message, to_line

T = TypeVar("T")

PIECE = 1 << 20
"""Bytes that a reader takes at a time, so that following a long journal stays responsive."""

KIND = b'"event":"'
PROGRESS = (b'"event":"batches"', b'"event":"evaluating"')
"""What is in lines that only tell how far something has come."""

OTHER = re.compile(b'"event":"(?!batches"|evaluating")')
"""What is in all other lines."""

MOST_WARNINGS = 10
"""A file that is no journal at all would otherwise be told of line by line."""


class Journal(Generic[T]):
    """A journal and how far one reader has come in it.

    A last line that is not whole yet is left until it is. A broken line elsewhere, or one of an
    unknown kind, is skipped and noted in `warnings`.

    With a `sample`, what the journal holds at the first reading is not parsed as a whole: of the
    lines that only tell progress about so many bytes are, evenly spread, and the newest ones. All
    other lines are always parsed, and so are those that are written later.
    """

    def __init__(self, path: Path, kinds: TypeAdapter[T], sample: int | None = None) -> None:
        self.path = path
        self.warnings: list[str] = []
        self.offset = 0
        self._kinds = kinds
        self._sample = sample
        self._sampled_until: int | None = None
        self._every = 1
        self._line = 0

    def read(self, most: int = PIECE) -> list[T]:
        """The messages that were written since the last call, or as many as `most` bytes hold."""
        try:
            with self.path.open("rb") as file:
                if self._sampled_until is None:
                    self._begin(os.fstat(file.fileno()).st_size)
                file.seek(self.offset)
                piece = file.read(most)
                while b"\n" not in piece and (more := file.read(most)):
                    piece += more
        except FileNotFoundError:
            return []
        sampling = self._sample is not None and self.offset < (self._sampled_until or 0)
        whole = piece[: piece.rfind(b"\n") + 1]
        self.offset += len(whole)
        starts = _sampled_starts(whole, self._every) if sampling else _line_starts(whole)
        messages = [message for start in starts for message in self._parse(whole, start)]
        self._line += whole.count(b"\n")
        return messages

    def read_all(self) -> list[T]:
        """All messages that were written since the last call."""
        messages = []
        start = -1
        while self.offset > start:
            start = self.offset
            messages += self.read()
        return messages

    def _begin(self, size: int) -> None:
        """Settle what share of the lines that only tell progress will be parsed."""
        self._sampled_until = size
        if self._sample is not None:
            self._every = 1 + size // max(self._sample, 1)

    def _parse(self, whole: bytes, start: int) -> list[T]:
        line = whole[start : whole.index(b"\n", start)]
        if not line.strip():
            return []
        try:
            return [self._kinds.validate_json(line)]
        except ValidationError as error:
            unknown = error.errors()[0]["type"] == "union_tag_invalid"
            what = "is of a kind that this version does not know" if unknown else "is broken"
            number = self._line + whole.count(b"\n", 0, start) + 1
            self._warn(f"{self.path.name}: line {number} {what}; it was skipped")
            return []

    def _warn(self, warning: str) -> None:
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(warning)
        elif len(self.warnings) == MOST_WARNINGS:
            self.warnings.append(f"{self.path.name}: more such lines were skipped")


def _line_starts(whole: bytes) -> Iterator[int]:
    """Where the lines of some text start."""
    start = 0
    while start < len(whole):
        yield start
        start = whole.index(b"\n", start) + 1


def _sampled_starts(whole: bytes, every: int) -> Iterable[int]:
    """Where the lines start that are parsed of some text, if one in `every` of mere progress is.

    The newest of each kind is, so that the end of a journal is known exactly; and all are where
    one is broken. Everything here is a search in bytes: a loop over the lines would be too slow.
    """
    lines = whole.count(b"\n")
    if whole.count(KIND) != lines or whole.count(b"}\n") != lines:
        return _line_starts(whole)
    found = [match.start() for match in OTHER.finditer(whole)]
    found += [at for kind in PROGRESS if (at := whole.rfind(kind)) >= 0]
    starts = {whole.rfind(b"\n", 0, at) + 1 for at in found}
    start = 0
    while start < len(whole):
        starts.add(start)
        end = whole.index(b"\n", start) + 1
        start = whole.find(b"\n", end - 1 + (every - 1) * (end - start)) + 1 or len(whole)
    return sorted(starts)


def append(path: Path, message: Message) -> None:
    """Add a message at the end of a journal, in one write where the disk has room.

    Raises:
        OSError: if not all of it could be written.
    """
    line = to_line(message)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        while line:
            line = line[os.write(descriptor, line) :]
    finally:
        os.close(descriptor)
