"""Seconds from starting a process to 99 % test accuracy, on the default network.

Everything counts: imports, reading the data, and classifying all test images after each epoch. This
project runs as its command; the others learn the same batches at the same rates from the same
weights, in a process that this file is the script of:

    python tests/benchmarks/race.py NAME SEED THREADS
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from contenders import CONTENDERS, ENGINE, Peer, environment
from measuring import tell
from terminal import cnn_tui
from trainers import library

from nn import presets
from nn.config import RunConfig, preset
from nn.data import load
from nn.network import batches
from nn.types import Integers

GOAL = 0.99
RECIPE = {"data.validation": 0, "training.epochs": 2, "training.learning_rate": 0.002}
"""What is changed of the default preset: all images are learned, and twice is enough."""


@dataclass(frozen=True)
class Arrival:
    """When a process first had the accuracy; if it never had, the time and accuracy of its end."""

    seconds: float
    epoch: int
    accuracy: float

    @property
    def arrived(self) -> bool:
        """Whether it got there."""
        return self.accuracy >= GOAL

    def show(self) -> str:
        """For example: 99.05 % after 43.2 s (epoch 2)."""
        return f"{self.accuracy:.2%} after {self.seconds:.1f} s (epoch {self.epoch})"


def race(name: str, seed: int, threads: int) -> Arrival:
    """How long a contender takes."""
    tell(f"to {GOAL:.0%} with seed {seed}: {name}")
    if name != ENGINE:
        return _arrival([sys.executable, __file__, name, str(seed), str(threads)], threads)
    with library() as models:
        command = [cnn_tui(), "train", "--models", str(models.path), "--json"]
        command += ["--preset", presets.DEFAULT, "--seed", str(seed), "--threads", str(threads)]
        for field, value in RECIPE.items():
            command += ["--set", f"{field}={value}"]
        return _arrival(command, threads)


def _arrival(command: Sequence[str], threads: int) -> Arrival:
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(threads),
    )
    found = None
    try:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "epoch":
                seconds = time.perf_counter() - started
                found = Arrival(seconds, event["epoch"], event["test_accuracy"])
                if found.arrived:
                    return found
    finally:
        process.terminate()
        process.communicate()
    if found is None:
        sys.exit(f"{' '.join(command)}: ended before its first epoch did")
    return found


def _run(name: str, seed: int, threads: int) -> None:
    """Train a peer, and say how it is doing after each epoch."""
    config = preset(presets.DEFAULT).changed(
        RECIPE | {"training.seed": seed, "training.threads": threads}
    )
    data, test = load("mnist", "train"), load("mnist", "test")
    peer = CONTENDERS[name](config, data)
    assert isinstance(peer, Peer), "this project has a command"
    for epoch in range(config.training.epochs):
        for chosen, rate in _batches(config, epoch, len(data)):
            peer.learn(chosen, rate)
        answers = peer.predict(test.images).argmax(axis=1)
        accuracy = float((answers == test.labels).mean())
        told = {"event": "epoch", "epoch": epoch + 1, "test_accuracy": accuracy}
        print(json.dumps(told), flush=True)


def _batches(config: RunConfig, epoch: int, count: int) -> Iterator[tuple[Integers, float]]:
    """The images of each step, and its learning rate, as this project chooses them."""
    training = config.training
    order = np.random.default_rng([training.seed, epoch]).permutation(count)
    parts = list(batches(count, training.batch_size))
    for number, part in enumerate(parts):
        factor = training.schedule.factor(epoch + number / len(parts), training.epochs, [])
        yield order[part], training.learning_rate * factor


if __name__ == "__main__":
    _run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
