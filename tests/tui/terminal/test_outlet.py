"""The way to a terminal that may not read."""

from __future__ import annotations

import os
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest

from tui.terminal.modes import RESTORE
from tui.terminal.outlet import MUCH, Outlet

DEADLINE = 60.0


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The person's end of a terminal and the program's."""
    ours, its = os.openpty()
    tty.setraw(its)
    yield ours, its
    for end in (ours, its):
        with suppress(OSError):
            os.close(end)


def read(end: int, count: int) -> bytes:
    text = b""
    while len(text) < count:
        text += os.read(end, 1 << 16)
    return text


def test_all_arrives_in_order(ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.terminal.outlet.PATIENCE", DEADLINE)
    outlet = Outlet(ends[1], "utf-8")
    text = "".join(f"{number} é\n" for number in range(20_000))
    for start in range(0, len(text), 1000):
        outlet.write(text[start : start + 1000])
    assert outlet.is_behind
    assert read(ends[0], len(text.encode())) == text.encode()
    outlet.finish()
    assert not outlet.is_behind
    assert not outlet.gone


def test_what_the_terminal_takes_at_once_waits_for_no_thread(
    ends: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Thread, "start", lambda thread: None)
    Outlet(ends[1], "utf-8").write("now")
    assert read(ends[0], 3) == b"now"


def test_a_terminal_that_does_not_read_holds_up_nobody(ends: tuple[int, int]) -> None:
    outlet = Outlet(ends[1], "utf-8")

    def write() -> None:
        for _ in range(100):
            outlet.write("x" * MUCH)
        outlet.finish()

    writer = Thread(target=write, daemon=True)
    writer.start()
    writer.join(DEADLINE)
    assert not writer.is_alive(), "it waits for somebody to read"
    written = b""
    while not written.endswith(RESTORE.encode()):
        written += os.read(ends[0], 1 << 16)
    assert len(written) < 10 * MUCH, "what it did not take is thrown away"


def test_those_who_share_the_terminal_still_wait_for_it(ends: tuple[int, int]) -> None:
    Outlet(ends[1], "utf-8").write("x")
    assert os.get_blocking(ends[1])


def test_a_terminal_that_has_gone_is_noticed(ends: tuple[int, int]) -> None:
    outlet = Outlet(ends[1], "utf-8")
    os.close(ends[0])
    deadline = time.monotonic() + DEADLINE
    while not outlet.gone:
        assert time.monotonic() < deadline
        outlet.write("x")
    outlet.finish()


def test_what_the_encoding_lacks_is_replaced(ends: tuple[int, int]) -> None:
    Outlet(ends[1], "latin-1").write("é鳥")
    assert read(ends[0], 2) == b"\xe9?"
