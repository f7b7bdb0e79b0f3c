"""Keys in turn: each finds what the one before it has done.

Textual hands a key on as soon as it comes, to what has the focus then. Of two that come at once the
second goes to what the first is about to cover with a question, or to a screen that has no widgets
yet.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from math import inf

from textual.app import App
from textual.events import Event, InputEvent, Key, MouseUp, Paste

QUIET = 3
"""So many times in turn nobody has a message: then none is on its way between two of them."""

NAP = 0.005
"""Seconds between two looks at what is done on threads."""

LONGEST_WAIT = 1.0
"""Seconds after which a key is handed on all the same, if something goes on that does not end."""

REST = 2.0
"""Seconds after which somebody who presses no key is no longer about to."""


class KeysInTurn(App[str]):
    """Hands on a key, a click or a paste when all that the last one led to has happened."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[Event] = deque()
        self._has_done = False
        self._used_at = -inf
        self._wait: asyncio.Task[None] | None = None

    @property
    def has_keys_waiting(self) -> bool:
        """Whether somebody has pressed something that nobody knows of yet."""
        return bool(self._waiting)

    @property
    def is_in_use(self) -> bool:
        """Whether somebody has just pressed something."""
        return time.monotonic() < self._used_at + REST

    async def on_event(self, event: Event) -> None:
        """Let it wait, if somebody pressed it too soon."""
        if not isinstance(event, InputEvent | Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._used_at = time.monotonic()
        if self._has_done:
            self._waiting.append(event)
            self._begin_to_wait()
        else:
            await self._hand_on(event)

    async def _hand_on(self, event: Event) -> None:
        self._has_done = isinstance(event, Key | MouseUp)
        await super().on_event(event)

    def _begin_to_wait(self) -> None:
        if self._waiting and self._wait is None:
            self._wait = asyncio.create_task(self._wait_for_rest())

    async def _wait_for_rest(self) -> None:
        loop, quiet = asyncio.get_running_loop(), 0
        end = loop.time() + LONGEST_WAIT
        while quiet < QUIET and loop.time() < end:
            looks = self._screen_looks
            await asyncio.sleep(NAP if looks else 0)
            quiet = quiet + 1 if not looks and self._is_at_rest else 0
        self._wait = None
        self.call_next(self._hand_on_what_waits)

    @property
    def _screen_looks(self) -> bool:
        """Whether a screen looks for what it shows, or loads it; the app's own work never ends."""
        screens = self.screen_stack
        return any(work.node in screens and not work.is_finished for work in self.workers)

    @property
    def _is_at_rest(self) -> bool:
        """Whether every screen has its widgets, and nobody has a message left."""
        return all(screen.is_mounted for screen in self.screen_stack) and not any(
            pump.message_queue_size for pump in (self, *self._registry)
        )

    async def _hand_on_what_waits(self) -> None:
        self._has_done = False
        while self._waiting and not self._has_done:
            await self._hand_on(self._waiting.popleft())
        self._begin_to_wait()
