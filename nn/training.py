"""The training loop: a generator of what happened, without files, clocks or a screen.

Whoever drives it takes one value after another, and may stop, save `state()` and go on at any of
them. A loop that is restored from a state continues as if it had never stopped, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from nn.augment import augment
from nn.config import RunConfig, is_live
from nn.data import Dataset, split_validation
from nn.losses import cross_entropy, cross_entropy_gradient, softmax
from nn.metrics import Evaluation
from nn.network import Network, batches, copy_arrays
from nn.schema import InputError
from nn.types import Array, Bytes, Integers

_without_warnings = np.errstate(over="ignore", invalid="ignore")
"""Numbers that grow without bounds show in the loss, which ends training with a sentence."""


class DivergedError(ArithmeticError):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class BatchDone:
    """One step was taken; loss and accuracy are of its batch, before the step."""

    step: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    images: int


@dataclass(frozen=True)
class EvaluationAdvanced:
    """So many images of an evaluation are done."""

    done: int
    total: int


@dataclass(frozen=True)
class Score:
    """Loss and accuracy over a set of images."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch is over: `train` is the mean over its batches while they were learned.

    `best` says whether this is the best epoch so far: by validation accuracy, and by loss where
    that is equal. Without validation images the newest is the best.
    """

    epoch: int
    step: int
    train: Score
    validation: Score | None
    test: Score
    evaluation: Evaluation
    best: bool


Progress: TypeAlias = BatchDone | EvaluationAdvanced | EpochDone


@dataclass
class Position:
    """Where a training stands. `batch` counts within the epoch; the sums are over its images.

    `losses` holds what each finished epoch was judged by: the loss on the validation images, or the
    training's own where there are none.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    images: int = 0
    optimizer_steps: int = 0
    best_epoch: int | None = None
    best_validation: dict[str, float] | None = None
    best_test: dict[str, float] | None = None
    losses: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class TrainingState:
    """All that a later continuation needs besides the configuration and the data."""

    arrays: dict[str, Array]
    position: dict[str, Any] = field(default_factory=dict)


