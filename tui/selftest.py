"""The headless test mode: the real dashboard and a real trainer, driven without a terminal.

It goes the way that a person goes in the first minutes, on a few hundred real digits.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from nn.checkpoint import read_card
from nn.config import preset
from nn.runs.client import send, wait_until
from nn.runs.folder import Library
from nn.runs.messages import Stop
from tui.app import Dashboard
from tui.exits import Exit
from tui.form_rows import FieldRow
from tui.state import Phase, RunState

PATIENCE = 20.0
"""Seconds that one step of the way may take on a slow machine."""

MODEL = "selftest"


class CheckFailedError(Exception):
    """Something was not as it should be."""


def selftest() -> Exit:
    """Print what was checked, a line each; the first failure ends it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cnn-tui-selftest-") as folder:
        library = Library(Path(folder))
        try:
            asyncio.run(_drive(library))
        except CheckFailedError as failure:
            print(f"FAILED  {failure}")
            return Exit.FAILED
        finally:
            _end_trainers(library)
    print(f"all well in {time.monotonic() - started:.1f} s")
    return Exit.DONE


def _end_trainers(library: Library) -> None:
    for run in library.runs():
        if run.has_trainer():
            send(run, Stop())
            wait_until(lambda run=run: not run.has_trainer(), PATIENCE)  # type: ignore[misc]


async def _drive(library: Library) -> None:
    config = preset("small").changed(
        {
            "data.limit": 500,
            "training.batch_size": 10,
            "training.epochs": 500,
            "training.learning_rate": 0.001,
            "training.schedule": "constant",
        }
    )
    app = Dashboard(library, config=config)
    async with app.run_test(size=(120, 36)) as pilot:
        drive = _Drive(app, pilot, library)
        for step in (
            drive.opens,
            drive.edit,
            drive.start,
            drive.pause,
            drive.step,
            drive.change_rate,
            drive.resume,
            drive.mistakes,
            drive.save,
            drive.load,
            drive.stop,
        ):
            await step()


