"""A run, folded from the events of its journal."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, assert_never

import numpy as np

from nn.config import RunConfig
from nn.runs import messages as m
from tui.notices import Notice, notice_of
from tui.series import Floats, Growing
from tui.size_history import SizeHistory

MOST_STEPS = 1 << 17
"""Of a longer run only every second step is kept, or fourth, and so on: that bounds memory, and a
chart has a few hundred columns."""


class Phase(StrEnum):
    """What a run is doing, or how it ended."""

    STARTING = "starting"
    TRAINING = "training"
    EVALUATING = "evaluating"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"

    @property
    def alive(self) -> bool:
        """Whether a trainer is at work, or waits."""
        return self in (Phase.STARTING, Phase.TRAINING, Phase.EVALUATING, Phase.PAUSED)


class Counts(NamedTuple):
    """How many images a run has for each purpose."""

    train: int
    validation: int
    test: int


class RunState:
    """A run as its journal tells it.

    `first_config` is the configuration it began with, `config` as it is now; `step` and
    `learning_rate` are of the newest step; `epoch` counts the epochs that are over;
    `checkpoint_step` is where a resumed run goes on. `sizes` are those of gradients and updates.
    `version` grows with everything that happens, `evaluation_version` with each new content of
    `evaluation.npz`. `process` is the trainer's number, `is_gone` whether the folder was removed.
    """

    def __init__(self, run_id: str, config: RunConfig) -> None:
        self.run_id = run_id
        self.first_config = self.config = config
        self.phase = Phase.STARTING
        self.step = 0
        self.epoch = 0
        self.batches_per_epoch = 0
        self.counts = Counts(0, 0, 0)
        self.learning_rate = config.training.learning_rate
        self.images_per_second = 0.0
        self.epochs: list[m.EpochFinished] = []
        self.changes: list[m.Changed] = []
        self.evaluating: tuple[int, int] | None = None
        self.evaluation: m.Evaluated | None = None
        self.evaluation_version = 0
        self.finished: m.Finished | None = None
        self.failed: m.Failed | None = None
        self.problem = ""
        self.is_gone = False
        self.process = 0
        self.checkpoint_step = 0
        self.version = 0
        self._checkpoint_changes = 0
        self._phase_before_evaluation = Phase.TRAINING
        self._notices: list[Notice] = []
        self._stride = 1
        self.sizes = SizeHistory()
        self._steps, self._losses = Growing(), Growing()
        self._accuracies, self._rates = Growing(), Growing()

    @property
    def steps(self) -> Floats:
        """The steps that are kept (n,), rising; the other series are of the same length."""
        return self._steps.values

    @property
    def losses(self) -> Floats:
        """Each step's loss on its batch (n,), in nats."""
        return self._losses.values

    @property
    def accuracies(self) -> Floats:
        """Each step's share of right answers on its batch (n,)."""
        return self._accuracies.values

    @property
    def rates(self) -> Floats:
        """Each step's learning rate (n,)."""
        return self._rates.values

    @property
    def best_epoch(self) -> m.EpochFinished | None:
        """The epoch whose model is kept, of those so far."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run; 0 until the trainer has said how many an epoch takes."""
        return self.config.training.epochs * self.batches_per_epoch

    @property
    def progress(self) -> float:
        """The share of the steps that are taken, from 0 to 1."""
        if self.phase is Phase.FINISHED:
            return 1.0
        return min(self.step / self.total_steps, 1.0) if self.total_steps else 0.0

    @property
    def seconds_left(self) -> float | None:
        """About how long the remaining steps take; None if that is unknown."""
        if not (self.phase.alive and self.total_steps and self.images_per_second > 0):
            return None
        epochs_left = max(self.total_steps - self.step, 0) / self.batches_per_epoch
        return epochs_left * self.counts.train / self.images_per_second

    def take_notices(self) -> list[Notice]:
        """What to tell people since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def trainer_gone(self) -> None:
        """Nobody holds the run any more: if it has not ended by its last event, it was lost."""
        if not self.phase.alive:
            return
        self.phase = Phase.LOST
        self.evaluating = None
        at = self.checkpoint_step
        remedy = f"r resumes it from step {at:,}" if at else "r starts it again"
        self.problem = f"its trainer is gone; {remedy}"
        self._notices.append(Notice(f"Run {self.run_id}: {self.problem}.", "error"))
        self.version += 1

    def folder_gone(self) -> None:
        """Somebody removed its folder: what was read of it is all that there is."""
        if self.is_gone:
            return
        self._enter(Phase.LOST)
        self.is_gone = True
        self.problem = "its folder is gone; what was read of it can still be seen"
        self.version += 1

    def apply(self, event: m.Event) -> None:
        """Take in what happened next."""
        match event:
            case m.Started():
                self._start(event)
            case m.BatchesFinished():
                self._add_batches(event)
            case m.EvaluationAdvanced():
                if self.phase is not Phase.EVALUATING:
                    self._phase_before_evaluation = self.phase
                self.phase = Phase.EVALUATING
                self.evaluating = (event.done, event.total)
            case m.EpochFinished():
                self._end_evaluation()
                self._forget_epochs(event.epoch)
                self.epochs.append(event)
                self.epoch = event.epoch
            case m.Evaluated():
                self._end_evaluation()
                self.evaluation = event
                self.evaluation_version += 1
            case m.Paused():
                self._enter(Phase.PAUSED)
            case m.Resumed():
                self._enter(Phase.TRAINING)
            case m.Changed():
                self.changes.append(event)
                self.config = self.config.changed({event.field: event.value})
            case m.Checkpointed():
                self.checkpoint_step = event.step
                self._checkpoint_changes = len(self.changes)
            case m.Finished():
                self._enter(Phase.FINISHED)
                self.finished = event
            case m.Stopped():
                self._enter(Phase.STOPPED)
            case m.Failed():
                self._enter(Phase.FAILED)
                self.failed, self.problem = event, event.message
            case m.Acknowledged() | m.Saved():
                pass
            case _:
                assert_never(event)
        if (notice := notice_of(event)) is not None:
            self._notices.append(notice)
        self.version += 1

    def _start(self, event: m.Started) -> None:
        """What a killed trainer did after its last checkpoint is undone: the new one repeats it."""
        self._forget_steps(event.step)
        while self.epochs and self.epochs[-1].step > event.step:
            self.epochs.pop()
        self.epoch = self.epochs[-1].epoch if self.epochs else 0
        del self.changes[self._checkpoint_changes :]
        self.config = self.first_config
        for change in self.changes:
            self.config = self.config.changed({change.field: change.value})
        self.step = self.checkpoint_step = event.step
        self.process = event.process
        self.batches_per_epoch = event.batches_per_epoch
        self.counts = Counts(event.train_count, event.validation_count, event.test_count)
        self.finished, self.failed, self.problem = None, None, ""
        self._enter(Phase.TRAINING)

    def _add_batches(self, event: m.BatchesFinished) -> None:
        count = len(event.losses)
        self._forget_steps(event.step - count)
        steps = np.arange(event.step - count + 1, event.step + 1, dtype=np.float64)
        kept = steps % self._stride == 0
        self._steps.extend(steps[kept])
        self._losses.extend(np.asarray(event.losses)[kept])
        self._accuracies.extend(np.asarray(event.accuracies)[kept])
        self._rates.extend(np.full(np.count_nonzero(kept), event.learning_rate))
        if event.sizes:
            self.sizes.add(event.step, event.sizes)
        self.step, self.epoch = event.step, event.epoch
        self.learning_rate = event.learning_rate
        self.images_per_second = event.images_per_second
        while len(self._steps) > MOST_STEPS:
            self._stride *= 2
            kept = self.steps % self._stride == 0
            for series in (self._steps, self._losses, self._accuracies, self._rates):
                series.keep(kept)
        if self.phase in (Phase.STARTING, Phase.EVALUATING):
            self._enter(Phase.TRAINING)

    def _forget_steps(self, last: int) -> None:
        """Keep the steps up to `last` only."""
        self.sizes.forget(last)
        if len(self._steps) and self._steps.values[-1] > last:
            length = int(np.searchsorted(self._steps.values, last, side="right"))
            for series in (self._steps, self._losses, self._accuracies, self._rates):
                series.truncate(length)

    def _forget_epochs(self, first: int) -> None:
        """Drop the epochs from `first` on: a resumed trainer may finish one for a second time."""
        while self.epochs and self.epochs[-1].epoch >= first:
            self.epochs.pop()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.evaluating = None

    def _end_evaluation(self) -> None:
        if self.phase is Phase.EVALUATING:
            self._enter(self._phase_before_evaluation)
