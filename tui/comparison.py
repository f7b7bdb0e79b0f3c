"""Runs beside each other: in which fields they differ, what came of each, and their curves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nn.config import RunConfig
from nn.data import short_name
from nn.runs.folder import RunFolder
from nn.runs.messages import EpochFinished
from tui.form import LIST
from tui.form_fields import texts_of
from tui.render import formats
from tui.render.charts import Series
from tui.rows import network_summary, phase_of, see
from tui.run_state import Phase, RunState

MOST = 8
"""How many runs can be told apart in one chart."""

SCORES = ("accuracy", "loss")

CHARTS = tuple(f"{who} {name}" for who in ("test", "validation", "train") for name in SCORES)
"""What of their epochs can be shown."""

NONE = "-"
"""Where a run has no such field or figure."""

_LAYER = re.compile(rf"{re.escape(LIST)}\.(\d+)")


@dataclass(frozen=True)
class Compared:
    """What of a run is compared; `config` is as it is now."""

    id: str
    phase: Phase
    config: RunConfig
    epochs: tuple[EpochFinished, ...]
    best: EpochFinished | None
    images_per_second: float


def compared(folder: RunFolder) -> Compared:
    """A run as it is now, from its journal.

    Raises:
        InputError: if its configuration is missing or broken.
    """
    alive = folder.has_trainer()
    return see(folder, lambda run: compared_of(run, alive=alive))


def compared_of(run: RunState, *, alive: bool) -> Compared:
    """A run that is followed already."""
    speed = run.finished.images_per_second if run.finished else run.images_per_second
    epochs, phase = tuple(run.epochs), phase_of(run.phase, alive)
    return Compared(run.run_id, phase, run.config, epochs, run.best_epoch, speed)


@dataclass(frozen=True)
class Cell:
    """What stands in a table, and by what it is sorted: a number, a text, or nothing."""

    text: str
    value: float | str | None


@dataclass(frozen=True)
class Table:
    """Titles, and below them a line for each run, in the order of the runs."""

    titles: tuple[str, ...]
    lines: tuple[tuple[Cell, ...], ...]

    def order(self, column: int, *, falling: bool = False) -> list[int]:
        """The lines by the values of a column; those without one are the last either way."""
        known = [i for i, line in enumerate(self.lines) if line[column].value is not None]
        numbers = all(isinstance(self.lines[i][column].value, float) for i in known)

        def key(i: int) -> tuple[float, str]:
            value = self.lines[i][column].value
            return (float(value or 0), "") if numbers else (0.0, self.lines[i][column].text)

        without = [i for i in range(len(self.lines)) if i not in known]
        return [*sorted(known, key=key, reverse=falling), *without]


def table(runs: Sequence[Compared]) -> Table:
    """What came of each run, and after that the fields in which they differ."""
    fields = differing([run.config for run in runs])
    titles = ("run", "state", *_RESULTS, *fields)
    lines = []
    for i, run in enumerate(runs):
        own = (Cell(run.id, run.id), Cell(str(run.phase), str(run.phase)))
        settings = (_setting(texts[i]) for texts in fields.values())
        lines.append((*own, *_results(run), *settings))
    return Table(titles, tuple(lines))


def in_words(found: Table, index: int) -> str:
    """A run with what it has in the fields that differ, or that none does."""
    own = 2 + len(_RESULTS)
    settings = zip(found.titles[own:], found.lines[index][own:], strict=True)
    told = " · ".join(f"{title} {cell.text}" for title, cell in settings if cell.text != NONE)
    if not told and len(found.lines) > 1:
        told = "no field differs, these runs have the same configuration"
    return f"{found.lines[index][0].text}{': ' if told else ''}{told}"


def differing(configs: Sequence[RunConfig]) -> dict[str, list[str | None]]:
    """The fields in which configurations differ, by name, and what stands there in each.

    None is where one has no such field; these come last. Layers that are others are one field,
    their network.
    """
    texts = [texts_of(config) for config in configs]
    paths = dict.fromkeys(path for each in texts for path in each)
    found = {path: [each.get(path) for each in texts] for path in paths}
    found = {path: values for path, values in found.items() if len(set(values)) > 1}
    if any(_LAYER.fullmatch(path) for path in found):
        found = {path: values for path, values in found.items() if not _LAYER.match(path)}
        found[LIST] = [_network(config) for config in configs]
    if "data.dataset" in found:
        found["data.dataset"] = [short_name(config.data.dataset) for config in configs]
    shared_first = sorted(found, key=lambda path: None in found[path])
    return {_name(path): found[path] for path in shared_first}


def curves(
    runs: Sequence[Compared], chart: str, colors: Sequence[str], *, over_time: bool
) -> list[Series]:
    """One curve for each run, x in epochs or in minutes of training; colours may repeat."""
    field = chart.replace(" ", "_")
    series = []
    for i, run in enumerate(runs):
        judged = [epoch for epoch in run.epochs if getattr(epoch, field) is not None]
        x = [epoch.elapsed / 60 if over_time else float(epoch.epoch) for epoch in judged]
        y = np.array([getattr(epoch, field) for epoch in judged], dtype=np.float64)
        series.append(Series(run.id, x, y, colors[i % len(colors)]))
    return series


def readout(
    series: Sequence[Series], chart: str, at: float, *, over_time: bool
) -> list[tuple[str, str]]:
    """What stands at a place of these curves, as names with values: of each its newest by then.

    A curve that begins later, or has ended before, has nothing there.
    """
    form = formats.percent if "accuracy" in chart else formats.loss
    told = [("minutes", f"{at:.2f}") if over_time else ("epoch", f"{at:.0f}")]
    for one in series:
        if len(one.x) and one.x[0] <= at <= one.x[-1]:
            index = int(np.searchsorted(one.x, at, side="right")) - 1
            told.append((one.name, form(float(one.y[index]))))
    return told


_RESULTS = ("best test", "best validation", "test loss", "trained", "took", "img/s")


def _results(run: Compared) -> tuple[Cell, ...]:
    """The scores of the best epoch, how many were trained, and how long that took."""
    best, last = run.best, run.epochs[-1] if run.epochs else None
    speed = run.images_per_second or None
    return (
        _figure(best.test_accuracy if best else None, formats.percent),
        _figure(best.validation_accuracy if best else None, formats.percent),
        _figure(best.test_loss if best else None, formats.loss),
        Cell(f"{len(run.epochs)}/{run.config.training.epochs}", float(len(run.epochs))),
        _figure(last.elapsed if last else None, formats.duration),
        _figure(speed, "{:,.0f}".format),
    )


def _figure(value: float | None, form: Callable[[float], str]) -> Cell:
    return Cell(NONE, None) if value is None else Cell(form(value), float(value))


def _setting(text: str | None) -> Cell:
    if text is None:
        return Cell(NONE, None)
    if not text:
        return Cell("empty", None)
    try:
        return Cell(text, float(text))
    except ValueError:
        return Cell(text, text)


def _network(config: RunConfig) -> str:
    layers = config.network.layers
    return f"{network_summary(layers)} ({len(layers)} layers)"


def _name(path: str) -> str:
    """A path as people say it: a layer by its number from 1, other fields without their group."""
    layer = _LAYER.match(path)
    if path == LIST:
        return "network"
    rest = path[layer.end() + 1 :] if layer else path.partition(".")[2] or path
    number = f"layer {int(layer[1]) + 1} " if layer else ""
    return number + rest.replace(".", " ").replace("_", " ")
