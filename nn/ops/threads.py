"""Work on several threads: NumPy lets go of Python's lock while it computes.

Whoever has work cuts it into parts by its shape alone, never by the number of threads, and each
thread takes the next part when it is done with one. What comes out is so the same, bit for bit, on
any number of threads, a batch of any size is cut well, and a thread that something else holds up
keeps no other waiting for long.

BLAS, the library below NumPy's matrix products, is held to one thread from the first work on: its
own threads would only take turns with these.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from nn.ops.buffers import Buffers
from nn.processors import processors

Part = TypeVar("Part")


class _Job(Generic[Part]):
    """Parts of work that several threads take from."""

    def __init__(self, work: Callable[[Part], object], parts: Sequence[Part]) -> None:
        self._work, self._left = work, len(parts)
        self._parts = iter(parts)
        self._counting = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()
        self._error: BaseException | None = None

    def take_part(self) -> None:
        """Do what is left of it; the iterator gives each part to one thread only."""
        for part in self._parts:
            try:
                if self._error is None:
                    self._work(part)
            except BaseException as error:
                self._error = error
            with self._counting:
                self._left -= 1
                over = self._left == 0
            if over:
                self._done.release()

    def wait(self) -> None:
        """Until every part is done, also those that others took.

        Raises:
            BaseException: what a part raised; the parts after it are left out.
        """
        with self._done:
            if self._error is not None:
                raise self._error


class _Crew:
    """Threads that help the one that has work."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        for number in range(1, size):
            name = f"computing-{number}"
            threading.Thread(target=self._help, name=name, daemon=True).start()
        threadpool_limits(1, "blas")

    def _help(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job

    def each(self, work: Callable[[Part], object], parts: Sequence[Part]) -> None:
        helpers = min(self.size, len(parts)) - 1
        if helpers < 1:
            for part in parts:
                work(part)
            return
        job = _Job(work, parts)
        for _ in range(helpers):
            # What NumPy does with overflows belongs to the caller's context.
            self._jobs.put(partial(copy_context().run, job.take_part))
        job.take_part()
        job.wait()

    def dismiss(self) -> None:
        for _ in range(1, self.size):
            self._jobs.put(None)


_crew: _Crew | None = None
_size = processors()
_making = threading.Lock()


def set_threads(count: int) -> None:
    """Compute on that many threads from now on, in this process; at first, on every processor
    that it may use. Work that is under way ends as it began."""
    global _crew, _size
    with _making:
        if count != _size and _crew is not None:
            _crew.dismiss()
            _crew = None
        _size = count


def threads() -> int:
    """On how many threads this process computes."""
    return _size


def each(work: Callable[[Part], object], parts: Sequence[Part]) -> None:
    """Call `work` with each part, on several threads, and return when all is done."""
    global _crew
    crew = _crew
    if crew is None:
        with _making:
            crew = _crew = _crew or _Crew(_size)
    crew.each(work, parts)


def _forget() -> None:
    """A forked process has none of its parent's threads."""
    global _crew, _making
    _crew, _making = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.buffers: dict[np.dtype[np.generic], Buffers] = {}


_of_thread = _OfThread()


def scratch(dtype: npt.DTypeLike) -> Buffers:
    """This thread's own working memory, shared by all that it computes: what is in it stands until
    the end of a part of work, no longer."""
    key = np.dtype(dtype)
    buffers = _of_thread.buffers.get(key)
    if buffers is None:
        buffers = _of_thread.buffers[key] = Buffers(key)
    return buffers
