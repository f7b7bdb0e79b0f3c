"""How much the dashboard writes to its terminal, at 120 × 36 in 256 colours.

    python tests/benchmarks/bandwidth.py

Bytes a second: while a network trains, on the view of the curves, as it is and with `--slow`; and
while nothing happens. A switch from view to view is counted in bytes.
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


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    seconds = options.parse_args().seconds
    config = preset("small").changed({"training.epochs": 1000, "training.threads": 1})
    with trainer(config) as run:
        for name, words in (("training", ()), ("training, --slow", ("--slow",))):
            print(f"{name:<20} {_rate(_attach(run, *words), 'pause', seconds):>8,.0f} bytes/s")
        with Terminal(_attach(run)) as terminal:
            terminal.wait_for("pause")
            terminal.watch(time.perf_counter() + SETTLED)
            for key, view in enumerate((*VIEWS, "curves"), 2):
                terminal.press(str(key if view != "curves" else 1))
                count = terminal.watch(time.perf_counter() + SWITCHED)
                print(f"{'to ' + view:<20} {count:>8,} bytes")
    with library() as models:
        idle = _rate([cnn_tui(), "--models", str(models.path)], "quit", seconds)
        print(f"{'idle':<20} {idle:>8,.0f} bytes/s")
    sys.stdout.flush()


def _attach(run: RunFolder, *words: str) -> list[str]:
    models = Path(run.path).parent.parent
    return [cnn_tui(), "attach", run.id, "--models", str(models), *words]


def _rate(command: list[str], sign: str, seconds: float) -> float:
    """Bytes a second once the dashboard shows a sign of being there."""
    with Terminal(command) as terminal:
        terminal.wait_for(sign)
        terminal.watch(time.perf_counter() + SETTLED)
        return terminal.watch(time.perf_counter() + seconds) / seconds


if __name__ == "__main__":
    main()
