"""Work on several threads: what is done, what is told, and what becomes of the threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import threadpoolctl

from nn.ops.threads import each, scratch, set_threads, threads

DEADLINE = 60
"""Seconds after which something that waits would wait for ever."""

any_number = pytest.mark.parametrize("count", [1, 2, 3, 5])
several = pytest.mark.parametrize("count", [2, 3, 5])


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = threads()
    yield
    set_threads(before)


def in_time(work: Callable[[], object]) -> None:
    """Do it; fail, and do not hang, if it waits for ever."""
    done = ThreadPoolExecutor(1)
    try:
        done.submit(work).result(DEADLINE)
    finally:
        done.shutdown(wait=False)


@any_number
@pytest.mark.parametrize("parts", [0, 1, 2, 7, 500])
def test_each_part_is_done_once(count: int, parts: int) -> None:
    set_threads(count)
    done: list[int] = []
    each(done.append, range(parts))
    assert sorted(done) == list(range(parts))


@any_number
def test_so_many_threads_take_part(count: int) -> None:
    set_threads(count)
    assert threads() == count
    together, who = threading.Barrier(count), set()

    def meet(part: int) -> None:
        who.add(threading.current_thread())
        together.wait(DEADLINE)

    each(meet, range(3 * count))
    assert len(who) == count
    assert threading.current_thread() in who


def test_on_one_thread_parts_are_done_in_their_order() -> None:
    set_threads(1)
    done: list[int] = []
    each(done.append, range(50))
    assert done == list(range(50))


class _Parts(list[int]):
    """Parts whose iterator tells when the thread of a part comes back for another."""

    def __init__(self, count: int) -> None:
        super().__init__(range(count))
        self.back = threading.Event()
        self.thread: threading.Thread | None = None
        self._taking = threading.Lock()
        self._next = 0

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self.thread is threading.current_thread():
            self.back.set()
        with self._taking:
            if self._next == len(self):
                raise StopIteration
            self._next += 1
            return self._next - 1


@any_number
@pytest.mark.parametrize("error", [ValueError("no such part"), KeyboardInterrupt()], ids=repr)
def test_an_error_reaches_the_caller_and_the_rest_is_left_out(
    count: int, error: BaseException
) -> None:
    set_threads(count)
    parts, done = _Parts(100), []

    def work(part: int) -> None:
        if part == 0:
            parts.thread = threading.current_thread()
            raise error
        assert parts.back.wait(DEADLINE)
        done.append(part)

    with pytest.raises(type(error)) as caught:
        each(work, parts)
    assert caught.value is error
    assert len(done) < count
    again: list[int] = []
    each(again.append, range(20))
    assert sorted(again) == list(range(20))


@several
def test_an_error_of_another_thread_reaches_the_caller(count: int) -> None:
    set_threads(count)
    together, caller = threading.Barrier(count), threading.current_thread()

    def work(part: int) -> None:
        together.wait(DEADLINE)
        if threading.current_thread() is not caller:
            raise ValueError("from afar")

    with pytest.raises(ValueError, match="from afar"):
        each(work, range(count))


@any_number
def test_work_within_work(count: int) -> None:
    set_threads(count)
    done: list[tuple[int, int, int]] = []

    def outermost() -> None:
        def outer(i: int) -> None:
            def inner(j: int) -> None:
                each(lambda k: done.append((i, j, k)), range(3))

            each(inner, range(5))

        each(outer, range(7))

    in_time(outermost)
    assert sorted(done) == list(np.ndindex(7, 5, 3))


@several
def test_several_callers_at_once(count: int) -> None:
    set_threads(count)
    done: list[list[int]] = [[] for _ in range(6)]
    together = threading.Barrier(6)

    def call(caller: int) -> None:
        together.wait(DEADLINE)
        for _ in range(20):
            each(done[caller].append, range(10))

    with ThreadPoolExecutor(6) as callers:
        for called in [callers.submit(call, caller) for caller in range(6)]:
            called.result(DEADLINE)
    for parts in done:
        assert sorted(parts) == sorted(20 * list(range(10)))


@any_number
def test_what_the_caller_says_of_overflows_holds_for_all(count: int) -> None:
    set_threads(count)
    together = threading.Barrier(count)

    def overflow(part: int) -> None:
        together.wait(DEADLINE)
        np.exp(np.full(3, 1000.0))

    with np.errstate(over="ignore"):
        each(overflow, range(count))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        each(overflow, range(count))
    told: list[str] = []
    with np.errstate(over="call", call=lambda kind, _: told.append(kind)):
        each(overflow, range(count))
    assert told == count * ["overflow"]


def test_more_threads_and_fewer_again() -> None:
    def at_work(count: int) -> set[threading.Thread]:
        set_threads(count)
        together, who = threading.Barrier(count), set()

        def meet(part: int) -> None:
            who.add(threading.current_thread())
            together.wait(DEADLINE)

        each(meet, range(count))
        return who - {threading.current_thread()}

    for count in (2, 5, 1, 3):
        helpers = at_work(count)
        assert len(helpers) == count - 1
        set_threads(count + 1)
        for helper in helpers:
            helper.join(DEADLINE)
            assert not helper.is_alive()


def test_the_same_number_keeps_the_threads() -> None:
    set_threads(3)
    each(lambda part: None, range(3))
    before = set(threading.enumerate())
    set_threads(3)
    each(lambda part: None, range(3))
    assert set(threading.enumerate()) == before


@several
def test_work_under_way_ends_as_it_began(count: int) -> None:
    set_threads(count)
    done: list[int] = []

    def work(part: int) -> None:
        if part % 10 == 0:
            set_threads(1 + part % 4)
        done.append(part)

    in_time(lambda: each(work, range(100)))
    assert sorted(done) == list(range(100))


def test_blas_keeps_to_one_thread() -> None:
    def of_blas() -> set[int]:
        info = threadpoolctl.threadpool_info()
        return {library["num_threads"] for library in info if library["user_api"] == "blas"}

    with threadpoolctl.threadpool_limits(2, "blas"):
        set_threads(threads() + 1)
        each(lambda part: None, range(2))
        assert of_blas() <= {1}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_computes_on_threads_of_its_own() -> None:
    script = f"""
import os, threading
from nn.ops.threads import each, set_threads, threads

def meet(count):
    together, done = threading.Barrier(count), []
    def work(part):
        together.wait({DEADLINE})
        done.append(part)
    each(work, range(2 * count))
    assert sorted(done) == list(range(2 * count))

set_threads(3)
meet(3)
child = os.fork()
if child == 0:
    status = 1
    try:
        assert threads() == 3
        meet(3)
        set_threads(2)
        meet(2)
        status = 0
    finally:
        os._exit(status)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
meet(3)
"""
    # Newer versions of Python warn of any fork with threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script]
    subprocess.run(command, check=True, timeout=3 * DEADLINE)


def test_working_memory_is_each_threads_own() -> None:
    set_threads(3)
    together = threading.Barrier(3)
    found = []

    def take(part: int) -> None:
        array = scratch(np.float32)("room", 5)
        array.fill(part)
        together.wait(DEADLINE)
        assert (array == part).all()
        assert np.shares_memory(array, scratch(np.float32)("room", 5))
        found.append(array)

    each(take, range(3))
    for one, other in np.ndindex(3, 3):
        assert np.shares_memory(found[one], found[other]) == (one == other)


def test_working_memory_of_each_type() -> None:
    for dtype in (np.float32, np.float64):
        assert scratch(dtype)("room", 5).dtype == dtype
    assert not np.shares_memory(scratch(np.float32)("room", 5), scratch(np.float64)("room", 5))
