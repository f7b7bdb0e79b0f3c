"""An app whose failures become sentences: nobody is shown a traceback."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from textual import work
from textual._context import active_message_pump
from textual.widget import Widget
from textual.worker import WorkerFailed, active_worker

from nn.files import open_private_log
from nn.schema import InputError
from tui.terminal.app import TerminalApp

Severity = Literal["information", "warning", "error"]

AFTER_FAILURE = 2.0
"""Seconds until repeated work that went wrong is tried again."""

READ_A_SECOND = 15
"""Signs that people read in a second, who have to notice first that there is something to read."""


class SturdyApp(TerminalApp):
    """Runs work beside the screen; what nobody foresaw is written to `log_file` in full."""

    def __init__(self, log_file: Path, *, ascii: bool = False) -> None:
        super().__init__(ascii=ascii)
        self.log_file = log_file
        self._last_problem = ""
        self._leaving = False

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Show a sentence for as long as it takes to read."""
        timeout = max(self.NOTIFICATION_TIMEOUT, len(text) / READ_A_SECOND)
        self.notify(text, severity=severity, timeout=timeout, markup=False)

    @work(exit_on_error=False)
    async def attempt(self, job: Callable[[], Awaitable[None]]) -> None:
        """Do a job beside the screen, once."""
        try:
            await job()
        except Exception as error:
            self.tell(self._in_words(error), "error")

    @work(exit_on_error=False)
    async def repeat(self, job: Callable[[], Awaitable[float]]) -> None:
        """Do a job again and again; it returns after how many seconds."""
        while True:
            try:
                pause = await job()
            except Exception as error:
                pause = AFTER_FAILURE
                self._tell_news(self._in_words(error))
            await asyncio.sleep(pause)

    def _tell_news(self, problem: str) -> None:
        """What goes wrong every time is said once."""
        if problem != self._last_problem:
            self._last_problem = problem
            self.tell(problem, "error")

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, InputError):
            return str(error)
        if isinstance(error, MemoryError):
            return "There is not enough memory for that."
        if isinstance(error, OSError) and error.strerror:
            return f"{error.filename or self.log_file.parent}: {error.strerror}."
        details = time.strftime("%Y-%m-%d %H:%M:%S\n"), *traceback.format_exception(error)
        with suppress(OSError), open_private_log(self.log_file) as file:
            file.write("".join(details).encode())
        return f"That went wrong ({type(error).__name__}: {error}); details are in {self.log_file}."

    async def _shutdown(self) -> None:
        self._leaving = True
        await super()._shutdown()

    def _handle_exception(self, error: Exception) -> None:
        """A widget that goes, or the dashboard, while it is still being made may fail: nobody
        minds."""
        by_worker = isinstance(error, WorkerFailed)
        who = active_worker.get().node if by_worker else active_message_pump.get(None)
        if not (self._leaving or self._exit or _goes(who)):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual would print the traceback of what ends the app; what follows from it is noise."""
        error = self._exception
        if isinstance(error, Exception) and not self._exit_renderables:
            self.panic(f"cnn-tui: {self._in_words(error)}")


def _goes(pump: object) -> bool:
    """Whether that is a widget that is being taken away."""
    return isinstance(pump, Widget) and any(each._pruning for each in pump.ancestors_with_self)
