"""`cnn-tui runs` and `cnn-tui models`: what there is, as tables."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Literal, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from nn.data import short_name
from nn.runs.folder import Library
from nn.schema import InputError
from tui.render.formats import age, count, percent
from tui.state import model_row, run_row

S = TypeVar("S")
R = TypeVar("R")


def list_runs(library: Library, *, as_json: bool) -> None:
    """Print all runs, the newest first; a broken one is reported on standard error."""
    rows = _read(library.runs(), run_row)
    now = time.time()
    if as_json:
        for row in rows:
            print(json.dumps(asdict(row) | {"age": max(now - row.started, 0.0)}))
        return
    if not rows:
        print(f"No runs in {library.runs_path}; `cnn-tui train` starts one.")
        return
    table = _table("run", "state", ">progress", ">best accuracy", "network", "data", ">age")
    for row in rows:
        best = "" if row.best_accuracy is None else percent(row.best_accuracy)
        since = age(now - row.started)
        table.add_row(
            *(row.id, row.phase, f"{row.progress:.0%}", best, _cut(row.network)),
            *(escape(short_name(row.dataset)), since),
        )
    Console().print(table)


def list_models(library: Library, *, as_json: bool) -> None:
    """Print all saved models by name; a broken one is reported on standard error."""
    rows = _read(library.models(), model_row)
    if as_json:
        for row in rows:
            print(json.dumps(asdict(row), default=str))
        return
    if not rows:
        print(f"No models in {library.path}; `cnn-tui train --save NAME` makes one.")
        return
    table = _table("model", ">test accuracy", "network", ">parameters", "data", "made")
    for row in rows:
        accuracy = "" if row.test_accuracy is None else percent(row.test_accuracy)
        made = row.created[:10]
        dataset = escape(short_name(row.dataset))
        parameters, network = count(row.parameters), _cut(row.network)
        table.add_row(escape(row.name), accuracy, network, parameters, dataset, made)
    Console().print(table)


def _read(sources: Iterable[S], read: Callable[[S], R]) -> list[R]:
    """What can be read of the sources; each of the others is reported with its sentence."""
    rows = []
    for source in sources:
        try:
            rows.append(read(source))
        except InputError as error:
            print(f"cnn-tui: {error}", file=sys.stderr)
    return rows


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        justify: Literal["left", "right"] = "right" if column[0] == ">" else "left"
        gives_way = column == "network"
        table.add_column(
            column.lstrip(">"), justify=justify, no_wrap=not gives_way, overflow="ellipsis"
        )
    return table


def _cut(network: str) -> Text:
    """On a narrow terminal the end of a network's words is left out, before anything else is."""
    return Text(network, no_wrap=True, overflow="ellipsis")
