"""What charts are drawn on: plotext's figure, and its picture as lines of text.

All scaling happens on this side of it: its kernel is compiled code that ends the whole process when
it meets a NaN, so it only ever sees fractions of its canvas.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.text import Span, Text

from tui.render.scales import Scale
from tui.render.thinning import Values, decimate

ROUNDING = 1e-6
LONE_POINT = "•"
BAND, MARK, CURSOR, REMARK = "░", "┊", "│", "Δ"
TO_ASCII = str.maketrans("┌┐└┘├┤┬┴┼─│┊•░Δ", "+++++++++-|:.'^")
CODES = re.compile(r"\x1b\[([\d;]*)m")
"""How plotext writes colours; each of its lines begins and ends without one."""

_figure_in_use = threading.Lock()


class Canvas:
    """A frame with axes; what is drawn later lies over what is there. x do not decrease."""

    def __init__(self, x_axis: Scale, y_axis: Scale, width: int, height: int, ascii: bool) -> None:
        # Importing it takes as long as forty charts, and the command line needs none.
        import plotext

        self._plotext = plotext
        self._figure = plotext.figure
        self._x_axis, self._y_axis = x_axis, y_axis
        self._width, self._height = width, height
        self._cells = max(2, width - 1 - max(map(cell_len, y_axis.labels), default=0))
        self._ascii = ascii

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Have plotext's figure, of which there is only one."""
        with _figure_in_use:
            self._frame()
            yield

    def lines(self) -> list[Text]:
        """What was drawn."""
        drawn = self._figure.build().string()
        return _lines(drawn.translate(TO_ASCII) if self._ascii else drawn)

    def band(self, x: Values, low: Values, high: Values, color: str) -> None:
        """A range of y for each x (n,), filled.

        It is a stroke in each cell, up in one and down in the next, so that one line makes them
        all. Where values are farther apart than cells, the range between them is that of both.
        """
        last = self._cells - 1
        cell = np.rint(self._x_axis.fractions(x) * last)
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        if len(first) == 0:
            return
        cells = np.arange(cell[0], cell[-1] + 1)
        bottom, top = (
            np.interp(cells, cell[first], self._y_axis.fractions(extreme.reduceat(y, first)))
            for extreme, y in ((np.minimum, low), (np.maximum, high))
        )
        inside = (bottom < 1) & (top > 0)
        ends = np.clip(np.stack([bottom, top], axis=1)[inside], 0.0, 1.0)
        ends[1::2] = ends[1::2, ::-1]
        self._draw(np.repeat(cells[inside] / last, 2), ends.ravel(), BAND, foreground=_rgb(color))

    def curve(self, x: Values, y: Values, sign: str, color: str, *, joined: bool) -> None:
        """A line through points (n,), with a sign on as many of them as there is room for.

        Without a sign it is a plain line; where all of them have one it is left out, unless they
        are to be joined. So is what lies above or below the axis.
        """
        x, y = self._x_axis.fractions(x), self._y_axis.fractions(y)
        inside = (y > -ROUNDING) & (y < 1 + ROUNDING)
        # Between signs half as many columns will do: what stands out is kept in any case.
        columns = self._cells // 2 if sign else self._cells
        x, y = decimate(x[inside], y[inside], columns, within=(0.0, 1.0))
        signed = _with_last(_spread(len(x), self._width // 4), len(x))
        if joined or not sign or len(signed) < len(x):
            self._draw(x, y, "." if self._ascii else "braille", foreground=_rgb(color))
        if sign or len(x) == 1:
            self._points(x[signed], y[signed], sign or LONE_POINT, foreground=_rgb(color))

    def marks(self, values: Sequence[float]) -> None:
        """Broken lines from top to bottom at values of x, as many as there is room for."""
        self._uprights(self._places(values, self._width // 6), MARK, style="dim")

    def cursor(self, value: float) -> None:
        """A line from top to bottom."""
        self._uprights(self._places([value], 1), CURSOR)

    def remarks(self, values: Sequence[float]) -> None:
        """Signs on the axis at values of x."""
        x = self._places(values, self._width // 2)
        self._points(x, np.zeros(len(x)), REMARK, style="bold")

    def _frame(self) -> None:
        figure = self._figure
        self._plotext.terminal.limit(False, False)
        figure.clear()
        figure.theme("colorless").plot_size(self._width, self._height)
        figure.axes(False, axis=[0, 1], side=1)
        for ruler, axis in (("x", self._x_axis), ("y", self._y_axis)):
            places = axis.fractions(np.array(axis.ticks)).tolist()
            figure.ruler(ruler).lim(0, 1).ticks(places, list(axis.labels))

    def _uprights(self, x: Values, sign: str, **pixel: Any) -> None:
        """Lines from top to bottom: one that is broken between them."""
        ends = np.tile([0.0, 1.0], len(x))
        self._draw(np.repeat(x, 2), ends, sign, breaks=range(2, len(ends), 2), **pixel)

    def _points(self, x: Values, y: Values, sign: str, **pixel: Any) -> None:
        self._draw(x, y, sign, breaks=range(len(x)), **pixel)

    def _draw(
        self, x: Values, y: Values, sign: str, *, breaks: Sequence[int] = (), **pixel: Any
    ) -> None:
        """A line, that does not go on to the points of some indices."""
        if len(x) == 0:
            return
        marker = self._plotext.marker(sign, self._plotext.pixel(**pixel))
        signal = self._figure.signal(x.tolist(), y.tolist(), marker=marker).lines(True)
        for index in breaks:
            signal.line(index, False)
        # It looks through all points for colours that it must not give to others: a third of its
        # time, and here every colour is given.
        signal._get_unique_pixels = list
        self._figure.draw(signal)

    def _places(self, values: Sequence[float], at_most: int) -> Values:
        """Where values of x are, of those that the axis shows and there is room for."""
        axis = self._x_axis
        inside = np.array([value for value in values if axis.low <= value <= axis.high])
        return axis.fractions(inside[_spread(len(inside), at_most)])


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(Color.parse(color).get_truecolor())


def _lines(drawn: str) -> list[Text]:
    """What plotext has drawn, line by line: it writes few codes, so that this is soon done."""
    lines = []
    for line in drawn.removesuffix("\n").split("\n"):
        plain, code, *rest = CODES.split(f"\x1b[0m{line}\x1b[0m")
        spans = []
        for text, following in zip(rest[::2], [*rest[1::2], ""], strict=True):
            if text and (style := _style(code)):
                spans.append(Span(len(plain), len(plain) + len(text), style))
            plain, code = plain + text, following
        lines.append(Text(plain, spans=spans))
    return lines


@lru_cache(maxsize=256)
def _style(code: str) -> Style | None:
    """The style of one of plotext's codes; None for plain text."""
    match code.split(";"):
        case ["38", "2", red, green, blue]:
            return Style(color=Color.from_rgb(int(red), int(green), int(blue)))
        case ["2"]:
            return Style(dim=True)
        case ["1"]:
            return Style(bold=True)
        case _:
            return None


def _spread(n: int, at_most: int) -> NDArray[np.intp]:
    """Which of n things to show if there is room for fewer: every second, or fourth, and so on.

    Those are still the same when there is one more.
    """
    every = 1
    while n // every > at_most:
        every *= 2
    return np.arange(every - 1, n, every)


def _with_last(chosen: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    return np.union1d(chosen, np.arange(n)[-1:])
