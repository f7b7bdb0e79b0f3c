"""What the dashboard is looking at: a run that it follows, or a model that was loaded.

Nothing here waits: reading a journal takes a slice at a time, and what blocks is done by threads
elsewhere, which hand over their results.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from nn.checkpoint import Model
from nn.config import RunConfig
from nn.runs.advice import Advice
from nn.runs.folder import RunFolder
from nn.runs.journal import Journal
from nn.runs.messages import Acknowledged, Event, Failed, Finished, Started, Stopped
from tui.notices import Notice
from tui.pace import Pace
from tui.state import (
    Answers,
    InsideState,
    ModelRow,
    Phase,
    ProfileState,
    RateState,
    Recognition,
    RunRow,
    RunState,
    SecondLook,
    View,
)

SLICE = 1 << 16
"""Bytes of a journal that are read before looking at the clock again."""

SAMPLE = 1 << 21
"""Bytes of mere progress that are parsed of what was there before: enough for any chart."""

SILENCE = 40
"""So many looks for the trainer in which it says nothing are long: about half a minute. Time in
which this process stood still, too, does not count."""

ENDS = (Finished, Stopped, Failed)


@dataclass(frozen=True)
class Waiting:
    """Something that was asked for and has not happened yet; `word` is how the header says it."""

    word: str
    command: str | None = None


class Session:
    """A run being followed, whose answers are looked at, and the lists of runs and models.

    `reader` is a model that was chosen to read drawings; None leaves it to the others.
    """

    def __init__(self) -> None:
        self.folder: RunFolder | None = None
        self.run: RunState | None = None
        self.model: Model | None = None
        self.answers: Answers | None = None
        self.advice: Advice | None = None
        self.runs: tuple[RunRow, ...] = ()
        self.models: tuple[ModelRow, ...] = ()
        self.rate: RateState | None = None
        self.profile: ProfileState | None = None
        self.pace = Pace()
        self.inside = InsideState()
        self.recognition: Recognition | None = None
        self.reader: Path | None = None
        self.second = SecondLook()
        self.waiting: Waiting | None = None
        self.progress = ""
        self._journal: Journal[Event] | None = None
        self.launching = False
        self.lookout = object()
        self._replaying = False
        self._trainer_gone = False
        self._heard = self._quiet_looks = 0
        self._answers_version = 0
        self._warnings = 0
        self._notices: list[Notice] = []

    @property
    def view(self) -> View:
        """All that panels show."""
        return View(
            run=self.run,
            answers=self.answers,
            runs=self.runs,
            models=self.models,
            rate=self.rate,
            profile=self.profile,
            inside=self.inside,
            recognition=self.recognition,
            second=self.second,
        )

    @property
    def alive(self) -> bool:
        """Whether the run has a trainer, or is about to have one."""
        return self.launching or (self.run is not None and self.run.phase.alive)

    @property
    def is_silent(self) -> bool:
        """Whether the trainer has had nothing to say for long, though it works or was asked."""
        run, asked = self.run, self.waiting is not None
        works = run is not None and run.phase in (Phase.TRAINING, Phase.EVALUATING)
        waits = run is not None and run.phase is Phase.PAUSED
        return (works or (waits and asked)) and self._quiet_looks >= SILENCE

    @property
    def word(self) -> str:
        """What is under way and not to be seen in the run's phase."""
        return self.waiting.word if self.waiting is not None else self.progress

    @property
    def remarks(self) -> int:
        """How many remarks there are about the run."""
        return 0 if self.advice is None else len(self.advice.remarks)

    @property
    def source(self) -> str:
        """Whose answers the run's newest evaluation holds, in a few words."""
        run = self.run
        if run is None or run.evaluation is None:
            return ""
        step, best = run.evaluation.step, run.best_epoch
        epochs, steps = divmod(step, max(run.batches_per_epoch, 1))
        later = best is not None and best.step == step and best is not run.epochs[-1]
        return f"run {run.run_id}, " + (
            f"step {step:,}" if steps else f"epoch {epochs}{', the best' if later else ''}"
        )

    def follow(self, folder: RunFolder, config: RunConfig) -> None:
        """Look at a run from now on, from its beginning."""
        self.folder, self.run = folder, RunState(folder.id, config)
        self.model, self.answers, self.reader = None, None, None
        self.advice = None
        self._journal = folder.events(SAMPLE)
        self._replaying, self._trainer_gone = True, False
        self._answers_version, self._warnings = 0, 0
        self.progress = ""
        if not self.launching:
            self.waiting = None
        self.lookout = object()

    def forget(self, run_id: str) -> None:
        """A run was removed: if it is followed, look at none."""
        if self.folder is None or self.folder.id != run_id:
            return
        self.folder, self.run, self._journal, self.advice = None, None, None, None
        if self.model is None:
            self.answers = None
        self.lookout = object()

    def launch(self, word: str) -> None:
        """A trainer is being started: until it holds the run, its absence means nothing."""
        self.launching, self.waiting = True, Waiting(word)

    def launched(self, *, well: bool) -> None:
        """The trainer holds the run and will report, or could not be started."""
        self.launching, self._trainer_gone = False, False
        self.lookout = object()
        if not well:
            self.waiting = None

    def show_model(self, model: Model) -> None:
        """Look at a model's answers from now on; the run is still followed."""
        self.model, self.answers, self.reader = model, None, None

    def follow_drawing(self) -> None:
        """Look inside with the newest drawing, if that is wanted and anything is drawn."""
        found = self.recognition
        if found is None or found.model is None or found.seen is None:
            return
        if self.inside.follows_drawing and self.inside.drawn is not found.seen:
            self.inside.follow_drawn(found.seen, found.model.path)

    def read(self, seconds: float) -> bool:
        """Take in what happened, for about so long at most; whether there is more to read."""
        if self._journal is None or self.run is None:
            return False
        deadline = time.monotonic() + seconds
        while True:
            before = self._journal.offset
            for event in self._journal.read(SLICE):
                self._apply(event)
            if self._journal.offset == before:
                break
            if time.monotonic() > deadline:
                return True
        if self._trainer_gone and not self.launching:
            self.run.trainer_gone()
            self.waiting = None
        self._collect_notices()
        return False

    def trainer_seen(self, lookout: object, alive: bool) -> None:
        """Somebody looked whether a trainer holds the run; `lookout` is what it was before.

        What the trainer wrote before its end is read first, then the run counts as lost.
        """
        if lookout is self.lookout:
            self._trainer_gone = not alive
            version = 0 if self.run is None else self.run.version
            self._quiet_looks = self._quiet_looks + 1 if version == self._heard else 0
            self._heard = version

    def folder_gone(self, lookout: object) -> None:
        """Somebody looked for the run's folder likewise, and there is none any more."""
        if lookout is self.lookout and self.run is not None:
            self.run.folder_gone()
            if not self.launching:
                self.waiting = None

    def answers_wanted(self) -> int | None:
        """The version of the run's newest evaluation, if it is to be shown and is not yet."""
        run = self.run
        if run is None or self._replaying or self.model is not None:
            return None
        version = run.evaluation_version
        return version if version != self._answers_version else None

    def answers_requested(self, version: int) -> None:
        """Somebody reads that evaluation now."""
        self._answers_version = version

    def take_notices(self) -> list[Notice]:
        """What to tell people since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def _apply(self, event: Event) -> None:
        assert self.run is not None, "events are read from a run"
        self.run.apply(event)
        if isinstance(event, Started):
            self._trainer_gone = False
        waiting = self.waiting
        if waiting is None or self._replaying:
            return
        if isinstance(event, Acknowledged):
            done = event.command == waiting.command
        else:
            done = isinstance(event, ENDS if waiting.command else (Started, *ENDS))
        if done:
            self.waiting = None

    def _collect_notices(self) -> None:
        """News become notices; what happened before the run was opened is no news.

        That a run has failed or is lost is no passing notice: it can be seen until it is mended.
        """
        assert self.run is not None, "a run is read"
        assert self._journal is not None, "a run is read"
        news = self.run.take_notices()
        if not self._replaying:
            self._notices += [notice for notice in news if notice.severity != "error"]
        self._replaying = False
        if warnings := self._journal.warnings[self._warnings :]:
            others = ", and so were others after it" if len(warnings) > 1 else ""
            self._notices.append(Notice(f"{warnings[0]}{others}.", "warning"))
        self._warnings = len(self._journal.warnings)
