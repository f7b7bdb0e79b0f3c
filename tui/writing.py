"""Files that people ask for: what keeps one from being written is a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nn.files import FULL
from nn.schema import InputError

ELSEWHERE = "name a file in a folder that is there and can be written"


@contextmanager
def written(path: Path, remedy: str, what: str = "") -> Iterator[None]:
    """A context in which a path is written; `what` begins the sentence, `remedy` would do.

    Raises:
        InputError: if it cannot be.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = "make room there" if error.errno in FULL else remedy
        raise InputError(f"{what}{path} cannot be written ({reason}); {remedy}") from None
