"""Training that is written down: obeys commands, journals what happens, keeps checkpoints."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import Literal, assert_never

from nn.checkpoint import (
    ModelCard,
    load_checkpoint,
    load_model,
    read_card,
    read_fingerprint,
    save_checkpoint,
    save_model,
)
from nn.config import is_live
from nn.data import fingerprint, load
from nn.evaluation import EvaluationAdvanced, evaluate
from nn.files import write_atomically
from nn.metrics import Evaluation
from nn.runs import messages as m
from nn.runs.checkpoint_budget import CheckpointBudget
from nn.runs.evaluations import newest, read_evaluation, write_evaluation
from nn.runs.folder import Library, RunFolder
from nn.runs.journal import Journal, append
from nn.runs.sizes import SizeMeter, Sizes
from nn.runs.speed import Speed
from nn.runs.units import stuck_units
from nn.schema import InputError
from nn.training import BatchDone, EpochDone, Training
from nn.types import Array, Integers

REPORT_SECONDS = 0.2
"""Batches are reported together, this often: a small network takes hundreds of steps a second."""


class TrainingRun:
    """One run being trained; the caller holds the run.

    `stale` are the commands that were there before, already taken from `commands`.

    The thread that works has the turn from the beginning, and lets go of it only where it may take
    long and changes nothing: while data are loaded, images go through the network, or nothing is to
    be done. So another thread can end the run there, without waiting for the end of a step.
    """

    def __init__(
        self, run: RunFolder, commands: Journal[m.Command], stale: list[m.Command]
    ) -> None:
        self.run = run
        self.library = Library(run.path.parent.parent)
        self.commands = commands
        self._stale = stale
        self._turn = Lock()
        self._turn.acquire()
        self._aside = _Aside(self._turn)
        self._begun = False
        self._stopping = False
        self._carried_out: m.Command | None = None
        self._paused = False
        self._steps_wanted = 0
        self._batches: list[BatchDone] = []
        self._meter = SizeMeter()
        self._sizes: dict[str, Sizes] = {}
        self._reported = time.monotonic()
        self._budget = CheckpointBudget()
        self._elapsed_before = 0.0
        self._unsaved = True
        self._saved_step = 0
        self._matrices: dict[int, Integers] = {}
        self._kept: tuple[dict[str, Array], ModelCard] | None = None
        self._elapsed = 0.0
        self._mark = time.monotonic()
        self._speed = Speed()

    def work(self) -> None:
        """Train from the beginning or the last checkpoint until the end or a stop."""
        self._look_back()
        with self._aside:
            self.training = training = self._open()
        self._begun = True
        self._report(
            m.Started(
                step=self.step,
                process=os.getpid(),
                threads=training.config.training.threads or 1,
                train_count=len(training.train),
                validation_count=0 if training.validation is None else len(training.validation),
                test_count=len(training.test),
                batches_per_epoch=training.batches_per_epoch,
            )
        )
        self._settle()
        self._mark = self._reported = time.monotonic()
        self._budget.begin(self._mark)
        self._obey()
        for progress in () if self._stopping else training.run():
            match progress:
                case BatchDone():
                    self._batch_done(progress)
                case EvaluationAdvanced():
                    self._evaluation_advanced(progress)
                case EpochDone():
                    self._epoch_done(progress)
                case _:
                    assert_never(progress)
            self._obey()
            if self._stopping:
                break
        self._end()

    def terminate(self) -> None:
        """Save what was learned and end the run, called by a thread that then ends the process.

        The step or the test under way is given up; the thread that works gets no turn again.
        """
        self._turn.acquire()
        if self._carried_out is not None:
            self._answer(self._carried_out, "the trainer was told to end before the test was over")
        self._stop("terminated")

    @property
    def step(self) -> int:
        """Steps taken so far."""
        return self.training.position.step if self._begun else self._saved_step

    @property
    def _waiting(self) -> bool:
        return self._paused and self._steps_wanted == 0

    def _look_back(self) -> None:
        """Find out how far an earlier trainer came."""
        if not self.run.checkpoint_file.exists():
            return
        self._unsaved = False
        for event in self.run.events(sample=0).read_all():
            if isinstance(event, m.Checkpointed):
                self._elapsed, self._saved_step = event.elapsed, event.step
        self._elapsed_before = self._elapsed
        with suppress(InputError):
            matrices = read_evaluation(self.run.evaluation_file).matrices
            self._matrices = {k: v for k, v in matrices.items() if k <= self._saved_step}

    def _open(self) -> Training:
        """The training as it begins or goes on: a checkpoint goes on with the images that it has
        learned from, or not at all.
        """
        file, config = self.run.checkpoint_file, self.run.config()
        train = load(config.data.dataset, "train", config.data.limit)
        test = load(config.data.dataset, "test")
        self._fingerprint = fingerprint(train, test)
        began = read_fingerprint(file) if file.exists() else None
        if began is not None:
            began.require(self._fingerprint)
        training = Training(config, train, test)
        training.aside = self._aside
        if not file.exists():
            return training
        state, training.config = load_checkpoint(file)
        try:
            training.restore(state)
        except InputError as error:
            raise InputError(
                f"{file}: is a checkpoint that this run cannot go on from ({error}); "
                "start a new run"
            ) from None
        return training

    def _settle(self) -> None:
        """Answer what was asked while no trainer lived: changes count, the rest came too late."""
        answered = {
            event.command
            for event in self.run.events(sample=0).read_all()
            if isinstance(event, m.Acknowledged)
        }
        for command in self._stale:
            if command.id in answered:
                continue
            if isinstance(command, m.Set):
                self._carry_out(command)
            else:
                self._answer(command, "no trainer was running")

    def _batch_done(self, batch: BatchDone) -> None:
        now = time.monotonic()
        training = self.training.config.training
        self._batches.append(batch)
        self._unsaved = True
        self._speed.add(batch.images, now - self._mark)
        self._sizes = self._meter.after_batch(self.training, now) or self._sizes
        self._advance_clock()
        if self._paused:
            self._steps_wanted -= 1
            if self._steps_wanted == 0:
                self._pause()
        elif now - self._reported >= REPORT_SECONDS:
            self._report_batches()
        if self._checkpoint_affordable(training.checkpoint_seconds):
            self._checkpoint()

    def _evaluation_advanced(self, progress: EvaluationAdvanced) -> None:
        self._advance_clock()
        if time.monotonic() - self._reported >= REPORT_SECONDS or progress.done == progress.total:
            self._report(
                m.EvaluationAdvanced(step=self.step, done=progress.done, total=progress.total)
            )

    def _epoch_done(self, done: EpochDone) -> None:
        """The evaluation first, then the events that speak of it, then the checkpoint that relies
        on both: a death in between only makes the resumed trainer do it again.

        A better model waits for the checkpoint: a file of it is never ahead of where a resumed
        trainer begins.
        """
        self._advance_clock()
        self._unsaved = True
        self._matrices = newest(self._matrices | {done.step: done.evaluation.confusion})
        self._write_evaluation(done.evaluation, done.step)
        if done.best:
            stored = {name: value.copy() for name, value in self.training.judged.stored.items()}
            self._kept = stored, self._card(done.evaluation)
        validation = done.validation
        self._report(
            m.EpochFinished(
                epoch=done.epoch + 1,
                step=done.step,
                train_loss=done.train.loss,
                train_accuracy=done.train.accuracy,
                validation_loss=None if validation is None else validation.loss,
                validation_accuracy=None if validation is None else validation.accuracy,
                test_loss=done.test.loss,
                test_accuracy=done.test.accuracy,
                best=done.best,
                elapsed=self._elapsed,
                stuck_units=stuck_units(self.training.network, self.training.train.images),
            )
        )
        self._report_evaluation(done.evaluation, done.step)
        if self._checkpoint_affordable():
            self._checkpoint()

    def _obey(self) -> None:
        """Carry out new commands; while paused, wait here for the next."""
        while True:
            for command in self.commands.read():
                self._carry_out(command)
            if not self._waiting or self._stopping:
                return
            if not self.run.path.exists():
                raise InputError(f"{self.run.path}: is gone, and nobody can tell its trainer so")
            with self._aside:
                time.sleep(0.02)
            self._mark = time.monotonic()

    def _carry_out(self, command: m.Command) -> None:
        self._carried_out, error = command, None
        match command:
            case m.Pause():
                if not self._waiting:
                    self._paused, self._steps_wanted = True, 0
                    self._pause()
            case m.Resume():
                if self._waiting:
                    self._report(m.Resumed(step=self.step))
                self._paused, self._steps_wanted = False, 0
            case m.Step():
                if self._waiting:
                    self._report(m.Resumed(step=self.step))
                self._paused = True
                self._steps_wanted += 1
            case m.Stop():
                self._stopping = True
            case m.Set():
                error = self._change(command)
            case m.Evaluate():
                error = self._test()
            case m.Save():
                error = self._save(command.name)
            case _:
                assert_never(command)
        self._answer(command, error)

    def _answer(self, command: m.Command, error: str | None) -> None:
        self._report(m.Acknowledged(command=command.id, step=self.step, error=error))
        self._carried_out = None

    def _pause(self) -> None:
        self._checkpoint()
        self._report(m.Paused(step=self.step))

    def _change(self, command: m.Set) -> str | None:
        if not is_live(command.field):
            return f"{command.field}: cannot change while a run trains; start a new run"
        try:
            self.training.change(command.field, command.value)
        except InputError as error:
            return str(error)
        self._report(m.Changed(step=self.step, field=command.field, value=command.value))
        self._checkpoint()
        return None

    def _save(self, name: str) -> str | None:
        try:
            path = self.library.model_path(name)
            result = self._evaluate()
            save_model(path, self.training.judged.stored, self._card(result))
        except (InputError, OSError) as error:
            return str(error)
        self._report(
            m.Saved(step=self.step, name=name, model=str(path), test_accuracy=result.accuracy)
        )
        return None

    def _test(self) -> str | None:
        try:
            self._evaluate()
        except InputError as error:
            return str(error)
        return None

    def _evaluate(self) -> Evaluation:
        result = None
        for progress in self.training.evaluate("test"):
            if isinstance(progress, Evaluation):
                result = progress
            else:
                self._evaluation_advanced(progress)
        assert result is not None, "an evaluation ends with its result"
        self._write_evaluation(result, self.step)
        self._report_evaluation(result, self.step)
        return result

    def _write_evaluation(self, result: Evaluation, step: int) -> None:
        write_evaluation(self.run.evaluation_file, result, step, self._matrices)

    def _report_evaluation(self, result: Evaluation, step: int) -> None:
        self._report(m.Evaluated(step=step, test_loss=result.loss, test_accuracy=result.accuracy))

    def _card(self, result: Evaluation) -> ModelCard:
        training = self.training
        return ModelCard(
            config=training.config,
            input_shape=training.test.images.shape[1:],
            class_names=training.test.class_names,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            test_accuracy=result.accuracy,
            test_loss=result.loss,
            test_top_5_accuracy=result.top_5_accuracy,
            test_macro_f1=result.macro_average.f1,
            test_calibration_error=result.calibration.error,
            test_count=len(training.test),
            epochs=self.step / training.batches_per_epoch,
            run=self.run.id,
        )

    def _checkpoint_affordable(self, interval: float = 0.0) -> bool:
        trained = self._elapsed - self._elapsed_before
        return self._budget.allows(time.monotonic(), trained, interval)

    def _checkpoint(self) -> None:
        self._advance_clock()
        self._report_batches()
        started = time.monotonic()
        if self._kept is not None:
            save_model(self.run.best_file, *self._kept)
            self._kept = None
        save_checkpoint(
            self.run.checkpoint_file,
            self.training.state(),
            self.training.config,
            self._fingerprint,
        )
        self._budget.spend(started, time.monotonic())
        self._unsaved = False
        self._report(m.Checkpointed(step=self.step, elapsed=self._elapsed))
        self._advance_clock()

    def _end(self) -> None:
        self._report_batches()
        if self._stopping:
            self._stop("asked")
            return
        if self._unsaved:
            self._checkpoint()
        position, model = self.training.position, self.run.best_file
        assert position.best_epoch is not None, "a finished run has a best epoch"
        assert position.best_test is not None, "a finished run has a best epoch"
        if position.best_epoch != position.epoch - 1:
            self._evaluate_best((position.best_epoch + 1) * self.training.batches_per_epoch)
        card = read_card(model)
        name = self.training.config.save_as
        if name is not None:
            model = self.library.model_path(name)
            write_atomically(model, self.run.best_file.read_bytes())
        self._report(
            m.Finished(
                step=self.step,
                epochs=position.epoch,
                best_epoch=position.best_epoch + 1,
                test_accuracy=position.best_test.accuracy,
                test_loss=position.best_test.loss,
                test_top_5_accuracy=card.test_top_5_accuracy,
                test_macro_f1=card.test_macro_f1,
                test_calibration_error=card.test_calibration_error,
                seconds=self._elapsed,
                images_per_second=self._speed.overall,
                model=str(model),
                reason=self.training.over or "epochs",
            )
        )

    def _stop(self, reason: Literal["asked", "terminated"]) -> None:
        if self._begun and self._unsaved:
            self._checkpoint()
        self._report(m.Stopped(step=self.step, reason=reason))

    def _evaluate_best(self, step: int) -> None:
        """Leave the kept model's answers for the views, not those of the last epoch."""
        result = None
        best = load_model(self.run.best_file).network
        for progress in evaluate(best, self.training.test, self._aside):
            result = progress
        assert isinstance(result, Evaluation), "an evaluation ends with its result"
        self._write_evaluation(result, step)
        self._report_evaluation(result, step)

    def _report_batches(self) -> None:
        if not self._batches:
            return
        batches, self._batches = self._batches, []
        sizes, self._sizes = self._sizes, {}
        last = batches[-1]
        self._report(
            m.BatchesFinished(
                step=last.step,
                epoch=last.epoch,
                losses=tuple(batch.loss for batch in batches),
                accuracies=tuple(batch.accuracy for batch in batches),
                learning_rate=last.learning_rate,
                images_per_second=self._speed.recent,
                sizes=sizes or None,
            )
        )

    def _report(self, event: m.Event) -> None:
        self._report_batches()
        append(self.run.events_file, event)
        self._reported = time.monotonic()

    def _advance_clock(self) -> None:
        now = time.monotonic()
        self._elapsed += now - self._mark
        self._mark = now


class _Aside:
    """A context in which somebody else may have the turn."""

    def __init__(self, turn: Lock) -> None:
        self._turn = turn

    def __enter__(self) -> None:
        self._turn.release()

    def __exit__(self, *_: object) -> None:
        self._turn.acquire()
