"""Which stretch of an axis is looked at, and where its cursor is; nothing here changes anything."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Range = tuple[float, float]
Floats = npt.NDArray[np.float64]

ZOOM = 2.0
"""How much closer one step of zooming comes."""

STEPS = 4
"""An axis that grows does so in steps, of which it has this many at least, and less than twice."""


@dataclass(frozen=True)
class Window:
    """What is shown of an axis that may grow at its high end.

    `stretch` is None where all is shown. One that `follows` moves with the newest value.
    `cursor` is a value on the axis, None where there is no cursor.
    """

    stretch: Range | None = None
    follows: bool = True
    cursor: float | None = None

    def shown(self, reach: Range, grows_to: float | None = None) -> Range:
        """The stretch that is shown of an axis that reaches so far now.

        Of one that grows, up to a value, it ends a little later than that: then what is shown
        stands still while there is room for what is new.
        """
        if self.stretch is None:
            return reach[0], _ahead(reach[1], reach[1] - reach[0], grows_to)
        low, high = self.stretch
        length = high - low
        end = _ahead(reach[1], length, grows_to) if self.follows else min(high, reach[1])
        return max(reach[0], end - length), end

    def zoomed(
        self,
        steps: int,
        reach: Range,
        least: float,
        *,
        log: bool = False,
        grows_to: float | None = None,
    ) -> Window:
        """So many steps closer, or back where there are less than none.

        What is under the cursor stays where it is; without a cursor the newest value does, or the
        middle. A stretch is not made shorter than `least`.
        """
        shown = self.shown(reach, grows_to)
        place = 1.0 if self.stretch is None or self.follows else 0.5
        if self.cursor is not None:
            place = min(max(fraction(self.cursor, shown, log=log), 0.0), 1.0)
        length = ZOOM**-steps
        low = max(value(place * (1 - length), shown, log=log), reach[0])
        high = min(value(place + (1 - place) * length, shown, log=log), reach[1])
        if high - low >= reach[1] - reach[0]:
            return replace(self, stretch=None, follows=True)
        if high - low < least:
            return self
        return replace(self, stretch=(low, high), follows=high >= reach[1])

    def moved(
        self,
        columns: int,
        width: int,
        places: Floats,
        reach: Range,
        *,
        log: bool = False,
        grows_to: float | None = None,
    ) -> Window:
        """The cursor so many columns on, of a chart that is `width` columns wide.

        It stands on one of the places (n,), which rise, and moves by one of them at least. Where
        it leaves the stretch that is shown, that goes with it. Without a cursor one comes, at the
        newest place that is shown.
        """
        low, high = shown = self.shown(reach, grows_to)
        if len(places) == 0:
            return self
        if self.cursor is None:
            newest = max(int(np.searchsorted(places, high, side="right")) - 1, 0)
            return replace(self, cursor=float(places[newest]))
        at = nearest(places, self.cursor)
        target = value(fraction(self.cursor, shown, log=log) + columns / width, shown, log=log)
        to = nearest(places, target)
        if to == at:
            to = min(max(at + (1 if columns > 0 else -1), 0), len(places) - 1)
        cursor = float(places[to])
        moved = replace(self, cursor=cursor)
        if self.stretch is None or low <= cursor <= high:
            return moved
        by = cursor - (high if cursor > high else low)
        low, high = max(low + by, reach[0]), min(high + by, reach[1])
        return replace(moved, stretch=(low, high), follows=high >= reach[1])


def _ahead(end: float, length: float, grows_to: float | None) -> float:
    """Where an axis of about that length ends, which holds still while it grows."""
    if grows_to is None or length <= 0:
        return end
    step = 2.0 ** math.floor(math.log2(length)) / STEPS
    return max(min(math.ceil(end / step) * step, grows_to), end)


def nearest(places: Floats, wanted: float) -> int:
    """The index of the place next to a value; places (n,) rise and are not empty."""
    after = min(int(np.searchsorted(places, wanted)), len(places) - 1)
    before = max(after - 1, 0)
    return before if wanted - places[before] < places[after] - wanted else after


def fraction(at: float, shown: Range, *, log: bool) -> float:
    """Where a value lies on a stretch, 0 at its low end and 1 at its high end."""
    low, high = shown
    if log:
        low, high, at = np.log([low, high, at]).tolist()
    return (at - low) / (high - low) if high > low else 1.0


def value(at: float, shown: Range, *, log: bool) -> float:
    """The value at a fraction of a stretch."""
    low, high = shown
    return float(low * (high / low) ** at) if log else low + (high - low) * at