class Training:
    """One network learning one dataset.

    `train` and `test` are the dataset's two parts; the validation images are taken from `train`.
    The network's parameters are those of the newest step.
    """

    def __init__(self, config: RunConfig, train: Dataset, test: Dataset) -> None:
        self.config = config
        seeds = np.random.SeedSequence(config.training.seed).spawn(2)
        held_out = min(config.data.validation, len(train) // 5)
        learned, validated = split_validation(
            train.labels, held_out, np.random.default_rng(seeds[0])
        )
        self.train = train.subset(learned) if held_out else train
        self.validation = train.subset(validated) if held_out else None
        self.test = test
        self.network = Network(
            config.network.layers,
            train.images.shape[1:],
            len(train.class_names),
            np.random.default_rng(seeds[1]),
        )
        self.optimizer = config.training.optimizer.build(self.network.parameters)
        self.position = Position()

    @property
    def batches_per_epoch(self) -> int:
        """Steps an epoch; the last batch may be a short one."""
        return -(-len(self.train) // self.config.training.batch_size)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step, by the schedule."""
        training, at = self.config.training, self.position
        epoch = at.epoch + at.batch / self.batches_per_epoch
        factor = training.schedule.factor(epoch, training.epochs, at.losses)
        return training.learning_rate * factor

    def change(self, path: str, value: object) -> None:
        """Change a live field, from the next step on.

        Raises:
            InputError: if there is no such field, it is not a live one or the value will not do.
        """
        if not is_live(path):
            raise InputError(
                f"{path}: is no field that can change in training, as training.learning_rate is"
            )
        self.config = self.config.changed({path: value})

    def run(self) -> Iterator[Progress]:
        """Train until the configured epochs are over.

        Raises:
            DivergedError: when a loss is not a number; the parameters are those after the last
                step.
        """
        at = self.position
        while at.epoch < self.config.training.epochs:
            order = self._order()
            while at.batch < self.batches_per_epoch:
                yield self._step(order)
            yield from self._finish_epoch()

    def evaluate(
        self, which: Literal["validation", "test"]
    ) -> Iterator[EvaluationAdvanced | Evaluation]:
        """Go over a set of images as the network is now; the last value is the result."""
        data = self.test if which == "test" or self.validation is None else self.validation
        yield from evaluate(self.network, data)

    def state(self) -> TrainingState:
        """Where the training stands. The arrays are the live ones: write them before going on."""
        self.position.optimizer_steps = self.optimizer.steps
        return TrainingState(self._arrays(), asdict(self.position))

    def restore(self, state: TrainingState) -> None:
        """Go on from a state of the same configuration.

        Raises:
            InputError: if the state is of another network or optimizer.
        """
        copy_arrays(state.arrays, self._arrays())
        self.position = Position(**deepcopy(state.position))
        self.optimizer.steps = self.position.optimizer_steps

    def _arrays(self) -> dict[str, Array]:
        arrays = {f"parameters.{k}": v for k, v in self.network.parameters.items()}
        arrays |= {f"state.{k}": v for k, v in self.network.state.items()}
        return arrays | {f"optimizer.{k}": v for k, v in self.optimizer.state.items()}

    def _order(self) -> Integers:
        """This epoch's order of the images: from the seed and the epoch alone, so that a restored
        training finds it again."""
        rng = np.random.default_rng([self.config.training.seed, self.position.epoch])
        return rng.permutation(len(self.train))

    def _luck(self) -> np.random.Generator:
        """The randomness of the next step, from the seed and the step alone, likewise."""
        return np.random.default_rng([self.config.training.seed, self.position.step, 1])

    @_without_warnings
    def _step(self, order: Integers) -> BatchDone:
        at, size = self.position, self.config.training.batch_size
        chosen = order[at.batch * size : (at.batch + 1) * size]
        labels = self.train.labels[chosen]
        rate = self.learning_rate
        luck = self._luck()
        images = augment(self.train.images[chosen], self.config.training.augmentation, luck)
        self.network.draw_from(luck)
        logits = self.network.forward(images, training=True)
        loss = float(cross_entropy(logits, labels).mean())
        if not np.isfinite(loss):
            raise DivergedError(
                f"training diverged at step {at.step + 1}: the loss is {loss}; "
                f"use a learning rate below {self.config.training.learning_rate:g}"
            )
        correct = int((logits.argmax(axis=0) == labels).sum())
        self.network.backward(cross_entropy_gradient(logits, labels))
        self.optimizer.update(self.network.gradients, rate)
        at.batch += 1
        at.step += 1
        at.images += len(labels)
        at.loss_sum += loss * len(labels)
        at.correct += correct
        return BatchDone(at.step, at.epoch, loss, correct / len(labels), rate, len(labels))

    def _finish_epoch(self) -> Iterator[Progress]:
        validation = None
        if self.validation is not None:
            for progress in self.evaluate("validation"):
                if isinstance(progress, Evaluation):
                    validation = _score(progress)
                else:
                    yield progress
        for progress in self.evaluate("test"):
            if isinstance(progress, Evaluation):
                evaluation = progress
            else:
                yield progress
        yield self._close_epoch(validation, evaluation)

    def _close_epoch(self, validation: Score | None, evaluation: Evaluation) -> EpochDone:
        at, test = self.position, _score(evaluation)
        train = Score(at.loss_sum / at.images, at.correct / at.images)
        best = validation is None or _is_better(validation, at.best_validation)
        if best:
            at.best_epoch, at.best_test = at.epoch, asdict(test)
            at.best_validation = None if validation is None else asdict(validation)
        at.losses.append((validation or train).loss)
        done = EpochDone(at.epoch, at.step, train, validation, test, evaluation, best)
        at.epoch += 1
        at.batch, at.images, at.correct, at.loss_sum = 0, 0, 0, 0.0
        return done


def evaluate(network: Network, data: Dataset) -> Iterator[EvaluationAdvanced | Evaluation]:
    """A network's answers on a dataset, a batch at a time; the last value is the result.

    Raises:
        DivergedError: when the loss is not a number.
    """
    probabilities = np.empty((len(data), len(data.class_names)), np.float32)
    losses = np.empty(len(data), np.float64)
    for part in batches(len(data)):
        answers = _answer(network, data.images[part], data.labels[part])
        probabilities[part], losses[part] = answers
        yield EvaluationAdvanced(part.stop, len(data))
    loss = float(losses.mean())
    if not np.isfinite(loss):
        raise DivergedError(
            f"the network has diverged: its loss over {len(data)} images is {loss}; "
            f"train it with a lower learning rate"
        )
    yield Evaluation(probabilities, data.labels, loss)


@_without_warnings
def _answer(network: Network, images: Bytes, labels: Integers) -> tuple[Array, Array]:
    """Probabilities (N, classes) and losses (N,)."""
    logits = network.forward(images)
    return softmax(logits).T, cross_entropy(logits, labels)


def _score(evaluation: Evaluation) -> Score:
    return Score(evaluation.loss, evaluation.accuracy)


def _is_better(score: Score, best: Mapping[str, float] | None) -> bool:
    return best is None or (score.accuracy, -score.loss) > (best["accuracy"], -best["loss"])
