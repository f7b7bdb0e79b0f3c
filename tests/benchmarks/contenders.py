"""Whoever is measured at learning, each in a process of its own, obeying lines on standard input.

    python tests/benchmarks/contenders.py NAME PRESET THREADS

`learn N` takes N steps, `predict N` classifies N test images; both answer with the seconds that
this took. `check` answers with the losses of two steps on the first images, `memory` with the peak
of memory in MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from einsum_baseline import EinsumNetwork
from measuring import installed, peak_memory

from nn.config import RunConfig, preset
from nn.data import Dataset, as_floats, load
from nn.processors import limit_blas_threads
from nn.training import BatchDone, Training
from nn.types import Array, Bytes, Integers

BATCH = 128


class Contender(ABC):
    """Learns a dataset, the same network from the same weights as all others."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        self.config, self.data = config, data

    @abstractmethod
    def step(self) -> float:
        """Learn the next batch; its mean loss before that."""

    @abstractmethod
    def predict(self, images: Bytes) -> None:
        """Find the probabilities of test images (N, H, W, C)."""

    def initial_parameters(self) -> dict[str, Array]:
        """Those that a training of this configuration starts with, whatever the data."""
        few = self.data.take(1)
        return Training(self.config, few, few).network.parameters

    def chosen(self) -> Iterator[Integers]:
        """The images of one batch after another, in a new order each time through."""
        rng = np.random.default_rng(0)
        while True:
            order = rng.permutation(len(self.data))
            for start in range(0, len(order) - BATCH + 1, BATCH):
                yield order[start : start + BATCH]


class Engine(Contender):
    """This project. One test image keeps the end of an epoch from counting."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        self._training = Training(config, data, data.take(1))
        self._steps = (done for done in self._training.run() if isinstance(done, BatchDone))

    def step(self) -> float:
        return next(self._steps).loss

    def predict(self, images: Bytes) -> None:
        self._training.network.predict(images)


class Original(Contender):
    """The way of the project that this one grew from."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        self._network = EinsumNetwork(config.network.layers, self.initial_parameters())
        self._images = as_floats(data.images)
        self._one_hot = np.eye(len(data.class_names))[data.labels]
        self._chosen = self.chosen()

    def step(self) -> float:
        batch = next(self._chosen)
        rate = self.config.training.learning_rate
        return self._network.step(self._images[batch], self._one_hot[batch], rate)

    def predict(self, images: Bytes) -> None:
        for start in range(0, len(images), BATCH):
            self._network.predict(as_floats(images[start : start + BATCH]))


class PyTorch(Contender):
    """PyTorch, as most people write it."""

    tuned = False

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        import torch
        from torch_baseline import TorchNetwork

        self._tensor: Any = torch.from_numpy
        self._images, self._labels = self._tensor(data.images), self._tensor(data.labels)
        self._chosen = self.chosen()
        self._network = TorchNetwork(
            config.network.layers,
            data.images.shape[1:],
            self.initial_parameters(),
            config.training.learning_rate,
            config.training.threads or 1,
            tuned=self.tuned,
        )

    def step(self) -> float:
        batch = self._tensor(next(self._chosen))
        return self._network.step(self._images[batch], self._labels[batch])

    def predict(self, images: Bytes) -> None:
        self._network.predict(self._tensor(images))


class TunedPyTorch(PyTorch):
    """PyTorch with maps channels-last and Adam over all parameters at once."""

    tuned = True


ENGINE, ORIGINAL, TORCH, TUNED = "cnn-tui", "plain einsum", "PyTorch", "PyTorch, channels-last"
CONTENDERS: dict[str, type[Contender]] = {
    ENGINE: Engine,
    ORIGINAL: Original,
    TORCH: PyTorch,
    TUNED: TunedPyTorch,
}


def available() -> list[str]:
    """The contenders that can be measured here."""
    return [name for name in CONTENDERS if name not in (TORCH, TUNED) or installed("torch")]


class Worker:
    """A contender's process, seen from outside."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name, self._process = name, process

    def ask(self, order: str) -> Any:
        """What it answers to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name}: ended without an answer to {order!r}")
        return json.loads(answer)


@contextmanager
def worker(name: str, preset_name: str, threads: int) -> Iterator[Worker]:
    """A contender in a process of its own, which ends with the block."""
    environment = dict(os.environ)
    limit_blas_threads(environment, threads)
    process = subprocess.Popen(
        [sys.executable, __file__, name, preset_name, str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        yield Worker(name, process)
    finally:
        process.kill()
        process.communicate()


def _obey(name: str, config: RunConfig) -> None:
    make = CONTENDERS[name]
    data = load("mnist", "train")
    test = load("mnist", "test").images
    contender = make(config, data)
    for order in sys.stdin:
        match order.split():
            case ["check"]:
                alone = make(config, data.take(BATCH))
                answer: object = [alone.step(), alone.step()]
            case ["learn", steps]:
                started = time.perf_counter()
                for _ in range(int(steps)):
                    contender.step()
                answer = time.perf_counter() - started
            case ["predict", count]:
                started = time.perf_counter()
                contender.predict(test[: int(count)])
                answer = time.perf_counter() - started
            case ["memory"]:
                answer = peak_memory(os.getpid())
            case _:
                sys.exit(f"no such order: {order!r}")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    fields = {
        "data.validation": 0,
        "training.batch_size": BATCH,
        "training.epochs": 1000,
        "training.optimizer": "adam",
        "training.schedule": "constant",
        "training.threads": int(sys.argv[3]),
    }
    _obey(sys.argv[1], preset(sys.argv[2]).changed(fields))
