"""What the charts of a run show: its curves, and in words what stands at a place of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from nn.runs.messages import EpochFinished
from tui.render import formats
from tui.render.charts import Band, Series
from tui.render.thinning import averaged, decimate, envelope
from tui.run_state import RunState
from tui.series import Floats
from tui.window import Range, nearest

CHARTS = {
    "loss and accuracy": ("loss", "accuracy"),
    "loss": ("loss",),
    "accuracy": ("accuracy",),
    "learning rate": ("learning rate",),
}
"""What can be chosen to be shown, and of which charts that is."""

SMOOTHINGS = {"off": (1, 0.0), "light": (20, 0.02), "strong": (100, 0.1)}
"""Over about how many batches curves are averaged, and over what share of those that are shown if
that is more."""

JUDGED = ("train", "validation", "test")
"""Whose loss and accuracy an epoch has."""


@dataclass(frozen=True)
class CurveOptions:
    """What the keys choose."""

    charts: str = "loss and accuracy"
    batches: bool = True
    log: bool = False
    log_x: bool = False
    smoothing: str = "light"

    def by_batch(self, name: str) -> bool:
        """Whether a chart shows every batch; the learning rate has nothing else."""
        return self.batches or name == "learning rate"


@dataclass(frozen=True)
class CurveColors:
    """The colours of training, of what judges it, and of what smoothing hides, as #rrggbb."""

    train: str
    judge: str
    hidden: str


def judge(epochs: Sequence[EpochFinished]) -> str:
    """By which images an epoch is judged: "validation", or "test" where there are none."""
    return "test" if epochs and epochs[-1].validation_loss is None else "validation"


def reach(run: RunState, *, batches: bool, log_x: bool) -> Range:
    """How far the axis of epochs reaches now; a logarithmic one begins with the first batch."""
    per_epoch = max(run.batches_per_epoch, 1)
    end = max(run.step / per_epoch, 1e-9)
    if not batches:
        return min(1.0, end), end
    return min(1 / per_epoch, end) if log_x else 0.0, end


def places(run: RunState, *, batches: bool) -> Floats:
    """Where a cursor can stand (n,), in epochs: on every batch that is kept, or on every epoch."""
    if batches:
        return run.steps / max(run.batches_per_epoch, 1)
    return np.array([epoch.epoch for epoch in run.epochs], dtype=np.float64)


def curves(
    run: RunState,
    name: str,
    options: CurveOptions,
    columns: int,
    colors: CurveColors,
    shown: Range | None = None,
) -> list[Series]:
    """The curves of "loss", "accuracy" or "learning rate", x in epochs.

    Of the loss and the accuracy these are those of training and of validation; without validation
    images the test set stands in. The batches are those within `shown`, or all.
    """
    log = options.log_x
    if name == "learning rate":
        x = places(run, batches=True)
        part = _within(x, shown)
        thinned = decimate(x[part], run.rates[part], columns, log=log)
        return [Series(name, *thinned, colors.train)]
    who = judge(run.epochs)
    x = places(run, batches=False)
    judged = np.array([getattr(epoch, f"{who}_{name}") for epoch in run.epochs], dtype=np.float64)
    if options.batches:
        train = _batches(run, name, options, columns, colors, shown)
    else:
        values = np.array([getattr(epoch, f"train_{name}") for epoch in run.epochs])
        train = Series("train", *decimate(x, values, columns, log=log), colors.train)
    return [train, Series(who, x, judged, colors.judge)]


def _batches(
    run: RunState,
    name: str,
    options: CurveOptions,
    columns: int,
    colors: CurveColors,
    shown: Range | None,
) -> Series:
    """Training batch by batch, smoothed, with the range of what that hides."""
    x, values = places(run, batches=True), _values(run, name)
    part, log = _within(x, shown), options.log_x
    x, values = x[part], values[part]
    width = _width(run, options, len(x))
    # Equal stretches would leave nothing of the beginning, which a logarithmic axis shows large.
    smoothed = averaged(x, values, width, len(x) if log else columns)
    smoothed = decimate(*smoothed, columns, log=log)
    band = None
    if width > 1 and len(x):
        band = Band(*envelope(x, values, columns, log=log), colors.hidden)
    return Series("train", *smoothed, colors.train, band)


