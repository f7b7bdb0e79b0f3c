"""Blocking work beside the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T]) -> T:
    """What a function returns, or raises, while the screen goes on.

    Its thread is a daemon: unlike those of an executor it never holds up the end of the program,
    however long it takes.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(give: Callable[[Any], None], value: object) -> None:
        if not answer.done():
            give(value)

    def work() -> None:
        try:
            outcome: tuple[Callable[[Any], None], object] = answer.set_result, function()
        except Exception as error:
            outcome = answer.set_exception, error
        with suppress(RuntimeError):  # the loop may have ended meanwhile
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, daemon=True).start()
    return await answer
