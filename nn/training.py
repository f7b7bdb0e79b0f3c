"""The training loop: a generator of what happened, without files, clocks or a screen.

Whoever drives it takes one value after another, and may stop, save `state()` and go on at any of
them. A loop that is restored from a state continues as if it had never stopped, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from nn.accumulation import Accumulation
from nn.augment import augment
from nn.config import RunConfig, is_live
from nn.data import Dataset, split_validation
from nn.evaluation import (
    ALONE,
    DivergedError,
    EvaluationAdvanced,
    evaluate,
    without_warnings,
)
from nn.losses import cross_entropy, cross_entropy_gradient, total_weight
from nn.metrics import Evaluation
from nn.network import Network, copy_arrays
from nn.ops.buffers import Buffers
from nn.ops.chunks import move_towards
from nn.ops.threads import set_threads
from nn.optimizers import clip
from nn.position import Position, Score
from nn.schema import InputError
from nn.types import Array, Bytes, Integers


@dataclass(frozen=True)
class BatchDone:
    """A batch was learned from; loss and accuracy are of it, before the step that it leads to.

    `step` counts batches: where several are gathered for a step, it is taken after their last.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    images: int


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


@dataclass(frozen=True)
class TrainingState:
    """All that a later continuation needs besides the configuration and the data."""

    arrays: dict[str, Array]
    position: dict[str, Any] = field(default_factory=dict)


