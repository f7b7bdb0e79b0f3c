"""How fast a run trains."""

from __future__ import annotations

from math import exp

RATE_SECONDS = 3.0
"""Over about how long the rate of images is averaged."""


class Speed:
    """Images per second in training steps alone: over everything, and lately."""

    def __init__(self) -> None:
        self._images = 0
        self._seconds = 0.0
        self.recent = 0.0

    def add(self, images: int, seconds: float) -> None:
        """Count a step."""
        seconds = max(seconds, 1e-9)
        new = 1.0 if self._images == 0 else 1 - exp(-seconds / RATE_SECONDS)
        self.recent += new * (images / seconds - self.recent)
        self._images += images
        self._seconds += seconds

    @property
    def overall(self) -> float:
        """The mean over all steps."""
        return self._images / max(self._seconds, 1e-9)
