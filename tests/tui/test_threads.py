from __future__ import annotations

import asyncio
import threading

import pytest

from tui.threads import in_thread


async def test_the_loop_goes_on_while_a_thread_works() -> None:
    gate = threading.Event()
    answer = asyncio.ensure_future(in_thread(lambda: gate.wait(60) and "done"))
    await asyncio.sleep(0)
    assert not answer.done()
    gate.set()
    assert await answer == "done"


async def test_what_a_thread_raises_is_raised_here() -> None:
    def fail() -> None:
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        await in_thread(fail)


async def test_nobody_waits_for_a_thread_that_was_given_up() -> None:
    begun, gate = threading.Event(), threading.Event()
    threads = []

    def work() -> bool:
        threads.append(threading.current_thread())
        begun.set()
        return gate.wait(60)

    answer = asyncio.ensure_future(in_thread(work))
    await asyncio.sleep(0)
    assert begun.wait(60)
    (thread,) = threads
    assert thread.daemon
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer
    gate.set()
    thread.join(60)
    assert not thread.is_alive()
