"""What tests of the engine share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from nn.ops import chunks, gemm, pieces

Cut = Callable[[], AbstractContextManager[None]]


@contextmanager
def _small_pieces() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "SMALLEST", 1)
        patch.setattr(pieces, "CACHED", 4096)
        patch.setattr(pieces, "WORTH", 1)
        patch.setattr(chunks, "CHUNK", 512)
        patch.setattr(gemm, "CACHED", 1)
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    pieces.by_position.cache_clear()
    pieces.by_channel.cache_clear()


@pytest.fixture(scope="session")
def small_pieces() -> Cut:
    """Cut even small maps into several pieces, for as long as its context lasts."""
    return _small_pieces
