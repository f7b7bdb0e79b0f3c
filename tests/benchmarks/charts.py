"""How long the curves take to be drawn, of a young run and of long ones.

The view of the curves paints itself at 100 × 30, as a run that trains makes it do once a second and
as every key does: the range of what smoothing hides, the marks of epochs, a cursor, a zoom. What is
told is time on the processor, so that it holds where others use the machine too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from measuring import Spread, alternate, at_least_one, facts, parser, report, run, table

from nn.config import preset
from nn.runs import messages as m
from tui.curves import CurveOptions
from tui.panels import Palette
from tui.panels.curves import picture
from tui.state import RunState, View
from tui.window import Window

WIDTH, HEIGHT = 100, 30
BATCHES = (2_000, 20_000, 120_000)
PER_EPOCH = 430
REPORTED = 50
WANTED = 15.0
COLORS = Palette(**dict.fromkeys(Palette.__annotations__, "#8080ff"))
VIEWS = {
    "as it opens": (CurveOptions(), Window()),
    "without smoothing": (CurveOptions(smoothing="off"), Window()),
    "log axes and a cursor": (CurveOptions(log=True, log_x=True), Window(cursor=1.0)),
    "loss alone, zoomed": (CurveOptions(charts="loss"), Window((2.0, 4.0), False, 3.0)),
}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--rounds", type=at_least_one, default=30, help="how often to measure all"
    )
    options = arguments.parse_args()
    machine = facts()
    measures: dict[str, Callable[[], float]] = {}
    for batches in BATCHES:
        view = View(trained(batches))
        for name, (chosen, window) in VIEWS.items():
            measures[f"{batches:,} batches, {name}"] = partial(redraw, view, chosen, window)
    for measure in measures.values():
        measure()  # imports plotext
    times = alternate(options.rounds, measures)
    spreads = {name: Spread.of(values) for name, values in times.items()}
    rows = [[f"milliseconds a redraw at {WIDTH} × {HEIGHT}", "median (least..greatest)"]]
    rows += [[name, spread.show(".1f")] for name, spread in spreads.items()]
    slow = [name for name, spread in spreads.items() if spread.median > WANTED]
    words = f"above {WANTED:g} ms: {'; '.join(slow) or 'none'}"
    report(options, machine, {"milliseconds": spreads}, f"{table(rows)}\n\n{words}")


def trained(batches: int) -> RunState:
    """A run that has learned from so many batches, with figures as those of a real one."""
    rng = np.random.default_rng(0)
    state = RunState("a3f91c", preset("small"))
    state.apply(
        m.Started(
            step=0,
            process=1,
            threads=1,
            train_count=55_000,
            validation_count=5_000,
            test_count=10_000,
            batches_per_epoch=PER_EPOCH,
        )
    )
    for first in range(0, batches, REPORTED):
        steps = np.arange(first, first + REPORTED)
        losses = 2.3 * np.exp(-steps / 2_000) + 0.1 + 0.1 * rng.random(REPORTED)
        state.apply(
            m.BatchesFinished(
                step=first + REPORTED,
                epoch=first // PER_EPOCH,
                losses=tuple(losses.tolist()),
                accuracies=tuple((1 - losses / 3).tolist()),
                learning_rate=0.001,
                images_per_second=2_000,
            )
        )
        epoch = (first + REPORTED) // PER_EPOCH
        if epoch > first // PER_EPOCH:
            state.apply(_epoch(epoch, 0.1 + 1 / epoch))
    return state


def _epoch(number: int, loss: float) -> m.EpochFinished:
    return m.EpochFinished(
        epoch=number,
        step=number * PER_EPOCH,
        train_loss=loss,
        train_accuracy=1 - loss / 3,
        validation_loss=loss,
        validation_accuracy=1 - loss / 3,
        test_loss=loss,
        test_accuracy=1 - loss / 3,
        best=True,
        elapsed=float(number),
    )


def redraw(view: View, options: CurveOptions, window: Window) -> float:
    """Milliseconds for one picture."""
    started = time.process_time()
    picture(view, options, WIDTH, HEIGHT, COLORS, False, window)
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    run(main)
