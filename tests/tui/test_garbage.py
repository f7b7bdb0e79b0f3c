"""When garbage is looked for."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tui import garbage


class Ring:
    """Something that only the collector frees, as it holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    thresholds = gc.get_threshold()
    garbage.settle()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_nobody_needs_goes_in_a_quiet_moment_and_not_before() -> None:
    ring = weakref.ref(Ring())
    kept = [[number] for number in range(20 * garbage.MANY)]
    assert ring() is not None
    garbage.tidy(has_time=True)
    assert ring() is None
    assert len(kept) == 20 * garbage.MANY


def test_what_has_become_old_goes_when_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage, "LONG_LOOKS", 3)
    one = Ring()
    ring = weakref.ref(one)

    def use(*, has_time: bool) -> None:
        kept = [[number] for number in range(2 * garbage.MANY)]
        garbage.tidy(has_time=has_time)
        kept.clear()

    for _ in range(40):
        use(has_time=False)
    del one
    for _ in range(40):
        use(has_time=False)
    assert ring() is not None
    for _ in range(garbage.LOOKS + 1):
        use(has_time=True)
    assert ring() is None


def test_a_few_new_objects_are_not_worth_a_look() -> None:
    garbage.tidy(has_time=True)
    ring = weakref.ref(Ring())
    garbage.tidy(has_time=True)
    assert ring() is not None
