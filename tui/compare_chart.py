"""The curves of runs that are compared, over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from rich.cells import cell_len
from rich.text import Text
from textual.binding import BindingType

from tui.comparison import CHARTS, Compared, curves, readout
from tui.panels import palette, shorten
from tui.render.charts import LINE_SIGNS, Series, line_chart
from tui.zooming import LABELS, ZOOM_KEYS, Axis, Zooming, told_at_cursor

SHORTEST_NAME = 6
"""Cells of a run's name in a legend at least: most have no more."""


class CompareChart(Zooming, can_focus=True):
    """One score of some runs, a point an epoch; each run has its own sign."""

    BINDINGS: ClassVar[list[BindingType]] = [*ZOOM_KEYS]

    def __init__(self, nothing: str, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._runs: Sequence[Compared] = ()
        self._nothing = nothing
        self._over_time = self._log = self._log_x = False
        self._score = CHARTS[0]
        self.hidden: frozenset[str] = frozenset()

    def show(self, runs: Sequence[Compared], nothing: str) -> None:
        """Take the newest state; `nothing` says why there are no runs."""
        self._runs, self._nothing = runs, nothing
        self.refresh()

    @property
    def has_loss(self) -> bool:
        """Whether a loss is shown; the axis of accuracies is always linear."""
        return "loss" in self._score

    def next_score(self) -> None:
        """Show the next of the scores."""
        self._score = CHARTS[(CHARTS.index(self._score) + 1) % len(CHARTS)]
        self.refresh()

    def turn_time(self) -> None:
        """Show them over time, or over epochs: all of them, as the one axis is not the other."""
        self._over_time = not self._over_time
        self.action_whole()

    def turn_log(self) -> None:
        """Make the axis of losses logarithmic or linear."""
        self._log = not self._log
        self.refresh()

    def turn_log_x(self) -> None:
        """Make the axis of epochs or of time logarithmic or linear."""
        self._log_x = not self._log_x
        self.refresh()

    def hide(self, run_id: str) -> None:
        """Leave a run's curve out, or show it again."""
        self.hidden ^= {run_id}
        self.refresh()

    def axis(self) -> Axis | None:
        """Epochs, or minutes; a cursor stands where any of the runs has a value."""
        places = np.unique(np.concatenate([[], *(one.x for one in self._series())]))
        if self._log_x:
            places = places[places > 0]
        if len(places) == 0:
            return None
        low, high = float(places[0]), float(places[-1])
        least = (high - low) / max(len(places) - 1, 1)
        return Axis((low, high), places, max(self.size.width - LABELS, 2), least, self._log_x)

    def render(self) -> Text:
        """The chart, and below it what stands at the cursor."""
        width, height = self.size
        colors = palette(self.app)
        log = self._log and self.has_loss
        over = "minutes" if self._over_time else "epochs"
        series, axis, cursor = self._series(), self.axis(), self.window.cursor
        below = []
        if axis is not None and cursor is not None:
            told = readout(series, self._score, cursor, over_time=self._over_time)
            below = told_at_cursor(told, width, height, colors.muted)
        names = in_legend([one.name for one in series], width, ascii=self._ascii)
        lines = line_chart(
            [replace(one, name=name) for one, name in zip(series, names, strict=True)],
            width=width,
            height=height - len(below),
            title=(
                f"{'log ' if log else ''}{self._score} over {'log ' if self._log_x else ''}{over}"
            ),
            log_x=self._log_x,
            log_y=log,
            x_range=None if axis is None else axis.shown(self.window),
            cursor=cursor,
            percent="accuracy" in self._score,
            joined=True,
            foreground=colors.muted,
            ascii=self._ascii,
            empty=self._why_empty(),
        )
        return Text("\n").join([*lines, *below])

    def _why_empty(self) -> str:
        if self._runs and self.hidden.issuperset(run.id for run in self._runs):
            return "all curves are hidden: space shows one"
        return "no epoch is over yet" if self._runs else self._nothing

    def _series(self) -> list[Series]:
        """The curves; of those that are hidden the name alone, in brackets."""
        colors = palette(self.app).series
        return [
            replace(one, name=f"({one.name})", x=(), y=()) if one.name in self.hidden else one
            for one in curves(self._runs, self._score, colors, over_time=self._over_time)
        ]


def in_legend(names: Sequence[str], width: int, *, ascii: bool) -> list[str]:
    """Names of curves as long as all of them find room in a line, with their signs."""
    signs = cell_len(LINE_SIGNS[ascii]) + 2 * len(names)
    room = (width - signs - 2 * (len(names) - 1)) // max(len(names), 1)
    return [shorten(name, max(room, SHORTEST_NAME), ascii=ascii) for name in names]
