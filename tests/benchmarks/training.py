"""How many images a second are learned and classified: here, in plain einsum and in PyTorch.

Whole steps on real MNIST: forward, loss, backward, Adam, in batches of 128. Each contender has a
process of its own with the same number of threads; rounds alternate between them. Before that,
all must have the same losses in their first two steps, which shows that they are the same network.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np
from contenders import BATCH, ENGINE, ORIGINAL, TORCH, TUNED, Worker, available, worker
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
    tell,
)

from nn import presets
from nn.processors import processors

TOLERANCE = 1e-4
WARM_UP = 3
SLOW_STEPS = 1
"""What plain einsum is given a round: a step takes seconds."""


@dataclass(frozen=True)
class Work:
    """What a contender does in one round."""

    steps: int
    images: int


@dataclass(frozen=True)
class Speed:
    """Images per second in one round."""

    training: float
    inference: float


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--rounds", type=at_least_one, default=5, help="how often to measure all"
    )
    arguments.add_argument("--steps", type=at_least_one, default=20, help="steps a round")
    arguments.add_argument("--threads", type=at_least_one, default=processors(), help="for each")
    arguments.add_argument(
        "--preset", choices=presets.names(), default=presets.DEFAULT, help="the network"
    )
    options = arguments.parse_args()
    machine = facts()
    names = available()
    work = dict.fromkeys(names, Work(options.steps, 10_000)) | {ORIGINAL: Work(SLOW_STEPS, BATCH)}
    with ExitStack() as processes:
        workers = {
            name: processes.enter_context(worker(name, options.preset, options.threads))
            for name in names
        }
        losses = {name: check(each) for name, each in workers.items()}
        compare(losses)
        for name, each in workers.items():
            each.ask(f"learn {min(WARM_UP, work[name].steps)}")
        measures = {name: partial(measure, each, work[name]) for name, each in workers.items()}
        speeds = alternate(options.rounds, measures)
    results = {name: summary(speeds[name], speeds[ENGINE]) for name in names}
    rows = [["images a second", "training", f"{ENGINE} is × faster", "inference", "× faster"]]
    rows += [
        [name, *(spread.show(form) for spread, form in zip(of.values(), FORMS, strict=True))]
        for name, of in results.items()
    ]
    words = [table(rows), f"\nlosses of the first two steps: {shown(losses)}"]
    if TORCH in results:
        better = max(TORCH, TUNED, key=lambda name: results[name]["training"].median)
        words.append(f"the better PyTorch is: {better}")
    else:
        words.append("PyTorch is not installed: not compared")
    report(options, machine, {"speeds": results, "losses": losses}, "\n".join(words))


FORMS = (",.0f", ".2f", ",.0f", ".2f")


def check(of: Worker) -> list[float]:
    """The losses of two steps on the first images."""
    tell(f"checking {of.name}")
    losses: list[float] = of.ask("check")
    return losses


def compare(losses: dict[str, list[float]]) -> None:
    """Refuse to compare the speeds of different networks."""
    for name, theirs in losses.items():
        if not np.allclose(theirs, losses[ENGINE], rtol=TOLERANCE, atol=0):
            raise SystemExit(f"not the same network: {name} has losses {theirs}; {shown(losses)}")


def shown(losses: dict[str, list[float]]) -> str:
    """Two losses of every contender."""
    return "; ".join(f"{name} {a:.6f} {b:.6f}" for name, (a, b) in losses.items())


def measure(of: Worker, work: Work) -> Speed:
    """One round of a contender."""
    learned = work.steps * BATCH / of.ask(f"learn {work.steps}")
    return Speed(learned, work.images / of.ask(f"predict {work.images}"))


def summary(speeds: list[Speed], ours: list[Speed]) -> dict[str, Spread]:
    """The medians of a contender's speeds, and how many times as fast we are."""
    found = {}
    for what in ("training", "inference"):
        theirs = [getattr(speed, what) for speed in speeds]
        found[what] = Spread.of(theirs)
        found[f"{what} ratio"] = ratios([getattr(speed, what) for speed in ours], theirs)
    return found


if __name__ == "__main__":
    run(main)
