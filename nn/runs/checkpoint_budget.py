"""How often a run can afford a checkpoint: however slow the disk is, training hardly feels it."""

from __future__ import annotations

from statistics import median

SHARE = 0.02
"""The share of the time that checkpoints may take."""

USUAL = 5
"""Of how many checkpoints the median says what one costs: a single slow one does not count."""


class CheckpointBudget:
    """What checkpoints have cost, and whether there is time for another. All times in seconds."""

    def __init__(self) -> None:
        self._newest = 0.0
        self._costs: list[float] = []

    def begin(self, now: float) -> None:
        """Count from now on, as if a checkpoint had just been written."""
        self._newest = now

    def spend(self, started: float, now: float) -> None:
        """Count a checkpoint that has just been written."""
        self._newest = now
        self._costs.append(now - started)

    def allows(self, now: float, trained: float, interval: float = 0.0) -> bool:
        """Whether the newest one is that long ago, and long enough for what one costs; and whether
        all of them together have not cost too much of the time trained."""
        usual = median(self._costs[-USUAL:]) if self._costs else 0.0
        long_ago = now - self._newest > max(interval, usual / SHARE)
        return long_ago and sum(self._costs) <= SHARE * trained
