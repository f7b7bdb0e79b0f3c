"""How soon a key's effect is on the screen while training runs at full speed, and what it costs.

A real trainer learns all of MNIST with the default network; the dashboard follows it on a
pseudo-terminal. Keys that change the screen come at random moments, and the time of each lasts
until the text that it brings has been painted. The trainer's own journal tells its speed with a
dashboard whose curves are watched, in turn with that same dashboard stopped (SIGSTOP), and while
keys are pressed; of the dashboard's process its share of a processor and the most memory that it
ever had are told.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, pairwise
from math import isfinite, nan
from statistics import median

import numpy as np
from contenders import BATCH
from measuring import (
    Spread,
    at_least_one,
    facts,
    parser,
    peak_memory,
    processor_seconds,
    report,
    run,
    table,
)
from terminal import Terminal, cnn_tui
from trainers import obey, trainer

from nn.config import preset
from nn.presets import DEFAULT
from nn.processors import processors
from nn.runs.folder import RunFolder
from nn.runs.messages import BatchesFinished, Evaluate

GAPS = (0.150, 0.350)
SOON = 0.050
LEFT = "\x1b[D"
ALONE, WATCHED, USED = "dashboard stopped", "with a dashboard", "while keys are pressed"
FIRST_SCREEN = "accuracy over epochs"


@dataclass
class Costs:
    """What the dashboard's process took each time: shares of a processor, and peaks in MB."""

    shares: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    def count(self, process: int, use: Callable[[], None]) -> None:
        """Add what a use of it takes."""
        started, before = time.perf_counter(), processor_seconds(process)
        use()
        taken = processor_seconds(process) - before
        self.shares.append(taken / (time.perf_counter() - started))
        self.peaks.append(peak_memory(process))


