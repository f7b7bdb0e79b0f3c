"""What the charts of a run show: its curves, and in words what stands at a place of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from nn.runs.messages import Changed, EpochFinished
from tui.render import formats
from tui.render.charts import Band, Series
from tui.render.thinning import averaged, decimate, envelope, smooth
from tui.run_state import RunState
from tui.series import Floats
from tui.window import Range, nearest

CHARTS = {
    "loss and accuracy": ("loss", "accuracy"),
    "loss": ("loss",),
    "accuracy": ("accuracy",),
    "learning rate": ("learning rate",),
    "updates": ("update / weight",),
    "gradients": ("gradient",),
}
"""What can be chosen to be shown, and of which charts that is."""

SMOOTHINGS = {"off": (1, 0.0), "light": (20, 0.02), "strong": (100, 0.1)}
"""Over about how many batches curves are averaged, and over what share of those that are shown if
that is more."""

SIZES = ("update / weight", "gradient")
"""The charts with a curve for each layer; their axis is logarithmic, as sizes differ that much."""

MOST_LAYERS = 8
"""Curves of layers in one chart; of more layers these are evenly spread."""

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
        """Whether a chart shows every batch; some have nothing else."""
        return self.batches or name == "learning rate" or name in SIZES

    @property
    def smooths(self) -> bool:
        """Whether any chart that is shown has batches that are averaged; rates never are."""
        return any(self.by_batch(name) and name != "learning rate" for name in CHARTS[self.charts])

    def log_y(self, name: str) -> bool:
        """Whether a chart's vertical axis is logarithmic; that of accuracies never is."""
        return name in SIZES or (self.log and name != "accuracy")


@dataclass(frozen=True)
class CurveColors:
    """The colours of training, of what judges it, of what smoothing hides, and those of layers.

    They are written #rrggbb; those of layers repeat.
    """

    train: str
    judge: str
    hidden: str
    layers: tuple[str, ...]


def judge(run: RunState) -> str:
    """By which images an epoch is judged: "validation", or "test" where there are none."""
    validates = run.config.data.validation > 0
    if run.epochs:
        validates = run.epochs[-1].validation_loss is not None
    return "validation" if validates else "test"


def reach(run: RunState, *, batches: bool, log_x: bool) -> Range:
    """How far the axis of epochs reaches now; a logarithmic one begins with the first batch."""
    per_epoch = max(run.batches_per_epoch, 1)
    end = max(run.step / per_epoch, 1e-9)
    if not batches:
        return min(1.0, end), end
    return min(1 / per_epoch, end) if log_x else 0.0, end


def grows_to(run: RunState) -> float | None:
    """How far the axis of epochs can still grow; None if it is as long as it will be."""
    return run.config.training.epochs if run.phase.alive else None


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
    """The curves of a chart, x in epochs: see `CHARTS`.

    Of the loss and the accuracy these are those of training and of validation; without validation
    images the test set stands in. The batches are those within `shown`, or all.
    """
    log = options.log_x
    if name == "learning rate":
        x = places(run, batches=True)
        part = _within(x, shown)
        thinned = decimate(x[part], run.rates[part], columns, log=log, within=shown)
        return [Series(name, *thinned, colors.train)]
    if name in SIZES:
        return _layers(run, name, options, columns, colors, shown)
    who = judge(run)
    x = places(run, batches=False)
    judged = np.array([getattr(epoch, f"{who}_{name}") for epoch in run.epochs], dtype=np.float64)
    if options.batches:
        train = _batches(run, name, options, columns, colors, shown)
    else:
        values = np.array([getattr(epoch, f"train_{name}") for epoch in run.epochs])
        thinned = decimate(x, values, columns, log=log, within=shown)
        train = Series("train", *thinned, colors.train)
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
    width = _width(run, options, shown)
    taken = _widened(part, width) if width > 1 else part
    # Equal stretches would leave nothing of the beginning, which a logarithmic axis shows large.
    smoothed = averaged(x[taken], values[taken], width, len(x) if log else columns)
    smoothed = decimate(*smoothed, columns, log=log, within=shown)
    band = None
    if width > 1:
        found = envelope(x[part], values[part], columns, log=log, within=shown)
        band = Band(*found, colors.hidden)
    return Series("train", *smoothed, colors.train, band)


def _layers(
    run: RunState,
    name: str,
    options: CurveOptions,
    columns: int,
    colors: CurveColors,
    shown: Range | None,
) -> list[Series]:
    """How large the gradient of each layer was, or its update beside its parameters."""
    x = run.sizes.steps / max(run.batches_per_epoch, 1)
    part = _within(x, shown)
    width = _width(run, options, shown, of=len(x))
    series = []
    for i, layer in enumerate(shown_layers(run)):
        smoothed = smooth(_sizes(run, name, layer), width)
        thinned = decimate(x[part], smoothed[part], columns, log=options.log_x, within=shown)
        color, number = colors.layers[i % len(colors.layers)], layer.partition(" ")[0]
        series.append(Series(layer, *thinned, color, short=number))
    return series


