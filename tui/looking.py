"""Looks into networks: what the view of a network's inside shows.

Everything here takes its time: it is called on threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nn.checkpoint import load_model, load_network
from nn.data import Dataset
from nn.inside import occlusion, trace
from nn.layers import show_shape
from nn.network import Network
from nn.runs.folder import Library, RunFolder
from nn.schema import InputError
from nn.types import Array, Bytes
from tui.answering import read_test_set
from tui.insight import Insight, Subject
from tui.shipped import SHIPPED


@dataclass(frozen=True, eq=False)
class Seen:
    """A network that was read from a file, and the test images that it is shown."""

    version: tuple[object, ...]
    source: str
    network: Network
    data: Dataset


@dataclass(frozen=True)
class Place:
    """Whose newest network is looked into: a model that was loaded, else a run, else any model, at
    the least the one that the project comes with."""

    model: Path | None
    run: RunFolder | None
    dataset: str
    library: Library


class Looker:
    """Keeps the network that was read last: mostly the next look is into it again."""

    def __init__(self) -> None:
        self._seen: Seen | None = None

    def look(self, place: Place, index: int, drawn: Bytes | None) -> Insight:
        """What the newest network there makes of an image.

        That is `drawn`, or number `index` of the test set.

        Raises:
            InputError: if there is no network yet, or one that cannot look at such images.
        """
        self._seen = seen = self._newest(place)
        subject, names = _subject(seen.data, index, drawn), seen.data.class_names
        passages = trace(seen.network, subject.image)
        return Insight(seen.source, subject, seen.data.labels, names, passages)

    def has_news(self, place: Place) -> bool:
        """Whether there is another network than the one that was looked into last.

        Raises:
            InputError: if there is none at all.
        """
        return self._seen is None or self._seen.version != _version(_file(place)[0])

    def attend(self, insight: Insight) -> Array:
        """Where the network looks that was looked into last: see `nn.inside.occlusion`."""
        assert self._seen is not None, "it was looked into"
        return occlusion(self._seen.network, insight.subject.image)

    def _newest(self, place: Place) -> Seen:
        """The network, read anew only if its file is another one."""
        file, is_checkpoint = _file(place)
        version = _version(file)
        if self._seen is not None and self._seen.version == version:
            return self._seen
        if is_checkpoint and place.run is not None:
            data = read_test_set(place.dataset)
            shape, classes = data.images.shape[1:], len(data.class_names)
            network, step = load_network(file, shape, classes)
            return Seen(version, f"run {place.run.id}, step {step:,}", network, data)
        model = load_model(file)
        data = read_test_set(model.card.config.data.dataset)
        if data.images.shape[1:] != model.card.input_shape:
            raise InputError(
                f"{file}: wants images of {show_shape(model.card.input_shape)}, "
                f"but those of {data.name} are {show_shape(data.images.shape[1:])}"
            )
        source = f"model {file.stem}"
        if place.run is not None and file == place.run.best_file:
            source = f"best network of run {place.run.id}"
        return Seen(version, source, model.network, data)


def _version(file: Path) -> tuple[object, ...]:
    """Another one when the file is replaced."""
    status = file.stat()
    return file, status.st_mtime_ns, status.st_ino


def _file(place: Place) -> tuple[Path, bool]:
    """The file with the network, and whether it is a checkpoint."""
    if place.model is not None:
        return place.model, False
    if place.run is not None:
        if not place.run.config_file.exists():
            raise InputError(f"The folder of run {place.run.id} is gone, and its network with it.")
        if not place.run.checkpoint_file.exists():
            raise InputError(
                f"Run {place.run.id} has not saved its network yet: the first checkpoint comes "
                "soon, and at once when the run is paused (space)."
            )
        return place.run.checkpoint_file, True
    models = place.library.models() or [SHIPPED]
    return max(models, key=lambda path: path.stat().st_mtime), False


def _subject(data: Dataset, index: int, drawn: Bytes | None) -> Subject:
    if drawn is None:
        index %= max(len(data), 1)
        return Subject(data.images[index], index, int(data.labels[index]))
    if drawn.shape != data.images.shape[1:]:
        raise InputError(
            f"The drawn image is {show_shape(drawn.shape)}, but the network wants "
            f"{show_shape(data.images.shape[1:])}."
        )
    return Subject(drawn)
