"""Line charts of braille dots, and the thinning and smoothing of long curves.

Plotext draws the lines and the frame. All scaling happens here: its kernel is compiled code that
ends the whole process when it meets a NaN, so it only ever sees fractions of its canvas.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.color import Color
from rich.text import Text

from tui.render import formats
from tui.render.scales import Scale, across, across_log, drawable, upward, upward_log

Values = NDArray[np.float64]
Range = tuple[float, float]

SMALLEST_CHART = (20, 5)
ROUNDING = 1e-6
POINT_SIGNS = "●◆▲■"
ASCII_POINT_SIGNS = "ox+*"
LONE_POINT = "•"
TO_ASCII = str.maketrans("┌┐└┘├┤┬┴┼─│┊•", "+++++++++-|:.")

_figure_in_use = threading.Lock()


@dataclass(frozen=True)
class Series:
    """A named curve; x does not decrease. The colour is written #rrggbb."""

    name: str
    x: Sequence[float] | NDArray[Any]
    y: Sequence[float] | NDArray[Any]
    color: str


@dataclass(frozen=True)
class _Curve:
    """What of a series can be drawn, and the sign on its points; the first series has none."""

    series: Series
    sign: str
    x: Values
    y: Values


def line_chart(
    series: Sequence[Series],
    *,
    width: int,
    height: int,
    title: str = "",
    log_x: bool = False,
    log_y: bool = False,
    x_range: Range | None = None,
    y_range: Range | None = None,
    percent: bool = False,
    marks: Sequence[float] = (),
    foreground: str = "#808080",
    ascii: bool = False,
    empty: str = "no batches yet",
) -> Text:
    """A chart of exactly `height` lines of at most `width` cells, on the terminal's own ground.

    The first series is a plain line, each other one carries its own sign on its points, and a
    legend shows both. Values that are not finite, and on a logarithmic axis those not above
    zero, are left out. Without any value the chart is the sentence `empty`, and in less than
    20 x 5 cells it is the newest value of each series.

    Args:
        series: the curves, the most important last: later ones are drawn over earlier ones.
        width: in cells.
        height: in lines, with title and legend.
        title: what y is.
        log_x: whether the x axis is logarithmic.
        log_y: whether the y axis is.
        x_range: the ends of the x axis; by default those of the values. What lies outside of
            it is left out.
        y_range: the same for the y axis, which may end a little outside of it on a round value.
        percent: whether y are fractions, to be labelled as percentages.
        marks: values of x with a vertical line, like the ends of epochs.
        foreground: the colour of axes and labels.
        ascii: whether to use ASCII alone.
        empty: what to say instead of an empty chart.
    """
    if width < 1 or height < 1:
        return Text()
    signs = ASCII_POINT_SIGNS if ascii else POINT_SIGNS
    curves = [
        _curve(one, signs[(i - 1) % len(signs)] if i else "", log_x, log_y, x_range)
        for i, one in enumerate(series)
    ]
    filled = [curve for curve in curves if len(curve.y)]
    if not filled:
        lines = [*[Text()] * ((height - 1) // 2), Text(empty.center(width).rstrip())]
    elif width < SMALLEST_CHART[0] or height < SMALLEST_CHART[1]:
        lines = _newest_values(filled, percent)
    else:
        header = _header(title, curves, width, "..." if ascii else "⠤⠒⠤")
        space = height - len(header)
        x_axis, y_axis = _axes(filled, width, space, log_x, log_y, x_range, y_range, percent)
        chart = _draw(filled, x_axis, y_axis, marks, width, space, ascii)
        lines = [*header, *chart.split("\n")]
    return _page(lines, width, height, foreground)


def decimate(
    x: Sequence[float] | NDArray[Any], y: Sequence[float] | NDArray[Any], columns: int
) -> tuple[Values, Values]:
    """At most 4 * columns points of a curve: the first, last, lowest and highest of each column.

    A line through them covers the same cells as one through all. x (n,) does not decrease and is
    cut into equal columns; points whose y is not finite are left out.
    """
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = np.isfinite(ys)
    xs, ys = xs[known], ys[known]
    if len(xs) <= 4 * columns:
        return xs, ys
    span = xs[-1] - xs[0]
    column = (xs - xs[0]) * (columns / span if span > 0 else 0.0)
    column = np.minimum(column.astype(np.intp), columns - 1)
    first = np.flatnonzero(np.diff(column, prepend=-1))
    last = np.append(first[1:], len(xs)) - 1
    lengths = last - first + 1
    extremes = [
        _first_equal(ys, np.repeat(extreme.reduceat(ys, first), lengths), column)
        for extreme in (np.minimum, np.maximum)
    ]
    kept = np.unique(np.concatenate([first, last, *extremes]))
    return xs[kept], ys[kept]


def _first_equal(ys: Values, wanted: Values, column: NDArray[np.intp]) -> NDArray[np.intp]:
    """The index of the first y in each column that equals the wanted value."""
    equal = np.flatnonzero(ys == wanted)
    return equal[np.flatnonzero(np.diff(column[equal], prepend=-1))]


def smooth(y: Sequence[float] | NDArray[Any], width: float) -> Values:
    """An exponential moving average over about `width` values, as long as y.

    The newest value weighs 2 / (width + 1). The weights of the values so far are made to sum to
    1, so that the beginning is not drawn to zero (Kingma and Ba, Adam, 2015, section 3). Values
    that are not finite stay NaN and count for nothing after.
    """
    ys = np.asarray(y, dtype=np.float64)
    known = np.isfinite(ys)
    decay = 1 - 2 / (max(width, 1.0) + 1)
    totals = _decaying_sums(np.where(known, ys, 0.0), decay)
    weights = _decaying_sums(known.astype(np.float64), decay)
    return np.where(known, totals / np.where(known, weights, 1.0), np.nan)


def _decaying_sums(values: Values, decay: float) -> Values:
    sums = accumulate(values.tolist(), lambda total, value: decay * total + value)
    return np.fromiter(sums, dtype=np.float64, count=len(values))


def _curve(series: Series, sign: str, log_x: bool, log_y: bool, x_range: Range | None) -> _Curve:
    x, y = np.asarray(series.x, dtype=np.float64), np.asarray(series.y, dtype=np.float64)
    shown = drawable(x, log=log_x) & drawable(y, log=log_y)
    if x_range is not None:
        shown &= (x >= min(x_range)) & (x <= max(x_range))
    return _Curve(series, sign, x[shown], y[shown])


def _axes(
    curves: list[_Curve],
    width: int,
    height: int,
    log_x: bool,
    log_y: bool,
    x_range: Range | None,
    y_range: Range | None,
    percent: bool,
) -> tuple[Scale, Scale]:
    left, right = x_range or _reach([curve.x for curve in curves])
    if log_x and min(left, right) <= 0:
        left, right = _reach([curve.x for curve in curves])
    found = _reach([curve.y for curve in curves])
    low, high = sorted(y_range or found)
    if log_y and low <= 0:
        low = found[0]
    horizontal, vertical = across_log if log_x else across, upward_log if log_y else upward
    return (
        horizontal(min(left, right), max(left, right), max(2, width // 14)),
        vertical(low, high, max(3, height // (2 if log_y else 3)), percent=percent),
    )


def _reach(arrays: list[Values]) -> Range:
    return min(float(a.min()) for a in arrays), max(float(a.max()) for a in arrays)


def _draw(
    curves: list[_Curve],
    x_axis: Scale,
    y_axis: Scale,
    marks: Sequence[float],
    width: int,
    height: int,
    ascii: bool,
) -> Text:
    """The frame, the marks and the curves; plotext has one figure, so one chart at a time."""
    # Importing it takes as long as forty charts, and the command line needs none.
    import plotext

    def line(x: Values, y: Values, sign: str, pixel: Any, joined: bool) -> None:
        marker = plotext.marker(sign, pixel)
        figure.draw(figure.signal(x.tolist(), y.tolist(), marker=marker).lines(joined))

    with _figure_in_use:
        figure = plotext.figure
        plotext.terminal.limit(False, False)
        figure.clear()
        figure.theme("colorless").plot_size(width, height)
        figure.axes(False, axis=[0, 1], side=1)
        for ruler, axis in (("x", x_axis), ("y", y_axis)):
            places = axis.fractions(np.array(axis.ticks)).tolist()
            figure.ruler(ruler).lim(0, 1).ticks(places, list(axis.labels))
        for place in _mark_places(marks, x_axis, width):
            faint = plotext.pixel(style="dim")
            line(np.full(2, place), np.array([0.0, 1.0]), "┊", faint, joined=True)
        for curve in curves:
            pixel = plotext.pixel(foreground=tuple(Color.parse(curve.series.color).get_truecolor()))
            x, y = x_axis.fractions(curve.x), y_axis.fractions(curve.y)
            inside = (y > -ROUNDING) & (y < 1 + ROUNDING)
            x, y = decimate(x[inside], y[inside], width)
            signed = _spread(len(x), width // 4)
            if not curve.sign or len(signed) < len(x):
                line(x, y, "." if ascii else "braille", pixel, joined=True)
            if curve.sign or len(x) == 1:
                line(x[signed], y[signed], curve.sign or LONE_POINT, pixel, joined=False)
        drawn = figure.build().string()
    return Text.from_ansi(drawn.translate(TO_ASCII) if ascii else drawn)


def _mark_places(marks: Sequence[float], x_axis: Scale, width: int) -> list[float]:
    inside = np.array([mark for mark in marks if x_axis.low <= mark <= x_axis.high])
    places: list[float] = x_axis.fractions(inside[_spread(len(inside), width // 6)]).tolist()
    return places


def _spread(n: int, at_most: int) -> NDArray[np.intp]:
    """Which of n things to show if there is room for fewer: evenly spread, with the last."""
    return np.arange(n)[:: -max(1, -(-n // at_most))][::-1]


def _header(title: str, curves: list[_Curve], width: int, line_sign: str) -> list[Text]:
    """Title and legend, in one line if they fit."""
    legend = Text("  ").join(
        Text.assemble((curve.sign or line_sign, curve.series.color), " ", curve.series.name)
        for curve in curves
    )
    room = width - cell_len(title) - legend.cell_len
    if not title or room >= 3:
        return [Text.assemble(title, " " * max(0, room), legend)]
    return [Text(title), legend]


def _newest_values(curves: list[_Curve], percent: bool) -> list[Text]:
    return [
        Text(f"{curve.series.name} {formats.percent(value) if percent else f'{value:.4g}'}")
        for curve in curves
        for value in (float(curve.y[-1]),)
    ]


def _page(lines: Sequence[Text], width: int, height: int, foreground: str) -> Text:
    """Exactly `height` lines, cut at `width`."""
    page = [*lines, *[Text()] * height][:height]
    for line in page:
        line.truncate(width, overflow="crop")
    text = Text("\n").join(page)
    text.style, text.no_wrap, text.overflow = foreground, True, "crop"
    return text
