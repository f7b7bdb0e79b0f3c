"""How much the dashboard writes to its terminal, at 120 × 36.

    python tests/benchmarks/bandwidth.py [--colors true]

Bytes a second: while a network trains, on the view of the curves, as it is and with `--slow`, each
from about the fifth second of a run on; and while nothing happens. A switch from view to view is
counted in bytes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from terminal import Terminal, cnn_tui
from trainers import library, trainer

from nn.config import preset
from nn.runs.folder import RunFolder

SETTLED, SWITCHED = 3.0, 1.5
"""Seconds until the dashboard, or a view, stands."""

VIEWS = ("classes", "confusion", "mistakes", "runs", "rate")

COLORS = {"16": {"TERM": "xterm-16color"}, "256": {}, "true": {"COLORTERM": "truecolor"}}
"""What tells programs of a terminal's colours."""


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    options.add_argument("--colors", choices=COLORS, default="256", help="of the terminal")
    chosen = options.parse_args()
    seconds, colors = chosen.seconds, COLORS[chosen.colors]
    config = preset("small").changed({"training.epochs": 1000, "training.threads": 1})
    for name, words in (("training", ()), ("training, --slow", ("--slow",))):
        with trainer(config) as run:
            rate = _rate(_attach(run, *words), "pause", seconds, colors)
        print(f"{name:<20} {rate:>8,.0f} bytes/s")
    with trainer(config) as run, Terminal(_attach(run), environment=colors) as terminal:
        terminal.wait_for("pause")
        terminal.watch(time.perf_counter() + SETTLED)
        for key, view in enumerate((*VIEWS, "curves"), 2):
            terminal.press(str(key if view != "curves" else 1))
            count = terminal.watch(time.perf_counter() + SWITCHED)
            print(f"{'to ' + view:<20} {count:>8,} bytes")
    with library() as models:
        idle = _rate([cnn_tui(), "--models", str(models.path)], "quit", seconds, colors)
        print(f"{'idle':<20} {idle:>8,.0f} bytes/s")
    sys.stdout.flush()


def _attach(run: RunFolder, *words: str) -> list[str]:
    models = Path(run.path).parent.parent
    return [cnn_tui(), "attach", run.id, "--models", str(models), *words]


def _rate(command: list[str], sign: str, seconds: float, colors: dict[str, str]) -> float:
    """Bytes a second once the dashboard shows a sign of being there."""
    with Terminal(command, environment=colors) as terminal:
        terminal.wait_for(sign)
        terminal.watch(time.perf_counter() + SETTLED)
        return terminal.watch(time.perf_counter() + seconds) / seconds


if __name__ == "__main__":
    main()
