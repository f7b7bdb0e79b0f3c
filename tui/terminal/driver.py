"""Textual's driver, made to leave the terminal as it was however the dashboard ends."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from contextlib import suppress
from typing import Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from tui.exits import Exit
from tui.terminal.outlet import Outlet

ENDS = {signal.SIGTERM: Exit.TERMINATED, signal.SIGHUP: Exit.HUNG_UP}


class TerminalDriver(LinuxDriver):
    """Never waits for the terminal, and takes signals in the event loop, not in between."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stderr__ is not None, "a dashboard without a terminal is refused before"
        self.outlet = Outlet(sys.__stderr__.fileno(), sys.__stderr__.encoding)
        self._file = self.outlet  # type: ignore[assignment]
        self._active = False
        self._is_leaving = False

    @property
    def hung_up(self) -> bool:
        """Whether there is no terminal any more."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        return self.outlet.gone or bool(poll.poll(0))

    def write(self, data: str) -> None:
        """Give it to the outlet, which waits for nothing: Textual's thread between is one more turn
        to wait for."""
        self.outlet.write(data)

    def start_application_mode(self) -> None:
        """Take over the terminal."""
        loop = asyncio.get_running_loop()
        for number, code in ENDS.items():
            loop.add_signal_handler(number, self._end, code)
        loop.add_signal_handler(signal.SIGTSTP, self.stop_process)
        loop.add_signal_handler(signal.SIGCONT, self._restart)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._active = self._writer_thread is not None and self._writer_thread.is_alive()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._active:
            super().stop_application_mode()

    def close(self) -> None:
        """Let the terminal take what is left."""
        if self._active:
            self._active = False
            self._forget_jobs()
            super().close()
            self.outlet.finish()

    def stop_process(self) -> None:
        """Stop as a job of the shell does, until the shell lets it go on."""
        self.suspend_application_mode()
        self._forget_jobs()
        os.kill(0, signal.SIGTSTP)
        self._take_over_again()

    def _end(self, code: Exit) -> None:
        """Leave."""
        self._is_leaving = True
        self._app.exit(None, code)

    def _forget_jobs(self) -> None:
        """What stops and what lets go on do to this process what they do to any."""
        loop = asyncio.get_running_loop()
        loop.remove_signal_handler(signal.SIGCONT)
        loop.remove_signal_handler(signal.SIGTSTP)

    def _restart(self) -> None:
        """Somebody stopped this process unasked: what became of the terminal is unknown.

        A terminal that goes sends this signal, too: there is nothing to go on with then.
        """
        if self._active and not self._is_leaving:
            self.suspend_application_mode()
            self._take_over_again()

    def _take_over_again(self) -> None:
        self._must_signal_resume = True
        self.resume_application_mode()

    def _disable_mouse_support(self) -> None:
        super()._disable_mouse_support()
        if self._mouse_pixels:
            self.write("\x1b[?1016l")

    def _run_input_thread(self) -> None:
        """A terminal that has gone is no failure: the signal, or the app, ends the dashboard."""
        with suppress(OSError):
            self.run_input_thread()
