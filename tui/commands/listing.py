"""`cnn-tui runs` and `cnn-tui models`: what there is, as tables."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TypeVar

from nn.data import short_name
from nn.runs.folder import Library
from nn.schema import InputError
from tui.commands.saying import complain, say
from tui.commands.tables import Column, print_list
from tui.render.formats import age, count, percent
from tui.state import model_row, run_row

S = TypeVar("S")
R = TypeVar("R")

NETWORK = Column("network", elastic=True, leaves=1)
DATA = Column("data", elastic=True, leaves=2)
RUNS = (
    *(Column("run"), Column("state"), Column("progress", "right", leaves=3)),
    *(Column("best accuracy", "right"), NETWORK, DATA, Column("age", "right", leaves=4)),
)
MODELS = (
    *(Column("model"), Column("test accuracy", "right"), NETWORK),
    *(Column("parameters", "right", leaves=4), DATA, Column("made", leaves=3)),
)


def list_runs(library: Library, *, as_json: bool) -> None:
    """Print all runs, the newest first; a broken one is reported on standard error."""
    rows = _read(library.runs(), run_row)
    now = time.time()
    if as_json:
        for row in rows:
            print(json.dumps(asdict(row) | {"age": max(now - row.started, 0.0)}))
        return
    if not rows:
        say(f"No runs in {library.runs_path}; `cnn-tui train` starts one.")
        return
    lines = []
    for row in rows:
        best = "" if row.best_accuracy is None else percent(row.best_accuracy)
        dataset, since = short_name(row.dataset), age(now - row.started)
        lines.append((row.id, row.phase, f"{row.progress:.0%}", best, row.network, dataset, since))
    print_list(RUNS, lines)


def list_models(library: Library, *, as_json: bool) -> None:
    """Print all saved models by name; a broken one is reported on standard error."""
    rows = _read(library.models(), model_row)
    if as_json:
        for row in rows:
            print(json.dumps(asdict(row), default=str))
        return
    if not rows:
        say(f"No models in {library.path}; `cnn-tui train --save NAME` makes one.")
        return
    lines = []
    for row in rows:
        accuracy = "" if row.test_accuracy is None else percent(row.test_accuracy)
        dataset, made = short_name(row.dataset), row.created[:10]
        lines.append((row.name, accuracy, row.network, count(row.parameters), dataset, made))
    print_list(MODELS, lines)


def _read(sources: Iterable[S], read: Callable[[S], R]) -> list[R]:
    """What can be read of the sources; each of the others is reported with its sentence."""
    rows = []
    for source in sources:
        try:
            rows.append(read(source))
        except InputError as error:
            complain(str(error))
        except OSError as error:
            complain(f"{error.filename or source}: {error.strerror}")
    return rows