class Training:
    """One network learning one dataset.

    `train` and `test` are the dataset's two parts; the validation images are taken from `train`.
    `network` learns: its parameters are those of the newest step. `judged` is evaluated and kept.
    `aside` is entered while images go through a network, which may take long: nothing of the state
    changes there, so that another thread may save it.
    """

    def __init__(self, config: RunConfig, train: Dataset, test: Dataset) -> None:
        self.config = config
        if config.training.threads is not None:
            set_threads(config.training.threads)
        seeds = np.random.SeedSequence(config.training.seed).spawn(2)
        held_out = min(config.data.validation, len(train) // 5)
        learned, validated = split_validation(
            train.labels, held_out, np.random.default_rng(seeds[0])
        )
        self.train = train.subset(learned) if held_out else train
        self.validation = train.subset(validated) if held_out else None
        self.test = test
        # One block of memory, or `take` would make one of all images for every batch.
        self._images = np.ascontiguousarray(self.train.images)
        self._buffers = Buffers(self._images.dtype)
        parts = config.network.layers, train.images.shape[1:], len(train.class_names)
        self.network = Network(*parts, np.random.default_rng(seeds[1]))
        self._averaged: Network | None = None
        if config.training.average is not None:
            self._averaged = Network(*parts)
            copy_arrays(self.network.parameters, self._averaged.parameters)
        self.optimizer = config.training.optimizer.build(self.network.parameters)
        self.position = Position.start()
        self.aside = ALONE
        self._before: dict[str, Array] = {}
        self._class_weights = config.training.loss.weights(
            self.train.labels, len(train.class_names)
        )
        several = config.training.accumulate > 1
        self._group = Accumulation(self.network.gradients) if several else None

    @property
    def batches_per_epoch(self) -> int:
        """Batches an epoch; the last may be a short one."""
        return -(-len(self.train) // self.config.training.batch_size)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step, by the schedule: that of the first batch that it learns."""
        training, at = self.config.training, self.position
        batch = at.batch - at.batch % training.accumulate
        epoch = at.epoch + batch / self.batches_per_epoch
        factor = training.schedule.factor(epoch, training.epochs, at.losses)
        return training.learning_rate * factor

    @property
    def judged(self) -> Network:
        """The network that is evaluated and saved: the one that learns or, if an average is kept,
        one of averaged parameters.

        It takes what else training gathers, as the running statistics of batch norm, from the one
        that learns, as PyTorch's `AveragedModel` does.
        """
        if self._averaged is None:
            return self.network
        copy_arrays(self.network.state, self._averaged.state)
        return self._averaged

    @property
    def over(self) -> Literal["epochs", "patience"] | None:
        """Why no further epoch begins, if none does: all are over, or none was better for long."""
        training, at = self.config.training, self.position
        if at.epoch >= training.epochs:
            return "epochs"
        if at.batch > 0 or training.patience is None or at.best_epoch is None:
            return None
        return "patience" if at.epoch - 1 - at.best_epoch >= training.patience else None

    def change(self, path: str, value: object) -> None:
        """Change a live field, from the next step on.

        Raises:
            InputError: if there is no such field, it is not a live one or the value will not do.
        """
        if not is_live(path):
            raise InputError(
                f"{path}: is no field that can change in training, as training.learning_rate is"
            )
        config = self.config.changed({path: value})
        for conflict in config.conflicts(len(self.train.class_names)).items():
            raise InputError(": ".join(conflict))
        self.config = config

    def run(self) -> Iterator[Progress]:
        """Train until the configured epochs are over, or the patience is.

        Raises:
            DivergedError: when a loss or a norm is not a number; the parameters are those after
                the last step.
        """
        while self.over is None:
            yield from self.steps()
            yield from self._finish_epoch()

    def steps(self) -> Iterator[BatchDone]:
        """The steps that are left of this epoch, without what follows on its end.

        Raises:
            DivergedError: as `run`.
        """
        order = self._order()
        while self.position.batch < self.batches_per_epoch:
            yield self._step(order)

    def evaluate(
        self, which: Literal["validation", "test"]
    ) -> Iterator[EvaluationAdvanced | Evaluation]:
        """Go over a set of images as `judged` is now; the last value is the result."""
        data = self.test if which == "test" or self.validation is None else self.validation
        yield from evaluate(self.judged, data, self.aside)

    def state(self) -> TrainingState:
        """Where the training stands. The arrays are the live ones: write them before going on."""
        self.position.optimizer_steps = self.optimizer.steps
        self.position.gathered = 0.0 if self._group is None else self._group.weight
        return TrainingState(self._arrays() | self._before, asdict(self.position))

    def restore(self, state: TrainingState) -> None:
        """Go on from a state of the same configuration.

        Raises:
            InputError: if the state is of another network or optimizer, or is broken.
        """
        position = Position.parse(state.position)
        copy_arrays(state.arrays, self._arrays())
        self.position = position
        self.optimizer.steps = position.optimizer_steps
        if self._group is not None:
            self._group.weight = position.gathered

    def _arrays(self) -> dict[str, Array]:
        arrays = {f"parameters.{k}": v for k, v in self.network.parameters.items()}
        arrays |= {f"state.{k}": v for k, v in self.network.state.items()}
        if self._averaged is not None:
            arrays |= {f"average.{k}": v for k, v in self._averaged.parameters.items()}
        if self._group is not None:
            arrays |= {f"gathered.{k}": v for k, v in self._group.sums.items()}
        return arrays | {f"optimizer.{k}": v for k, v in self.optimizer.state.items()}

    def _order(self) -> Integers:
        """This epoch's order of the images: from the seed and the epoch alone, so that a restored
        training finds it again."""
        rng = np.random.default_rng([self.config.training.seed, self.position.epoch])
        return rng.permutation(len(self.train))

    def _luck(self) -> np.random.Generator:
        """The randomness of the next step, from the seed and the step alone, likewise."""
        return np.random.default_rng([self.config.training.seed, self.position.step, 1])

    @without_warnings
    def _step(self, order: Integers) -> BatchDone:
        at, size = self.position, self.config.training.batch_size
        chosen = order[at.batch * size : (at.batch + 1) * size]
        labels = self.train.labels[chosen]
        rate = self.learning_rate
        # Batch norm gathers its statistics on the way forward: a state has those from before.
        self._before = {f"state.{k}": v.copy() for k, v in self.network.state.items()}
        with self.aside:
            loss, correct = self._learn(chosen, labels)
        self._before = {}
        if self._gather(labels):
            self._update(rate)
        at.batch += 1
        at.step += 1
        at.images += len(labels)
        at.loss_sum += loss * len(labels)
        at.correct += correct
        return BatchDone(at.step, at.epoch, loss, correct / len(labels), rate, len(labels))

    def _learn(self, chosen: Integers, labels: Integers) -> tuple[float, int]:
        """Find the gradients of a batch; returns its loss and how many of its answers are right."""
        luck = self._luck()
        images = augment(self._take(chosen), self.config.training.augmentation, luck)
        self.network.draw_from(luck)
        logits = self.network.forward(images, training=True)
        loss = float(cross_entropy(logits, labels).mean())
        if not np.isfinite(loss):
            raise self._diverged(f"the loss is {loss}")
        correct = int((logits.argmax(axis=0) == labels).sum())
        smoothing = self.config.training.loss.label_smoothing
        self.network.backward(
            cross_entropy_gradient(logits, labels, smoothing, self._class_weights)
        )
        return loss, correct

    def _take(self, chosen: Integers) -> Bytes:
        """The images of a batch, valid until the next one."""
        images: Bytes = self._buffers("images", len(chosen), *self._images.shape[1:])
        # The other modes of `take` make an array of their own first.
        return self._images.take(chosen, axis=0, out=images, mode="clip")

    def _gather(self, labels: Integers) -> bool:
        """Whether the gradients are due for a step: those of this batch are the last of its group.

        The last group of an epoch may be a short one.
        """
        if self._group is None:
            return True
        self._group.add(total_weight(labels, self._class_weights))
        learned = self.position.batch + 1
        whole = learned % self.config.training.accumulate == 0
        if whole or learned == self.batches_per_epoch:
            self._group.conclude()
            return True
        return False

    def _update(self, rate: float) -> None:
        """Change the parameters by the gradients, and their average by the parameters."""
        limit = self.config.training.clip_norm
        if limit is not None:
            length = clip(self.network.gradients, limit)
            if not np.isfinite(length):
                raise self._diverged(f"the norm of the gradient is {length}")
        self.optimizer.update(self.network.gradients, rate)
        self._follow()

    def _follow(self) -> None:
        """Average the parameters of all steps, the newest most: a ← d a + (1 - d) w.

        Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992), here
        exponentially, as TensorFlow's `ExponentialMovingAverage` does: after t steps d is at most
        (1 + t) / (10 + t), so that the start is soon forgotten.
        """
        share, steps = self.config.training.average, self.optimizer.steps
        if share is not None and self._averaged is not None:
            kept = min(share, (1 + steps) / (10 + steps))
            move_towards(self._averaged.parameters, self.network.parameters, 1 - kept)

    def _diverged(self, how: str) -> DivergedError:
        return DivergedError(
            f"training diverged at step {self.position.step + 1}: {how}; "
            f"use a learning rate below {self.config.training.learning_rate:g}"
        )

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
            at.best_epoch, at.best_test, at.best_validation = at.epoch, test, validation
        at.losses.append((validation or train).loss)
        done = EpochDone(at.epoch, at.step, train, validation, test, evaluation, best)
        at.epoch += 1
        at.batch, at.images, at.correct, at.loss_sum = 0, 0, 0, 0.0
        return done


def _score(evaluation: Evaluation) -> Score:
    return Score(evaluation.loss, evaluation.accuracy)


def _is_better(score: Score, best: Score | None) -> bool:
    return best is None or (score.accuracy, -score.loss) > (best.accuracy, -best.loss)
