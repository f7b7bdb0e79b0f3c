"""`cnn-tui train`: start or continue a run and follow it without a screen."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from nn import presets
from nn.config import RunConfig, is_live, preset, read_config
from nn.runs.client import follow, send, start_trainer
from nn.runs.folder import Library, RunFolder
from nn.runs.messages import EpochFinished, Event, Failed, Finished, Set, Stopped
from nn.schema import InputError
from tui.commands.progress import TrainingProgress
from tui.commands.saying import complain, say, tell
from tui.exits import Exit
from tui.render.formats import duration, loss, percent


@dataclass(frozen=True)
class Wish:
    """What was typed: where to start from, and what to change."""

    config_file: Path | None
    preset: str | None
    fields: dict[str, Any]
    assignments: list[str]
    resume: str | None
    force: bool

    def changes(self) -> dict[str, Any]:
        """The short forms' fields and those of `--set`, which come last and so win.

        Raises:
            InputError: if a `--set` has no `=`.
        """
        changes = dict(self.fields)
        for assignment in self.assignments:
            field, equals, text = assignment.partition("=")
            if not equals:
                raise InputError(f"--set: {assignment!r} is no FIELD=VALUE")
            changes[field.strip()] = _value(text.strip())
        return changes

    def config(self) -> RunConfig:
        """The configuration of a new run.

        Raises:
            InputError: if it will not do.
        """
        if self.config_file is not None and self.preset is not None:
            raise InputError("--config and --preset both say where to start; give one of them")
        if self.config_file is not None:
            base = read_config(self.config_file)
        else:
            base = preset(self.preset or presets.DEFAULT)
        return base.changed(self.changes())


def _value(text: str) -> Any:
    """Numbers, true, false, null, lists and objects as JSON writes them; the rest is text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def train(
    library: Library, wish: Wish, *, detach: bool, min_accuracy: float | None, as_json: bool
) -> Exit:
    """Train, and say how it went.

    `min_accuracy` is the test accuracy, from 0 to 1, below which the work counts as failed.

    Raises:
        InputError: if what was typed will not do.
    """
    if min_accuracy is not None:
        _require_reachable(min_accuracy, detach=detach)
    run = _new_run(library, wish) if wish.resume is None else _old_run(library, wish)
    if not detach:
        return _Follower(run, min_accuracy, as_json=as_json).train()
    start_trainer(run)
    if as_json:
        _print_json({"event": "started", "run": run.id})
    else:
        say(f"run {run.id} trains by itself: cnn-tui attach {run.id}; cnn-tui stop {run.id}")
    return Exit.DONE


def _require_reachable(min_accuracy: float, *, detach: bool) -> None:
    if not 0 <= min_accuracy <= 1:
        raise InputError(
            f"--min-accuracy: {min_accuracy:g} is not from 0 to 1; give a share, as in 0.98"
        )
    if detach:
        raise InputError(
            "--min-accuracy: is known at the end, and --detach does not wait for it; "
            "give one of them"
        )


def _new_run(library: Library, wish: Wish) -> RunFolder:
    config = wish.config()
    if config.save_as is not None and not wish.force:
        model = library.model_path(config.save_as)
        if model.exists():
            raise InputError(f"--save: {model} exists; choose another name, or add --force")
    return library.create_run(config)


def _old_run(library: Library, wish: Wish) -> RunFolder:
    """A run that ended, with what may change in it changed: the trainer reads that first."""
    assert wish.resume is not None, "called for a run to resume"
    run = library.find_run(wish.resume)
    if run.has_trainer():
        raise InputError(
            f"run {run.id}: is training already; `cnn-tui attach {run.id}` shows it, "
            f"`cnn-tui stop {run.id}` ends it"
        )
    if wish.preset is not None or wish.config_file is not None:
        raise InputError("--resume continues a run as it is; leave --preset and --config out")
    changes = wish.changes()
    for field in changes:
        if not is_live(field):
            raise InputError(f"{field}: cannot change in a run that began; start a new one")
    run.config().changed(changes).check()
    for field, value in changes.items():
        send(run, Set(field=field, value=value))
    return run


