"""The command's exit codes."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a script can tell from how the command ended."""

    DONE = 0
    FAILED = 1
    """The work failed: training diverged, or accuracy is below the bar."""
    WRONG_INPUT = 2
    HUNG_UP = 129
    """The terminal has gone; a run that trains goes on."""
    INTERRUPTED = 130
    """By Ctrl-C; the run is checkpointed."""
    TERMINATED = 143
    """By SIGTERM; the run is checkpointed."""
