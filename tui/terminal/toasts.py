"""Notices whose time is over before they are shown: Textual's timer then never ends.

It counts the rounds that it has missed, of a length below zero, and lets nobody else do anything.
"""

from __future__ import annotations

from textual.notifications import Notification
from textual.widgets._toast import Toast

SHORTEST = 0.001
"""Seconds for which a notice is shown at least."""

_init = Toast.__init__


def _init_with_some_time(self: Toast, notification: Notification) -> None:
    _init(self, notification)
    self._timeout = max(self._timeout, SHORTEST)


def mend() -> None:
    """Give each of them some time; they are made by Textual itself."""
    Toast.__init__ = _init_with_some_time  # type: ignore[method-assign]
