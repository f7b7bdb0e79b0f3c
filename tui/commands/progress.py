"""Training as lines on standard error: a bar on a terminal, one plain line an epoch elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nn.runs.folder import RunFolder
from nn.runs.messages import EpochFinished, Event
from tui.commands.saying import folded, together
from tui.render.formats import loss, percent
from tui.state import RunState


class TrainingProgress:
    """Shows a run's events from now on, given the `past` ones; use it as a context."""

    def __init__(self, run: RunFolder, past: Iterable[Event]) -> None:
        self._state = RunState(run.id, run.config())
        for event in past:
            self._state.apply(event)
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[rate]:,.0f} images/s"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(f"run {run.id}", total=1.0, rate=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, event: Event) -> None:
        """Bring the bar up to date; an epoch's end is a line that stays."""
        state = self._state
        state.apply(event)
        if isinstance(event, EpochFinished):
            line = folded(_epoch_line(event, state), sys.stderr, "    ")
            if self._bar.disable:
                print(line, file=sys.stderr, flush=True)
            else:
                self._console.print(line, highlight=False)
        self._bar.update(
            self._task,
            completed=state.progress,
            description=f"run {state.run_id}  {state.phase}",
            rate=state.images_per_second,
        )


def _epoch_line(done: EpochFinished, state: RunState) -> str:
    parts = [
        f"epoch {done.epoch}/{state.config.training.epochs}",
        f"loss {loss(done.train_loss)}  accuracy {percent(done.train_accuracy)}",
        f"{state.images_per_second:,.0f} images/s",
    ]
    if done.validation_accuracy is not None and done.validation_loss is not None:
        accuracy = f"accuracy {percent(done.validation_accuracy)}"
        parts += [f"validation loss {loss(done.validation_loss)}  {accuracy}"]
    parts += [f"test accuracy {percent(done.test_accuracy)}"]
    parts += ["best"] if done.best else []
    return "  ".join(map(together, parts))