class _Drive:
    """The way through the dashboard; each method is a part of it and prints what it found."""

    def __init__(self, app: Dashboard, pilot: Pilot[str], library: Library) -> None:
        self.app = app
        self.pilot = pilot
        self.library = library

    async def opens(self) -> None:
        await self._until("the dashboard shows no run", lambda: self.app.session.run is None)
        self._passed("opens", "the dashboard shows no run")

    async def edit(self) -> None:
        async with self._field("network.layers.0.filters") as row:
            await self._type(row, "x")
            self._check("a wrong field stops the design", self.app.draft.config is None)
            await self._type(row, "6")
        shape = self.app.draft.plan.layers[0].output_shape
        self._check("the first layer's output follows its filters", shape == (28, 28, 6))
        self._passed("edit", "6 filters: 28×28×6; a wrong number is refused")

    async def start(self) -> None:
        await self.pilot.press("space")
        await self._until("training starts", lambda: self._is(Phase.TRAINING) and self.run.step > 0)
        self._passed("start", f"run {self.run.run_id} trains {self.run.counts.train} digits")

    async def pause(self) -> None:
        await self.pilot.press("space")
        await self._until("the run pauses", lambda: self._is(Phase.PAUSED))
        self._passed("pause", f"after step {self.run.step}")

    async def step(self) -> None:
        before = self.run.step
        await self.pilot.press("s")
        await self._until(
            "one step is taken", lambda: self._is(Phase.PAUSED) and self.run.step == before + 1
        )
        self._passed("step", f"after step {self.run.step}")

    async def change_rate(self) -> None:
        async with self._field("training.learning_rate") as row:
            await self._type(row, "0.002")
            await self.pilot.press("enter")
            await self._until(
                "the learning rate changes", lambda: self.run.config.training.learning_rate == 0.002
            )
        self._passed("change of rate", "0.002 while the run lives")

    async def resume(self) -> None:
        before = self.run.step
        await self.pilot.press("space")
        await self._until("training goes on", lambda: self.run.step > before)
        await self._until("it learns at the new rate", lambda: self.run.learning_rate == 0.002)
        self._passed("resume", f"beyond step {before}, at the new rate")

    async def mistakes(self) -> None:
        await self._until("an epoch ends", lambda: self.app.session.answers is not None)
        await self.pilot.press("4")
        answers = self.app.session.answers
        self._check("there are answers", answers is not None)
        assert answers is not None, "just checked"
        wrong = len(answers.mistakes())
        self._check("a beginner makes mistakes", 0 < wrong < len(answers.labels))
        await self.pilot.press("enter")
        await self._until("a mistake opens large", lambda: len(self.app.screen_stack) == 2)
        await self.pilot.press("escape")
        await self._until("it closes", lambda: len(self.app.screen_stack) == 1)
        self._passed("mistakes", f"{wrong:,} of {len(answers.labels):,} test digits")

    async def save(self) -> None:
        path = self.library.model_path(MODEL)
        await self.pilot.press("ctrl+s")
        await self._until("a name is asked for", lambda: len(self.app.screen_stack) == 2)
        await self.pilot.press("ctrl+u", *MODEL, "enter")
        await self._until("the model is saved", path.exists)
        await self._until("the trainer says so", lambda: not self.app.session.word)
        accuracy = read_card(path).test_accuracy
        self._check("the model tells its accuracy", accuracy is not None and accuracy > 0.2)
        self._passed("save", f"{MODEL}, test accuracy {accuracy:.2%}")

    async def load(self) -> None:
        await self.pilot.press("ctrl+o")
        await self._until("the models are listed", lambda: len(self.app.screen_stack) == 2)
        await self.pilot.pause()
        await self.pilot.press("enter")
        await self._until(
            "the model is loaded and tested",
            lambda: self.app.session.model is not None and self.app.session.answers is not None,
        )
        answers, card = self.app.session.answers, read_card(self.library.model_path(MODEL))
        assert answers is not None, "just waited for"
        accuracy = float((answers.predictions == answers.labels).mean())
        self._check("it answers as well as it was saved", accuracy == card.test_accuracy)
        self._passed("load", f"{MODEL}, test accuracy {accuracy:.2%} again")

    async def stop(self) -> None:
        await self.pilot.press("x")
        await self._until("it asks first", lambda: len(self.app.screen_stack) == 2)
        await self.pilot.press("y")
        await self._until("the run stops", lambda: self._is(Phase.STOPPED))
        folder = self.library.find_run(self.run.run_id)
        await self._until("the trainer is gone", lambda: not folder.has_trainer())
        self._passed("stop", f"after step {self.run.step}, with a checkpoint")

    @property
    def run(self) -> RunState:
        """The run that is followed."""
        run = self.app.session.run
        if run is None:
            raise CheckFailedError("no run is followed")
        return run

    def _is(self, phase: Phase) -> bool:
        return self.app.session.run is not None and self.app.session.run.phase is phase

    @asynccontextmanager
    async def _field(self, path: str) -> AsyncIterator[FieldRow]:
        def rows() -> list[FieldRow]:
            return [row for row in self.app.query(FieldRow) if row.field.path == path]

        await self._until(f"there is a field {path}", lambda: len(rows()) == 1)
        row = rows()[0]
        row.edit()
        await self.pilot.pause()
        yield row
        await self.pilot.press("escape")
        await self.pilot.press("escape")

    async def _type(self, row: FieldRow, text: str) -> None:
        await self.pilot.press("ctrl+u", "ctrl+k", *("full_stop" if c == "." else c for c in text))
        await self._until(f"{row.field.label} takes {text!r}", lambda: row.text == text)

    async def _until(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise CheckFailedError(f"{what}: not within {PATIENCE:.0f} s")
            await self.pilot.pause(0.02)

    def _check(self, what: str, holds: bool) -> None:
        if not holds:
            raise CheckFailedError(what)

    def _passed(self, what: str, found: str) -> None:
        print(f"ok  {what:<15} {found}", flush=True)