def _values(run: RunState, name: str) -> Floats:
    return run.losses if name == "loss" else run.accuracies


def _within(x: Floats, shown: Range | None) -> slice:
    """Which values of x lie in a range, and the next on either side: a line goes on to them."""
    if shown is None:
        return slice(0, len(x))
    first, after = np.searchsorted(x, shown[0]), np.searchsorted(x, shown[1], side="right")
    return slice(max(int(first) - 1, 0), int(after) + 1)


def _width(run: RunState, options: CurveOptions, count: int) -> float:
    """Over how many of the values that are kept a curve of so many is averaged.

    All are kept but in a very long run.
    """
    batches, share = SMOOTHINGS[options.smoothing]
    kept = batches * len(run.steps) / max(run.step, 1)
    return kept if options.log_x else max(kept, share * count)


def late_range(series: Sequence[Series], end: float) -> Range | None:
    """The values after the first tenth: the beginning would press all later ones together."""
    late = [np.asarray(one.y)[np.asarray(one.x) > end / 10] for one in series]
    for band in (one.band for one in series):
        if band is not None:
            late += [values[band.x > end / 10] for values in (band.low, band.high)]
    values = np.concatenate(late).astype(np.float64)
    values = values[np.isfinite(values)]
    if len(values) == 0 or np.ptp(values) == 0:
        return None
    return float(values.min()), float(values.max())


def epoch_ends(run: RunState) -> list[float]:
    """Where the axis has its marks."""
    return [float(epoch.epoch) for epoch in run.epochs]


def change_places(run: RunState) -> list[float]:
    """Where fields were changed while the run was trained, in epochs."""
    per_epoch = max(run.batches_per_epoch, 1)
    return [change.step / per_epoch for change in run.changes]


def readout(
    run: RunState, options: CurveOptions, at: float, shown: Range, columns: int
) -> list[tuple[str, str]]:
    """What stands at a place of the axis, as names with values; the newest epoch before it judges.

    Changes are told as far as their sign stands on the same column of the chart as the cursor.
    """
    if not options.batches:
        return _epoch_at(run, at)
    x = places(run, batches=True)
    if len(x) == 0:
        return []
    index = nearest(x, at)
    told = [("epoch", f"{x[index]:.3f}")]
    half = round((_width(run, options, len(x[_within(x, shown)])) - 1) / 2)
    around = slice(max(index - half, 0), index + half + 1)
    for name, form in (("loss", _loss), ("accuracy", formats.percent)):
        values = _values(run, name)
        mean = f" (mean {form(float(values[around].mean()))})" if half > 0 else ""
        told.append((name, form(float(values[index])) + mean))
    over = [epoch for epoch in run.epochs if epoch.step <= run.steps[index]]
    if over:
        who = judge(run.epochs)
        told.append((f"{who} after {over[-1].epoch}", _score(over[-1], who)))
    near = max((shown[1] - shown[0]) / max(columns, 1), 1 / max(run.batches_per_epoch, 1)) / 2
    for change, place in zip(run.changes, change_places(run), strict=True):
        if abs(place - x[index]) <= near:
            told.append((f"changed {change.field.rpartition('.')[2]}", _value(change.value)))
    rate = formats.rate(float(run.rates[index]))
    return [*told, ("rate", rate), ("batch", formats.count(int(run.steps[index])))]


def _epoch_at(run: RunState, at: float) -> list[tuple[str, str]]:
    x = places(run, batches=False)
    if len(x) == 0:
        return []
    epoch = run.epochs[nearest(x, at)]
    known = [who for who in JUDGED if getattr(epoch, f"{who}_loss") is not None]
    return [("epoch", f"{epoch.epoch}"), *((who, _score(epoch, who)) for who in known)]


def _score(epoch: EpochFinished, who: str) -> str:
    loss, accuracy = getattr(epoch, f"{who}_loss"), getattr(epoch, f"{who}_accuracy")
    return f"{_loss(loss)}, {formats.percent(accuracy)}"


def _loss(value: float) -> str:
    return f"{value:.4f}"


def _value(value: JsonValue) -> str:
    """A field's value in a word: of a group of fields its kind, or that it is other now."""
    if isinstance(value, dict):
        return str(value.get("kind", "anew"))
    return "empty" if value is None else f"{value}"
