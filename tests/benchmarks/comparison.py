"""This project beside PyTorch and Keras: speed, memory, and time to 99 % test accuracy.

Whole training steps by Adam, and inference, on networks of several families and in batches of
several sizes. For each network and size every contender has a process of its own with the same
number of threads; rounds alternate between them. Before that, all must have the same losses in
their first two steps, which shows that they are the same network. Ratios say how many times as fast
this project is, from what was measured in the same round.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from itertools import product

import numpy as np
from cells import Cell, Result, Speed, words
from contenders import BATCH, CONTENDERS, ENGINE, TUNED, Worker, available, worker
from measuring import alternate, at_least_one, facts, parser, report, run, tell
from networks import NETWORKS
from race import GOAL, race

from nn.processors import processors

BATCHES = (32, BATCH, 512)
TOLERANCE = 3e-4
"""Rounding makes 1e-6, but PyTorch's channels-last batch norm 1e-4 in large batches."""

LEARNING, PREDICTING = 0.4, 0.25
"""Seconds that a contender gets in a round."""


def main() -> None:
    arguments = parser(__doc__)
    names = available()
    arguments.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    arguments.add_argument("--batches", nargs="+", type=at_least_one, default=BATCHES)
    arguments.add_argument("--contenders", nargs="+", choices=names, default=names)
    arguments.add_argument(
        "--rounds", type=at_least_one, default=3, help="how often to measure all"
    )
    arguments.add_argument("--threads", type=at_least_one, default=processors(), help="for each")
    racers = [name for name in (ENGINE, TUNED) if name in names]
    arguments.add_argument(
        "--race", nargs="*", choices=names, default=racers, help="who is timed to 99 %% accuracy"
    )
    arguments.add_argument("--seeds", nargs="+", type=int, default=(0,), help="of those races")
    options = arguments.parse_args()
    machine, started = facts(), time.perf_counter()
    cells = [
        measure(network, batch, options.contenders, options.rounds, options.threads)
        for network, batch in product(options.networks, options.batches)
    ]
    arrivals = {
        f"{name}, seed {seed}": race(name, seed, options.threads)
        for seed, name in product(options.seeds, options.race)
    }
    seconds = time.perf_counter() - started
    results = {"cells": [cell.values() for cell in cells], "race": arrivals, "seconds": seconds}
    told = [words(cells)]
    told += [f"from start to {GOAL:.0%}: {who}: {each.show()}" for who, each in arrivals.items()]
    told += [f"not installed: {name}" for name in CONTENDERS if name not in names]
    report(options, machine, results, "\n".join([*told, f"measured in {seconds:.0f} s"]))


def measure(network: str, batch: int, contenders: Sequence[str], rounds: int, threads: int) -> Cell:
    """All contenders at one network in batches of one size."""
    tell(f"{network}, batch {batch}: starting")
    able = [name for name in contenders if CONTENDERS[name].can(network, batch)]
    with ExitStack() as processes:
        workers = {
            name: processes.enter_context(worker(name, network, batch, threads)) for name in able
        }
        losses = {name: each.ask("check") for name, each in workers.items()}
        compare(network, batch, losses)
        for each in workers.values():
            one_round(each, 0, 0)
        measures = {
            name: partial(one_round, each, LEARNING, PREDICTING) for name, each in workers.items()
        }
        speeds = alternate(rounds, measures, f"{network}, batch {batch}")
        results = {
            name: Result(losses[name], speeds[name], each.ask("memory"))
            for name, each in workers.items()
        }
    return Cell(network, batch, results)


def compare(network: str, batch: int, losses: dict[str, list[float]]) -> None:
    """Refuse to compare the speeds of different networks."""
    expected = next(iter(losses.values()))
    for name, found in losses.items():
        if not np.allclose(found, expected, rtol=TOLERANCE, atol=0):
            raise SystemExit(
                f"{network}, batch {batch}: not the same network: {name} has losses {found}, "
                f"others {expected}"
            )


def one_round(of: Worker, learning: float, predicting: float) -> Speed:
    """What a contender does in so many seconds each, once at least."""
    return Speed(of.ask(f"learn {learning}"), of.ask(f"predict {predicting}"))


if __name__ == "__main__":
    run(main)
