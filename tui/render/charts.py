"""Line charts of braille dots: which axes they have, what is drawn, and what stands above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.text import Text

from tui.render import formats
from tui.render.plotting import REMARK, TO_ASCII, Canvas
from tui.render.scales import Scale, across, across_log, drawable, upward, upward_log
from tui.render.thinning import Values

Range = tuple[float, float]

SMALLEST_CHART = (20, 5)
POINT_SIGNS = "●◆▲■○◇△"
ASCII_POINT_SIGNS = "ox+*#@%"
LINE_SIGNS = ("⠤⠒⠤", "...")
"""The sign of the first series, a plain line; in ASCII too."""


@dataclass(frozen=True)
class Band:
    """A range of y for each x (n,): what a curve is the mean of. The colour is written #rrggbb."""

    x: Values
    low: Values
    high: Values
    color: str


@dataclass(frozen=True)
class Series:
    """A named curve, perhaps with a band around it; x does not decrease.

    The colour is written #rrggbb. `short` is a name for where there is little room.
    """

    name: str
    x: Sequence[float] | NDArray[Any]
    y: Sequence[float] | NDArray[Any]
    color: str
    band: Band | None = None
    short: str = ""


@dataclass(frozen=True)
class _Curve:
    """What of a series can be drawn, and the sign on its points; the first series has none."""

    series: Series
    sign: str
    x: Values
    y: Values
    band: Band | None

    @property
    def heights(self) -> list[Values]:
        """All y that there are."""
        return [self.y, *([self.band.low, self.band.high] if self.band else [])]


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
    remarks: Sequence[float] = (),
    cursor: float | None = None,
    joined: bool = False,
    foreground: str = "#808080",
    ascii: bool = False,
    empty: str = "no batches yet",
) -> list[Text]:
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
        remarks: values of x with a sign on the axis: changes, as the legend says.
        cursor: a value of x with a line that is not broken.
        joined: whether points with signs are joined by lines however few there are.
        foreground: the colour of axes and labels.
        ascii: whether to use ASCII alone.
        empty: what to say instead of an empty chart.
    """
    if width < 1 or height < 1:
        return []
    curves = [
        _curve(one, point_sign(i, ascii=ascii), log_x, log_y, x_range)
        for i, one in enumerate(series)
    ]
    filled = [curve for curve in curves if len(curve.y)]
    if not filled:
        lines = [*(Text() for _ in range((height - 1) // 2)), Text(empty.center(width).rstrip())]
    elif width < SMALLEST_CHART[0] or height < SMALLEST_CHART[1]:
        lines = _newest_values(filled, percent)
    else:
        left, right = x_range or _reach([curve.x for curve in filled])
        remarks = [x for x in remarks if min(left, right) <= x <= max(left, right)]
        sign = REMARK.translate(TO_ASCII) if ascii else REMARK
        header = _header(title, curves, width, LINE_SIGNS[ascii], sign if remarks else "")
        space = height - len(header)
        x_axis, y_axis = _axes(filled, width, space, log_x, log_y, x_range, y_range, percent)
        canvas = Canvas(x_axis, y_axis, width, space, ascii)
        with canvas.drawing():
            for band in (curve.band for curve in filled):
                if band is not None:
                    canvas.band(band.x, band.low, band.high, band.color)
            canvas.marks(marks)
            if cursor is not None:
                canvas.cursor(cursor)
            for curve in filled:
                canvas.curve(curve.x, curve.y, curve.sign, curve.series.color, joined=joined)
            canvas.remarks(remarks)
            lines = [*header, *canvas.lines()]
    return _page(lines, width, height, foreground)


def point_sign(index: int, *, ascii: bool = False) -> str:
    """The sign on the points of a series by its index; the first one has none."""
    signs = ASCII_POINT_SIGNS if ascii else POINT_SIGNS
    return signs[(index - 1) % len(signs)] if index else ""


def _curve(series: Series, sign: str, log_x: bool, log_y: bool, x_range: Range | None) -> _Curve:
    x, y = np.asarray(series.x, dtype=np.float64), np.asarray(series.y, dtype=np.float64)
    shown = _shown(x, log_x, x_range) & drawable(y, log=log_y)
    band = series.band
    if band is not None:
        inside = _shown(band.x, log_x, x_range)
        inside &= drawable(band.low, log=log_y) & drawable(band.high, log=log_y)
        low, high = band.low[inside], band.high[inside]
        band = Band(band.x[inside], low, high, band.color) if inside.any() else None
    return _Curve(series, sign, x[shown], y[shown], band)


def _shown(x: Values, log: bool, x_range: Range | None) -> NDArray[np.bool_]:
    shown = drawable(x, log=log)
    if x_range is not None:
        shown &= (x >= min(x_range)) & (x <= max(x_range))
    return shown


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
    found = _reach([values for curve in curves for values in curve.heights])
    low, high = sorted(y_range or found)
    if log_y and low <= 0:
        low = found[0]
    horizontal, vertical = across_log if log_x else across, upward_log if log_y else upward
    return (
        horizontal(min(left, right), max(left, right), max(2, width // (12 if log_x else 14))),
        vertical(low, high, max(3, height // (2 if log_y else 3)), percent=percent),
    )


def _reach(arrays: list[Values]) -> Range:
    return min(float(a.min()) for a in arrays), max(float(a.max()) for a in arrays)


def _header(
    title: str, curves: list[_Curve], width: int, line_sign: str, remark: str
) -> list[Text]:
    """Title and legend, in one line if they fit; with the sign of remarks, if there are any."""
    legend = _legend(curves, line_sign, remark, " change", gap=2)
    if legend.cell_len > width:
        narrow = [
            replace(curve, series=replace(curve.series, name=curve.series.short))
            if curve.series.short
            else curve
            for curve in curves
        ]
        legend = _legend(narrow, line_sign, remark, "", gap=1)
    room = width - cell_len(title) - legend.cell_len
    if not title or room >= 3:
        return [Text.assemble(title, " " * max(0, room), legend)]
    return [Text(title), legend]


def _legend(curves: list[_Curve], line_sign: str, remark: str, meaning: str, gap: int) -> Text:
    """Signs with names."""
    entries = [
        Text.assemble((curve.sign or line_sign, curve.series.color), " ", curve.series.name)
        for curve in curves
    ]
    if remark:
        entries.append(Text.assemble((remark, "bold"), meaning))
    return Text(" " * gap).join(entries)


def _newest_values(curves: list[_Curve], percent: bool) -> list[Text]:
    return [
        Text(f"{curve.series.name} {formats.percent(value) if percent else f'{value:.4g}'}")
        for curve in curves
        for value in (float(curve.y[-1]),)
    ]


def _page(lines: Sequence[Text], width: int, height: int, foreground: str) -> list[Text]:
    """Exactly `height` lines, cut at `width`."""
    page = [*lines, *(Text() for _ in range(height))][:height]
    for line in page:
        line.truncate(width, overflow="crop")
        line.style, line.no_wrap, line.overflow = foreground, True, "crop"
    return page
