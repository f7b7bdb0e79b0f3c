"""Runs and saved models as lines of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import TypeVar

from nn.checkpoint import read_card
from nn.layers import LayerConfig
from nn.network import plan
from nn.runs.folder import RunFolder
from tui.run_state import Phase, RunState

T = TypeVar("T")


@dataclass(frozen=True)
class RunRow:
    """A run as a line of a table; `started` is in seconds since 1970.

    `best_accuracy` is on the test set, in the epoch whose model is kept.
    """

    id: str
    phase: Phase
    dataset: str
    network: str
    progress: float
    best_accuracy: float | None
    started: float


@dataclass(frozen=True)
class ModelRow:
    """A saved model as a line of a table; `created` is a date and time as in ISO 8601."""

    name: str
    path: Path
    network: str
    parameters: int
    test_accuracy: float | None
    dataset: str
    created: str


def network_summary(layers: Sequence[LayerConfig]) -> str:
    """A network in a few words, by the layers that have a width: conv 32·64, dense 1024·10."""
    widths = [(layer.kind.removesuffix("2d"), _width(layer)) for layer in _all(layers)]
    groups = groupby(((kind, width) for kind, width in widths if width), key=lambda pair: pair[0])
    parts = [f"{kind} {'·'.join(str(width) for _, width in group)}" for kind, group in groups]
    return ", ".join(parts)


def _all(layers: Sequence[LayerConfig]) -> Iterator[LayerConfig]:
    """Layers, and those inside them."""
    for layer in layers:
        yield layer
        yield from _all(getattr(layer, "layers", ()))


def _width(layer: LayerConfig) -> int | None:
    """How many outputs a layer was asked for: by habit its first field, if that is a number."""
    names = [name for name in type(layer).model_fields if name != "kind"]
    first = getattr(layer, names[0]) if names else None
    return first if isinstance(first, int) else None


def run_row(folder: RunFolder) -> RunRow:
    """A run as it is now, from its journal.

    Raises:
        InputError: if its configuration is missing or broken.
    """
    alive = folder.has_trainer()
    follower = _follower(folder.path)
    row = follower.see(lambda run: row_of(run, follower.started))
    return replace(row, phase=phase_of(row.phase, alive))


def see(folder: RunFolder, look: Callable[[RunState], T]) -> T:
    """What a function finds in a run as it is now; of its batches hardly any are there.

    Raises:
        InputError: if its configuration is missing or broken.
    """
    return _follower(folder.path).see(look)


def phase_of(phase: Phase, alive: bool) -> Phase:
    """What a run does that has a trainer, or has none, whatever its journal ends with."""
    return phase if alive or not phase.alive else Phase.LOST


@lru_cache(maxsize=256)
def _follower(path: Path) -> _Follower:
    return _Follower(RunFolder(path))


class _Follower:
    """Reads of a run's journal only what is new since it was listed last."""

    def __init__(self, folder: RunFolder) -> None:
        self.started = folder.config_file.stat().st_mtime
        self._state = RunState(folder.id, folder.config())
        self._journal = folder.events(sample=0)
        self._lock = Lock()

    def see(self, look: Callable[[RunState], T]) -> T:
        with self._lock:
            for event in self._journal.read_all():
                self._state.apply(event)
            self._state.take_notices()
            return look(self._state)


def row_of(run: RunState, started: float) -> RunRow:
    """A run that is followed already, as a line of a table."""
    best = run.best_epoch
    return RunRow(
        id=run.run_id,
        phase=run.phase,
        dataset=run.config.data.dataset,
        network=network_summary(run.config.network.layers),
        progress=run.progress,
        best_accuracy=None if best is None else best.test_accuracy,
        started=started,
    )


def model_row(path: Path) -> ModelRow:
    """A saved model, from what its file says about itself.

    Raises:
        InputError: if there is no such file or it holds no model of ours.
    """
    card = read_card(path)
    layers = card.config.network.layers
    return ModelRow(
        name=path.stem,
        path=path,
        network=network_summary(layers),
        parameters=plan(layers, card.input_shape, len(card.class_names)).parameters,
        test_accuracy=card.test_accuracy,
        dataset=card.config.data.dataset,
        created=card.created,
    )
