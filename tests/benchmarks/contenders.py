"""Whoever is measured at learning, each in a process of its own, obeying lines on standard input.

    python tests/benchmarks/contenders.py NAME NETWORK BATCH THREADS

`check` comes first and answers with the losses of the first two steps, both on the first images.
`learn SECONDS` and `predict SECONDS` work for so long, once at least, and answer with images a
second; `memory` answers with the peak of memory in MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
from einsum_baseline import EinsumNetwork
from measuring import peak_memory
from networks import configuration, images_for

from nn import presets
from nn.config import RunConfig
from nn.data import Dataset, as_floats
from nn.network import batches
from nn.processors import limit_blas_threads
from nn.training import BatchDone, Training
from nn.types import Array, Bytes, Integers

BATCH = 128
"""What a batch is where nothing else is said."""

PREDICTED = 1024
"""Images that are classified at once."""


class Contender(ABC):
    """Learns a dataset, the same network from the same weights as all others."""

    package: ClassVar[str | None] = None
    """What has to be installed for it."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        self.config, self.data = config, data
        self.batch = config.training.batch_size

    @abstractmethod
    def step(self) -> float:
        """Learn the next batch; its mean loss before that."""

    @abstractmethod
    def predict(self, images: Bytes) -> Array:
        """Probabilities (N, classes) of images (N, H, W, C)."""

    @classmethod
    def can(cls, network: str, batch: int) -> bool:
        """Whether it is to be measured at this."""
        return True

    def check(self) -> list[float]:
        """The losses of the first two steps, both on the first images."""
        return [self.step(), self.step()]


class Engine(Contender):
    """This project. One test image keeps the end of an epoch from counting."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        self._begin(data.take(self.batch))

    def check(self) -> list[float]:
        losses = super().check()
        self._begin(self.data)
        return losses

    def _begin(self, data: Dataset) -> None:
        self._training = Training(self.config, data, data.take(1))
        self._steps = (done for done in self._training.run() if isinstance(done, BatchDone))

    def step(self) -> float:
        return next(self._steps).loss

    def predict(self, images: Bytes) -> Array:
        return self._training.network.predict(images, self.batch)


class Peer(Contender):
    """Another library, which is told what to learn."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        self._chosen = self._choose()

    @abstractmethod
    def learn(self, chosen: Integers, rate: float) -> float:
        """Learn the images at those positions; their mean loss before that."""

    def step(self) -> float:
        return self.learn(next(self._chosen), self.config.training.learning_rate)

    def initial_arrays(self) -> dict[str, Array]:
        """Those that a training of this configuration starts with, whatever the data."""
        few = self.data.take(1)
        return Training(self.config, few, few).network.stored

    def _choose(self) -> Iterator[Integers]:
        """The first images for two steps, then one batch after another in an order by chance."""
        first = np.arange(min(self.batch, len(self.data)))
        yield first
        yield first
        rng = np.random.default_rng(0)
        while True:
            order = rng.permutation(len(self.data))
            for start in range(0, len(order) - self.batch + 1, self.batch):
                yield order[start : start + self.batch]


class Original(Peer):
    """The way of the project that this one grew from, of which a step takes seconds."""

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        self._network = EinsumNetwork(config.network.layers, self.initial_arrays())
        self._images = as_floats(data.images)
        self._one_hot = np.eye(len(data.class_names))[data.labels]

    @classmethod
    def can(cls, network: str, batch: int) -> bool:
        return (network, batch) == (presets.DEFAULT, BATCH)

    def learn(self, chosen: Integers, rate: float) -> float:
        return self._network.step(self._images[chosen], self._one_hot[chosen], rate)

    def predict(self, images: Bytes) -> Array:
        parts = batches(len(images), self.batch)
        return np.concatenate([self._network.predict(as_floats(images[part])) for part in parts])


class PyTorch(Peer):
    """PyTorch, as most people write it."""

    package = "torch"
    tuned = False

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        import torch
        from torch_baseline import TorchNetwork

        self._tensor: Any = torch.from_numpy
        self._images, self._labels = self._tensor(data.images), self._tensor(data.labels)
        self._network = TorchNetwork(
            config.network.layers,
            data.images.shape[1:],
            self.initial_arrays(),
            config.training.threads or 1,
            tuned=self.tuned,
        )

    def learn(self, chosen: Integers, rate: float) -> float:
        batch = self._tensor(chosen)
        return self._network.step(self._images[batch], self._labels[batch], rate)

    def predict(self, images: Bytes) -> Array:
        found: Array = self._network.predict(self._tensor(images), self.batch).numpy()
        return found


class TunedPyTorch(PyTorch):
    """PyTorch with maps channels-last and Adam over all parameters at once."""

    tuned = True


class Keras(Peer):
    """Keras on TensorFlow."""

    package = "tensorflow"

    def __init__(self, config: RunConfig, data: Dataset) -> None:
        super().__init__(config, data)
        from keras_baseline import KerasNetwork

        self._network = KerasNetwork(
            config.network.layers,
            data.images.shape[1:],
            self.initial_arrays(),
            config.training.threads or 1,
        )

    def learn(self, chosen: Integers, rate: float) -> float:
        return self._network.step(self.data.images[chosen], self.data.labels[chosen], rate)

    def predict(self, images: Bytes) -> Array:
        return self._network.predict(images, self.batch)


ENGINE, ORIGINAL, KERAS = "cnn-tui", "einsum", "Keras"
TORCH, TUNED = "PyTorch", "PyTorch-channels-last"
CONTENDERS: dict[str, type[Contender]] = {
    ENGINE: Engine,
    TORCH: PyTorch,
    TUNED: TunedPyTorch,
    KERAS: Keras,
    ORIGINAL: Original,
}


def available() -> list[str]:
    """The contenders that can be measured here."""
    return [name for name, each in CONTENDERS.items() if not each.package or has(each.package)]


def has(package: str) -> bool:
    """Whether it can be imported, by whatever name it is distributed."""
    return find_spec(package) is not None


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


def environment(threads: int) -> dict[str, str]:
    """What a contender's process starts with: so many threads, and a TensorFlow that is quiet."""
    found = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    limit_blas_threads(found, threads)
    return found


@contextmanager
def worker(name: str, network: str, batch: int, threads: int) -> Iterator[Worker]:
    """A contender in a process of its own, which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, __file__, name, network, str(batch), str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(threads),
        start_new_session=True,
    )
    try:
        yield Worker(name, process)
    finally:
        process.kill()
        process.communicate()


def rate(work: Callable[[], object], images: int, seconds: float) -> float:
    """Images a second of work that is repeated until the time is over, once at least."""
    done, started = 0, time.perf_counter()
    while True:
        work()
        done += images
        passed = time.perf_counter() - started
        if passed >= seconds:
            return done / passed


def _obey(name: str, network: str, batch: int, threads: int) -> None:
    config = configuration(network, batch, threads)
    test = images_for(network, "test").images[:PREDICTED]
    contender = CONTENDERS[name](config, images_for(network, "train"))
    for order in sys.stdin:
        match order.split():
            case ["check"]:
                answer: object = contender.check()
            case ["learn", seconds]:
                answer = rate(contender.step, batch, float(seconds))
            case ["predict", seconds]:
                answer = rate(lambda: contender.predict(test), len(test), float(seconds))
            case ["memory"]:
                answer = peak_memory(os.getpid())
            case _:
                sys.exit(f"no such order: {order!r}")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _obey(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
