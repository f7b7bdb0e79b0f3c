"""SIGTERM, heard at once: also while one call of NumPy takes many seconds."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from threading import Thread


def on_sigterm(end: Callable[[], int]) -> None:
    """At SIGTERM call `end` in a thread of its own, then end the process with what it returns.

    Python lets the main thread handle a signal only between two calls, and the product of two
    matrices is one. So a thread waits for the signal's number, which the system's own handler
    writes into a pipe.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    Thread(target=_await, args=(reader, end), daemon=True).start()


def _await(reader: int, end: Callable[[], int]) -> None:
    while os.read(reader, 1) != bytes([signal.SIGTERM]):
        pass
    code = 1
    try:
        code = end()
    finally:
        os._exit(code)