@dataclass
class Speeds:
    """The trainer's images a second each time, and how many times those of the turn's ALONE."""

    images: dict[str, list[float]] = field(default_factory=dict)
    ratios: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, images: list[float], alone: list[float]) -> None:
        """Take what was measured of one in turn with what was measured without."""
        pairs = [both for both in zip(images, alone, strict=True) if all(map(isfinite, both))]
        self.images.setdefault(name, []).extend(one for one, _ in pairs)
        self.ratios.setdefault(name, []).extend(one / other for one, other in pairs)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--rounds", type=at_least_one, default=5, help="how often to measure all"
    )
    arguments.add_argument("--keys", type=at_least_one, default=200, help="key presses in all")
    arguments.add_argument("--turns", type=at_least_one, default=4, help="of watching a round")
    arguments.add_argument("--seconds", type=at_least_one, default=3, help="of speed a turn")
    arguments.add_argument(
        "--threads", type=at_least_one, default=processors(), help="to train with"
    )
    arguments.add_argument(
        "--size", type=size, default=(120, 36), help="of the terminal, as in 120x36"
    )
    options = arguments.parse_args()
    machine = facts()
    rng = random.Random(0)
    each = -(-options.keys // options.rounds)
    waits: dict[str, list[float]] = {}
    costs = {WATCHED: Costs(), USED: Costs()}
    speeds = Speeds()
    fields = {
        "training.epochs": 1000,
        "training.batch_size": BATCH,
        "training.threads": options.threads,
    }
    with trainer(preset(DEFAULT).changed(fields)) as folder:
        obey(folder, Evaluate())
        for _ in range(options.rounds):
            with dashboard(folder, options.size) as terminal:
                alone = watch_and_stop(terminal, folder, options, costs[WATCHED], speeds)

                def use(terminal: Terminal = terminal) -> None:
                    for key, wait in press_keys(terminal, folder.id, each, rng):
                        waits.setdefault(key, []).append(wait)

                used = speed(folder, partial(costs[USED].count, terminal.process, use))
                speeds.add(USED, [used], [alone])
    every = [wait for key in waits.values() for wait in key]
    results = {
        "seconds": figures(every),
        "seconds by key": {key: figures(values) for key, values in waits.items()},
        "images per second": {name: Spread.of(of) for name, of in speeds.images.items()},
        f"ratio to {ALONE}": {name: Spread.of(of) for name, of in speeds.ratios.items()},
        "dashboard's share of a processor": {
            name: Spread.of(each.shares) for name, each in costs.items()
        },
        "dashboard's peak memory in MB": max(costs[WATCHED].peaks + costs[USED].peaks),
    }
    report(options, machine, results, words(waits, every, speeds, costs))


def size(text: str) -> tuple[int, int]:
    """Columns and lines from the command line."""
    if (found := re.fullmatch(r"(\d+)x(\d+)", text)) is None:
        raise ArgumentTypeError(f"{text!r} is no size; 120x36 would be one")
    return int(found[1]), int(found[2])


def key_presses(run_id: str) -> Iterator[tuple[str, str, str]]:
    """What is pressed, what that is for, and a text (a pattern) that is there only afterwards."""
    scales = cycle(["log loss over", "(?<!log )loss over"])
    smoothings = cycle(["smoothing strong", "smoothing off", "smoothing light"])
    turns = cycle(["class ▼", "class ▲"])
    units = cycle([r"\[\d+\.\d\]", r"\[\d+\]"])
    orders = cycle(
        ["highest loss first", "lowest margin first", "in order of", "most confident first"]
    )
    shown_order = "most confident first"
    while True:
        yield "1", "curves", FIRST_SCREEN
        yield "l", "curves: loss axis", next(scales)
        yield "m", "curves: smoothing", next(smoothings)
        yield LEFT, "curves: cursor", r"epoch \d+\.\d{3} "
        yield "w", "curves: whole run", " smoothing "
        yield "2", "classes", "precision"
        yield "v", "classes: turn order", next(turns)
        yield "3", "confusion", "true .*, called "
        yield "c", "confusion: counts/%", next(units)
        yield "4", "mistakes", shown_order
        shown_order = next(orders)
        yield "o", "mistakes: order", shown_order
        yield "5", "runs", f"{run_id}: "
        yield "6", "rate", "Trains a copy of this"
        yield "7", "profile", "Takes a few steps"
        yield "9", "draw", "pen down"


def press_keys(
    terminal: Terminal, run_id: str, count: int, rng: random.Random
) -> Iterator[tuple[str, float]]:
    """What each key was for, and the seconds until its effect was painted."""
    presses = key_presses(run_id)
    next(presses)  # the dashboard opens with the curves
    for _ in range(count):
        key, purpose, text = next(presses)
        pressed = terminal.press(key)
        yield f"{'←' if key == LEFT else key} {purpose}", terminal.wait_for(text) - pressed
        terminal.watch(pressed + rng.uniform(*GAPS))


@contextmanager
def dashboard(folder: RunFolder, size: tuple[int, int]) -> Iterator[Terminal]:
    """A dashboard on that run, all of which stands on the screen."""
    library = folder.path.parent.parent
    with Terminal([cnn_tui(), "attach", folder.id, "--models", str(library)], *size) as terminal:
        terminal.wait_for(FIRST_SCREEN)
        terminal.wait_for("accuracy by class")
        watch(terminal, 2)
        yield terminal


def watch_and_stop(
    terminal: Terminal, folder: RunFolder, options: Namespace, costs: Costs, speeds: Speeds
) -> float:
    """Look at a dashboard and stop it, in turn; the trainer's speed without it."""

    def look() -> None:
        watch(terminal, options.seconds)

    def stop() -> None:
        os.kill(terminal.process, signal.SIGSTOP)
        time.sleep(options.seconds)

    def go_on() -> None:
        os.kill(terminal.process, signal.SIGCONT)
        watch(terminal, 0.5)

    watched, alone = [], []
    for _ in range(options.turns):
        watched.append(speed(folder, partial(costs.count, terminal.process, look)))
        alone.append(speed(folder, stop))
        go_on()
    speeds.add(WATCHED, watched, alone)
    speeds.add(ALONE, alone, alone)
    return median(filter(isfinite, alone))


def watch(terminal: Terminal, seconds: float) -> None:
    """Only look."""
    terminal.watch(time.perf_counter() + seconds)


def speed(folder: RunFolder, wait: Callable[[], None]) -> float:
    """Images a second in training steps alone, as the journal tells it, meanwhile.

    Only stretches between two reports of batches count, with no evaluation or checkpoint between;
    NaN where there is none.
    """
    since = time.time()
    wait()
    until = time.time()
    events = [event for event in folder.events().read_all() if since <= event.time <= until]
    images, seconds = 0, 0.0
    for before, after in pairwise(events):
        if isinstance(before, BatchesFinished) and isinstance(after, BatchesFinished):
            images += BATCH * len(after.losses)
            seconds += after.time - before.time
    return images / seconds if seconds else nan


def figures(seconds: list[float]) -> dict[str, float]:
    """Where the times of keys lie."""
    middle, p95, p99 = np.percentile(seconds, [50, 95, 99])
    soon = float(np.mean([value < SOON for value in seconds]))
    return {
        "presses": len(seconds),
        "median": float(middle),
        "95th percentile": float(p95),
        "99th percentile": float(p99),
        "greatest": max(seconds),
        f"share under {1000 * SOON:.0f} ms": soon,
    }


def words(
    waits: dict[str, list[float]],
    every: list[float],
    speeds: Speeds,
    costs: dict[str, Costs],
) -> str:
    """The tables."""
    rows = [["milliseconds from key to screen", *figures(every)]]
    for key, values in [*waits.items(), ("all keys", every)]:
        presses, *times, soon = figures(values).values()
        rows.append(
            [key, f"{presses:.0f}", *(f"{1000 * value:.0f}" for value in times), f"{soon:.1%}"]
        )
    training = [["images a second in training", "median (least..greatest)", f"ratio to {ALONE}"]]
    for name, values in speeds.images.items():
        ratio = Spread.of(speeds.ratios[name]).show(".3f")
        training.append([name, Spread.of(values).show(",.0f"), ratio])
    dashboard = [["the dashboard's process", "share of a processor", "peak memory, MB"]]
    for name, each in costs.items():
        shares = Spread.of([100 * share for share in each.shares]).show(".0f")
        dashboard.append([name, f"{shares} %", f"{max(each.peaks):.0f}"])
    return "\n\n".join(map(table, (rows, training, dashboard)))


if __name__ == "__main__":
    run(main)
