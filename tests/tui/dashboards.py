"""A trainer that does what a test says, and ways to wait for and look at a dashboard."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from random_keys import key_event
from textual.app import App
from textual.pilot import Pilot

from nn.config import RunConfig, preset
from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from nn.runs.journal import append
from tui.app import Dashboard
from tui.form_rows import FieldRow
from tui.keys import KeyLine
from tui.panels.header import Header

PATIENCE = 60.0
CONFIG: RunConfig = preset("small").changed({"training.threads": 1, "data.limit": 2000})
STARTED = m.Started(
    step=0,
    process=1,
    threads=1,
    train_count=1800,
    validation_count=200,
    test_count=10_000,
    batches_per_epoch=30,
)


class FakeTrainer:
    """Holds a run like a trainer and writes what the test wants."""

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self._commands = run.commands()
        self._hold = ExitStack()
        self._hold.enter_context(run.hold())

    def write(self, *events: m.Event) -> None:
        for event in events:
            append(self.run.events_file, event)

    def commands(self) -> list[m.Command]:
        """What was asked since the last call."""
        return self._commands.read_all()

    def die(self) -> None:
        self._hold.close()


@contextmanager
def fake_run(folder: Path, *events: m.Event) -> Iterator[FakeTrainer]:
    """A run of `CONFIG` in that library, with a trainer that has written these events."""
    trainer = FakeTrainer(Library(folder).create_run(CONFIG))
    trainer.write(STARTED, *events)
    try:
        yield trainer
    finally:
        trainer.die()


def batches(step: int, count: int = 10) -> m.BatchesFinished:
    """The last `count` batches before and with `step`."""
    return m.BatchesFinished(
        step=step,
        epoch=step // 30,
        losses=(0.5,) * count,
        accuracies=(0.75,) * count,
        learning_rate=0.003,
        images_per_second=1234.0,
    )


def press_at_once(pilot: Pilot[str], *keys: str) -> None:
    """Press keys before anybody has seen the first of them."""
    assert pilot.app._driver is not None
    for key in keys:
        pilot.app._driver.process_message(key_event(key))


async def until(pilot: Pilot[str], condition: Callable[[], bool]) -> None:
    """Wait until something is so, and what is painted with it is laid out too."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"it does not come:\n{screen_text(pilot.app)}"
        await pilot.pause(0.02)
    await pilot.pause(0)


async def see(pilot: Pilot[str], *texts: str) -> None:
    """Wait until all texts stand on the screen."""
    await until(pilot, lambda: all(text in screen_text(pilot.app) for text in texts))


def header(app: Dashboard) -> str:
    return app.query_one(Header).render().plain


def keys(app: Dashboard) -> str:
    return app.query_one(KeyLine).render().plain


def screen_text(app: App[str]) -> str:
    """All that stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in strips)


def row(app: Dashboard, path: str) -> FieldRow:
    return next(each for each in app.query(FieldRow) if each.field.path == path)


async def type_into(pilot: Pilot[str], path: str, text: str) -> None:
    """Replace what stands in a field."""
    assert isinstance(pilot.app, Dashboard)
    app = pilot.app
    await until(pilot, lambda: any(each.field.path == path for each in app.query(FieldRow)))
    row(app, path).edit()
    await pilot.pause()
    await pilot.press("end", "ctrl+u", *text)