class _Follower:
    """Trains one run and follows it to its end, which Ctrl-C and SIGTERM bring about properly, and
    so does a pipe that nobody reads any more.

    Made before the trainer starts, so that it can tell what happened earlier from what happens now.
    """

    def __init__(self, run: RunFolder, min_accuracy: float | None, *, as_json: bool) -> None:
        self.run = run
        self.min_accuracy = min_accuracy
        self.as_json = as_json
        self.ended: Finished | Stopped | Failed | None = None
        self.cut_short: Exit | None = None
        self._trainer: Popen[bytes] | None = None
        self._journal = run.events(sample=0)
        self._progress = TrainingProgress(run, self._journal.read_all())

    def train(self) -> Exit:
        with self._signals():
            self._trainer = start_trainer(self.run)
            if self.cut_short is not None:
                self._trainer.terminate()
            with self._progress:
                self._follow()
        return self._conclude()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first signal ends the trainer, which saves its work; a second one does not wait."""

        def note(number: int, _: object) -> None:
            if self.cut_short is not None and self._trainer is not None:
                sys.exit(self.cut_short)
            terminated = number == signal.SIGTERM
            self._cut_short(Exit.TERMINATED if terminated else Exit.INTERRUPTED)

        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _cut_short(self, outcome: Exit) -> None:
        """A trainer that only starts is told when it can hear it."""
        self.cut_short = self.cut_short or outcome
        if self._trainer is not None:
            self._trainer.terminate()

    def _follow(self) -> None:
        """Show what happens; where nobody reads that any more, wait for the end in silence."""
        try:
            if self.as_json:
                _print_json({"event": "started", "run": self.run.id})
            for event in self._events():
                self._show(event)
        except BrokenPipeError:
            self._cut_short(Exit.FAILED)
            for _ in self._events():
                pass

    def _events(self) -> Iterator[Event]:
        for events in follow(self.run, self._journal):
            ends = (event for event in events if isinstance(event, Finished | Stopped | Failed))
            self.ended = next(ends, self.ended)
            yield from events

    def _show(self, event: Event) -> None:
        self._progress.show(event)
        if self.as_json and isinstance(event, EpochFinished):
            _print_json(event.model_dump(mode="json"))

    def _conclude(self) -> Exit:
        again = f"continue with: cnn-tui train --resume {self.run.id}"
        match self.ended:
            case Finished():
                return self._finished(self.ended)
            case Stopped():
                step = self.ended.step
                where = f"after step {step:,}, which is saved" if step else "before the first step"
                tell(f"stopped {where}; {again}")
                return self.cut_short or Exit.DONE
            case Failed():
                complain(self.ended.message)
                return Exit.WRONG_INPUT if self.ended.kind == "input" else Exit.FAILED
            case None:
                complain(f"the trainer of run {self.run.id} was killed; {again}")
                return self.cut_short or Exit.FAILED

    def _finished(self, done: Finished) -> Exit:
        if self.as_json:
            values = done.model_dump(mode="json", exclude={"time"})
            _print_json(values | {"run": self.run.id})
        else:
            early = f", ended {done.early}" if done.early else ""
            best = f"best of {done.epochs} epochs: {done.best_epoch}{early}\n"
            say(
                f"test accuracy {percent(done.test_accuracy)}, loss {loss(done.test_loss)} "
                f"in {duration(done.seconds)}, {done.images_per_second:,.0f} images/s\n"
                f"{best if done.epochs > 1 else ''}"
                f"run {self.run.id}, model {done.model}"
            )
        if self.min_accuracy is not None and done.test_accuracy < self.min_accuracy:
            complain(
                f"test accuracy {done.test_accuracy:.4f} "
                f"is below --min-accuracy {self.min_accuracy}"
            )
            return Exit.FAILED
        return Exit.DONE


def _print_json(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)
