"""How long it takes until something is to be seen: the dashboard, and `cnn-tui --help`.

From the start of the process, on a pseudo-terminal of 120 × 36 and in an empty library: to the
first painted screen (a word that the dashboard is opening), and to the whole dashboard with its
views, each against a bare Textual app that imports NumPy; and `--help` against an empty Python.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import (
    Spread,
    alternate,
    at_least_one,
    facts,
    parser,
    ratios,
    report,
    run,
    table,
)
from terminal import Terminal, cnn_tui
from trainers import library

OPENING, OURS = "first screen", "whole dashboard"
BARE, HELP, EMPTY = "bare Textual app", "cnn-tui --help", "python -c pass"
OPENING_TEXT, OURS_TEXT, BARE_TEXT = "is opening", "1 Curves", "everything is here"
HEAVY = ("numpy", "textual")
BARE_APP = f"""\
import numpy
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("{BARE_TEXT}")

Bare().run()
"""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--rounds", type=at_least_one, default=10, help="how often to measure all"
    )
    options = arguments.parse_args()
    machine = facts()
    # Where this is set, modules would be compiled at every start, as no installed program's are.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with library() as models, TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE_APP)
        dashboard = [cnn_tui(), "--models", str(models.path)]
        measures = {
            OPENING: partial(first_screen, dashboard, OPENING_TEXT),
            OURS: partial(first_screen, dashboard, OURS_TEXT),
            BARE: partial(first_screen, [sys.executable, str(script)], BARE_TEXT),
            HELP: partial(duration, [cnn_tui(), "--help"]),
            EMPTY: partial(duration, [sys.executable, "-c", "pass"]),
        }
        for measure in measures.values():
            measure()  # compiles modules and fills the system's cache of files
        seconds = alternate(options.rounds, measures)
    shares = {
        OPENING: ratios(seconds[OPENING], seconds[BARE]),
        OURS: ratios(seconds[OURS], seconds[BARE]),
        HELP: ratios(seconds[HELP], seconds[EMPTY]),
    }
    imported = heavy_imports()
    rows = [["milliseconds to the first screen, or the end", "median (least..greatest)", "ratio"]]
    for name, values in seconds.items():
        ratio = shares[name].show(".2f") if name in shares else ""
        rows.append([name, Spread.of([1000 * value for value in values]).show(".0f"), ratio])
    words = f"--help imports: {', '.join(imported) or 'neither numpy nor textual'}"
    results = {
        "seconds": {name: Spread.of(values) for name, values in seconds.items()},
        "ratios": {
            f"{OPENING} / {BARE}": shares[OPENING],
            f"{OURS} / {BARE}": shares[OURS],
            f"{HELP} / {EMPTY}": shares[HELP],
        },
        "imported by --help": imported,
    }
    report(options, machine, results, f"{table(rows)}\n\n{words}")


def first_screen(command: Sequence[str], text: str) -> float:
    """Seconds until a text is painted."""
    with Terminal(command) as terminal:
        return terminal.wait_for(text) - terminal.started


def duration(command: Sequence[str]) -> float:
    """Seconds until a command has ended."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def heavy_imports() -> list[str]:
    """Which of the large packages `cnn-tui --help` imports."""
    command = [sys.executable, "-X", "importtime", cnn_tui(), "--help"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    imported = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    return [package for package in HEAVY if package in imported]


if __name__ == "__main__":
    run(main)
