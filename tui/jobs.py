"""What takes time: everything that the dashboard does on threads, for its session."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from nn.checkpoint import Model, ModelCard, read_card
from nn.config import RunConfig
from nn.files import write_atomically
from nn.profiling import ProfileTest
from nn.rate_finder import RateTest
from nn.runs.client import send, start_trainer
from nn.runs.folder import Library, RunFolder
from nn.runs.messages import Command, Set, Step
from nn.runs.profile_process import ProfileProcess
from nn.runs.rate_process import RateProcess
from nn.runs.side_process import SideProcess, WorkError
from nn.schema import InputError, Schema
from nn.types import Bytes
from tui import answering, drawings
from tui import pace as pace_of
from tui.looking import Looker, Place
from tui.recognition import Reader, Recogniser
from tui.render import formats
from tui.second_looking import SecondLooker
from tui.session import Session
from tui.shipped import SHIPPED
from tui.sketch import Sketch
from tui.state import (
    InsideState,
    ModelRow,
    Phase,
    ProfileState,
    RateState,
    RunRow,
    model_row,
    run_row,
)
from tui.threads import in_thread

E = TypeVar("E", bound=Schema)


class Jobs:
    """Blocking work; each method is a coroutine that leaves its outcome in the session.

    They raise InputError with a sentence for people, and OSError.
    """

    def __init__(self, library: Library, session: Session) -> None:
        self.library = library
        self.session = session
        self._sending = asyncio.Lock()
        self._model_dropped = threading.Event()
        self._rate_process: RateProcess | None = None
        self._profile_process: ProfileProcess | None = None
        self._pace_process: ProfileProcess | None = None
        self._looker = Looker()
        self._looking = False
        self._second_looker = SecondLooker(library, session)
        self._recogniser = Recogniser()
        self._ink = Sketch().ink
        self._drawn = asyncio.Event()

    async def open(self, folder: RunFolder) -> RunConfig:
        """Follow a run; gives its configuration."""
        config = await in_thread(folder.config)
        self._drop_model()
        self.session.follow(folder, config)
        return config

    async def start(self, config: RunConfig, *, step_only: bool = False) -> None:
        """Start a new run and follow it; perhaps it waits after its first step.

        The session was told of the launch before.
        """
        try:
            folder = await in_thread(lambda: self.library.create_run(config))
            self._drop_model()
            self.session.follow(folder, config)
        except BaseException:
            self.session.launched(well=False)
            raise
        await self._launch(folder)
        if step_only:
            await self.send(Step())

    async def revive(self, changes: Mapping[str, Any]) -> None:
        """Start a trainer on the run that is followed, from its last checkpoint.

        `changes` are live fields' new values, which the trainer takes over before it goes on. The
        session was told of the launch before.
        """
        assert self.session.folder is not None, "a run is followed"
        for field, value in changes.items():
            await self.send(Set(field=field, value=value))
        await self._launch(self.session.folder)

    async def send(self, command: Command, folder: RunFolder | None = None) -> None:
        """Tell a run's trainer something; commands keep their order."""
        to = folder or self.session.folder
        assert to is not None, "a run is followed"
        async with self._sending:
            await in_thread(lambda: send(to, command))

    async def save_copy(self, source: Path, name: str) -> None:
        """Save a model that is a file already under another name."""

        def copy() -> None:
            read_card(source)
            self.library.path.mkdir(parents=True, exist_ok=True)
            write_atomically(self.library.model_path(name), source.read_bytes())

        await in_thread(copy)

    async def answer(self, model: Model) -> None:
        """Show what a model answers on its test set."""
        self._drop_model()
        dropped = self._model_dropped
        session, name = self.session, model.path.stem
        session.show_model(model)
        session.progress = f"testing {name}"

        def advance(done: int, total: int) -> None:
            if not dropped.is_set():
                session.progress = f"testing {name} {formats.percent(done / total, 0)}"

        try:
            answers = await in_thread(lambda: answering.of_model(model, dropped, advance))
        finally:
            if not dropped.is_set():
                dropped.set()
                session.progress = ""
        if session.model is model:
            session.answers = answers

    async def find_rate(self, config: RunConfig) -> None:
        """Test which learning rate suits a configuration; the process ends with the dashboard."""
        state = self.session.rate = RateState(config, RateTest())

        def start() -> RateProcess:
            self._rate_process = RateProcess(config, state.test)
            return self._rate_process

        await _follow(state, start, state.apply)

    def cancel_rate_test(self) -> None:
        """End the test that is under way."""
        if self._rate_process is not None:
            self._rate_process.end()

    async def profile(self, config: RunConfig) -> None:
        """Measure where the time of a configuration's steps goes, likewise."""
        state = self.session.profile = ProfileState(config, ProfileTest())

        def start() -> ProfileProcess:
            self._profile_process = ProfileProcess(config, state.test)
            return self._profile_process

        await _follow(state, start, state.apply)
        rows = await in_thread(lambda: _run_rows(self.library))
        state.disturbed = any(row.phase in (Phase.TRAINING, Phase.EVALUATING) for row in rows)
        if state.result is not None and not state.disturbed:
            self.session.pace.found[pace_of.key(config)] = state.result

    def cancel_profile(self) -> None:
        """End the measurement that is under way."""
        if self._profile_process is not None:
            self._profile_process.end()

    async def measure_pace(self, config: RunConfig) -> None:
        """Find out how long an epoch of a design takes, unless somebody trains now.

        The session was told before that it is being measured.
        """
        pace, key = self.session.pace, pace_of.key(config)
        pace.disturbed = bool(await self.living_runs())
        if pace.measuring != key:
            return
        if pace.disturbed:
            pace.measuring = ""
            return
        state = ProfileState(config, ProfileTest(steps=pace_of.STEPS))

        def start() -> ProfileProcess:
            self._pace_process = ProfileProcess(config, state.test)
            return self._pace_process

        await _follow(state, start, state.apply)
        if state.result is not None:
            pace.found[key] = state.result
        elif state.problem and pace.measuring == key:
            pace.failed[key] = state.problem
        if pace.measuring == key:
            pace.measuring = ""

    def cancel_pace(self) -> None:
        """A design that is being measured is wanted no more."""
        self.session.pace.measuring = ""
        if self._pace_process is not None:
            self._pace_process.end()
            self._pace_process = None

    def draw(self, ink: Bytes | None = None) -> None:
        """There is another drawing (height, width), or somebody looks at the one there is."""
        self._ink = self._ink if ink is None else ink
        self._drawn.set()

    async def next_drawing(self, seconds: float) -> None:
        """Wait for another drawing, and for no longer than that."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._drawn.wait(), seconds)
        self._drawn.clear()

    async def recognise(self) -> bool:
        """Let a network read the newest drawing; whether that gave any news.

        To be called again only when it has returned: what is drawn meanwhile is skipped but for the
        newest.
        """
        session, ink, readers = self.session, self._ink, self._readers()
        found = await in_thread(lambda: self._recogniser.read(readers, ink))
        news = found is not session.recognition
        session.recognition = found
        session.follow_drawing()
        return news

    def _readers(self) -> list[Reader]:
        """The model that was chosen to read or is looked at, else the run's best network so far,
        else one that came with the program."""
        session = self.session
        chosen = session.reader or (session.model and session.model.path)
        if chosen:
            return [Reader(chosen, f"model {chosen.stem}")]
        paths = (self.library.model_path(SHIPPED.stem), SHIPPED)
        readers = [Reader(path, f"model {path.stem}") for path in paths]
        if session.folder is None:
            return readers
        return [Reader(session.folder.best_file, f"run {session.folder.id}", learns=True), *readers]

    async def keep_drawing(self, card: ModelCard, label: int, ink: Bytes) -> Path:
        """Keep a drawing as a test picture of one of a network's classes; gives its file."""
        return await in_thread(lambda: drawings.keep(self.library.path, card, label, ink))

    async def read_answers(self) -> None:
        """Show the run's newest evaluation, if it is not shown yet."""
        session, run, folder = self.session, self.session.run, self.session.folder
        version = session.answers_wanted()
        if version is None or run is None or folder is None:
            return
        session.answers_requested(version)
        dataset, source, epoch = run.config.data.dataset, session.source, run.batches_per_epoch
        answers = await in_thread(lambda: answering.of_run(folder, dataset, source, epoch))
        if session.folder is folder and session.model is None:
            session.answers = answers

    async def look_inside(self) -> None:
        """Show what the newest network makes of the image that is wanted.

        Whoever is at it already goes on until nothing else is wanted.
        """
        state = self.session.inside
        if self._looking:
            return
        self._looking = True
        try:
            while await self._look_inside(state):
                continue
        except (InputError, OSError) as error:
            state.insight, state.problem = None, str(error)
        finally:
            self._looking = False

    async def _look_inside(self, state: InsideState) -> bool:
        """One step of it; whether there was anything to do."""
        run, model, looker = self.session.run, self.session.model, self._looker
        place = Place(
            model=state.reader or (None if model is None else model.path),
            run=self.session.folder,
            dataset="" if run is None else run.config.data.dataset,
            library=self.library,
        )
        index, drawn = state.index, state.drawn
        if not state.is_met or await in_thread(lambda: looker.has_news(place)):
            state.insight = await in_thread(lambda: looker.look(place, index, drawn))
            return True
        insight = state.insight
        if insight is None or insight.cost is not None or not state.attentive:
            return False
        cost = await in_thread(lambda: looker.attend(insight))
        state.insight = replace(insight, cost=cost)
        return True

    async def look_again(self) -> None:
        """Find out more of the mistakes that somebody looks at."""
        await self._second_looker.look()

    async def look_for_trainer(self) -> None:
        """Find out whether the run's trainer lives."""
        folder, lookout = self.session.folder, self.session.lookout
        if folder is None:
            return
        there, alive = await in_thread(lambda: (folder.config_file.exists(), folder.has_trainer()))
        self.session.trainer_seen(lookout, alive)
        if not there:
            self.session.folder_gone(lookout)

    async def list_library(self) -> None:
        """Find out which runs and models there are."""
        runs, models = await in_thread(lambda: (_run_rows(self.library), _model_rows(self.library)))
        self.session.runs, self.session.models = runs, models

    async def remove(self, folder: RunFolder) -> None:
        """Remove a run that has ended; if it is looked at, nothing is after that."""
        await in_thread(lambda: self.library.remove_run(folder))
        self.session.forget(folder.id)
        await self.list_library()

    async def living_runs(self) -> list[str]:
        """The ids of all runs that have a trainer, the newest first."""
        return await in_thread(lambda: [run.id for run in self.library.runs() if run.has_trainer()])

    async def _launch(self, folder: RunFolder) -> None:
        well = False
        try:
            await in_thread(lambda: start_trainer(folder))
            well = True
        finally:
            if self.session.folder is folder:
                self.session.launched(well=well)

    def _drop_model(self) -> None:
        """A model that is being tested is wanted no more."""
        self._model_dropped.set()
        self._model_dropped = threading.Event()


async def _follow(
    state: RateState | ProfileState,
    start: Callable[[], SideProcess[E]],
    apply: Callable[[E], None],
) -> None:
    """Take in what a process beside the dashboard says, to its end."""

    def take_in() -> None:
        for event in process.events():
            apply(event)

    try:
        with start() as process:
            await in_thread(take_in)
    except (InputError, WorkError) as error:
        state.problem = str(error)
    finally:
        if state.running:
            state.cancelled = True


def _run_rows(library: Library) -> tuple[RunRow, ...]:
    rows = []
    for folder in library.runs():
        try:
            rows.append(run_row(folder))
        except (InputError, OSError):
            continue
    return tuple(rows)


def _model_rows(library: Library) -> tuple[ModelRow, ...]:
    rows = []
    for path in library.models():
        try:
            rows.append(model_row(path))
        except (InputError, OSError):
            continue
    return tuple(rows)