def shown_layers(run: RunState) -> list[str]:
    """The layers that have parameters, evenly spread where they are many."""
    layers = run.sizes.layers
    chosen = np.linspace(0, len(layers) - 1, min(len(layers), MOST_LAYERS)).round().astype(int)
    return [layers[i] for i in chosen]


def _sizes(run: RunState, name: str, layer: str) -> Floats:
    return run.sizes.gradients(layer) if name == "gradient" else run.sizes.ratios(layer)


def _values(run: RunState, name: str) -> Floats:
    return run.losses if name == "loss" else run.accuracies


def _within(x: Floats, shown: Range | None) -> slice:
    """Which values of x lie in a range."""
    if shown is None:
        return slice(0, len(x))
    first, after = np.searchsorted(x, shown[0]), np.searchsorted(x, shown[1], side="right")
    return slice(int(first), int(after))


def _widened(part: slice, width: float) -> slice:
    """With the values around it that a mean over so many of them takes in."""
    half = round(width / 2)
    return slice(max(part.start - half, 0), part.stop + half)


def _width(
    run: RunState, options: CurveOptions, shown: Range | None, of: int | None = None
) -> float:
    """Over how many of the values that are kept a curve is averaged.

    `of` is how many are kept of the whole run: all batches but in a very long one.
    """
    batches, share = SMOOTHINGS[options.smoothing]
    low, high = shown or reach(run, batches=True, log_x=False)
    of_axis = share * (high - low) * run.batches_per_epoch
    kept = (of or len(run.steps)) / max(run.step, 1)
    return kept * (batches if options.log_x else max(batches, of_axis))


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

    Changes are told as far as their sign stands on the same column of the chart as the cursor, of
    whole epochs those that were made in it.
    """
    if not options.batches:
        return _epoch_at(run, at)
    x = places(run, batches=True)
    if len(x) == 0:
        return []
    index = nearest(x, at)
    told = [("epoch", f"{x[index]:.3f}")]
    if sizes := [name for name in CHARTS[options.charts] if name in SIZES]:
        told += _sizes_at(run, sizes[0], run.steps[index])
    else:
        told += _scores_at(run, options, index, shown)
    near = max((shown[1] - shown[0]) / max(columns, 1), 1 / max(run.batches_per_epoch, 1)) / 2
    places_of_changes = zip(run.changes, change_places(run), strict=True)
    told += _changes(change for change, place in places_of_changes if abs(place - x[index]) <= near)
    rate = formats.rate(float(run.rates[index]))
    return [*told, ("rate", rate), ("batch", formats.count(int(run.steps[index])))]


def _sizes_at(run: RunState, name: str, step: float) -> list[tuple[str, str]]:
    """The sizes that were measured next to a step."""
    if len(run.sizes) == 0:
        return []
    at = nearest(run.sizes.steps, step)
    sizes = ((layer, float(_sizes(run, name, layer)[at])) for layer in shown_layers(run))
    return [(layer, formats.rate(size)) for layer, size in sizes]


def _scores_at(
    run: RunState, options: CurveOptions, index: int, shown: Range
) -> list[tuple[str, str]]:
    """Loss and accuracy of a batch, with the means around it, and the newest epoch's before it."""
    told = []
    half = round((_width(run, options, shown) - 1) / 2)
    around = slice(max(index - half, 0), index + half + 1)
    for name, form in (("loss", formats.loss), ("accuracy", formats.percent)):
        values = _values(run, name)
        mean = f" (mean {form(float(values[around].mean()))})" if half > 0 else ""
        told.append((name, form(float(values[index])) + mean))
    over = [epoch for epoch in run.epochs if epoch.step <= run.steps[index]]
    if over:
        who = judge(run)
        told.append((f"{who} of epoch {over[-1].epoch}", _score(over[-1], who)))
    return told


def _epoch_at(run: RunState, at: float) -> list[tuple[str, str]]:
    x = places(run, batches=False)
    if len(x) == 0:
        return []
    index = nearest(x, at)
    epoch, before = run.epochs[index], run.epochs[index - 1].step if index else 0
    known = [who for who in JUDGED if getattr(epoch, f"{who}_loss") is not None]
    changes = _changes(change for change in run.changes if before <= change.step < epoch.step)
    return [("epoch", f"{epoch.epoch}"), *((who, _score(epoch, who)) for who in known), *changes]


def _changes(changes: Iterable[Changed]) -> list[tuple[str, str]]:
    """Fields with what they were changed to."""
    fields = ((change.field.rpartition(".")[2].replace("_", " "), change) for change in changes)
    return [(f"changed {name}", _value(change.value)) for name, change in fields]


def _score(epoch: EpochFinished, who: str) -> str:
    loss, accuracy = getattr(epoch, f"{who}_loss"), getattr(epoch, f"{who}_accuracy")
    return f"loss {formats.loss(loss)}, {formats.percent(accuracy)}"


def _value(value: JsonValue) -> str:
    """A field's value in a word: of a group of fields its kind, or that it is other now."""
    if isinstance(value, dict):
        return str(value.get("kind", "anew"))
    return "empty" if value is None else f"{value}"
