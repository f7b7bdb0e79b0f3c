"""What a network makes of a drawing. Everything here takes its time: it is called on threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nn.checkpoint import ModelCard, load_model, read_card
from nn.data.pictures import from_drawing
from nn.network import Network
from nn.schema import InputError
from nn.types import Array, Bytes

NOBODY = (
    "There is no network that could read a drawing: space in another view trains one, "
    "ctrl+o loads one."
)


@dataclass(frozen=True)
class Reader:
    """A model file that may be asked; `learns` if a run replaces it now and then."""

    path: Path
    name: str
    learns: bool = False


@dataclass(frozen=True)
class Known:
    """A model file, and what it says about itself."""

    path: Path
    card: ModelCard


@dataclass(frozen=True, eq=False)
class Recognition:
    """A network's answer to a drawing.

    `reader` says in a few words whose answer it is; `problem` is a sentence where there is none.
    Of a blank drawing nothing is `seen` and there are no `probabilities`; otherwise they are the
    network's input (H, W, C) of uint8 and (classes,).
    """

    reader: str = ""
    model: Known | None = None
    seen: Bytes | None = None
    probabilities: Array | None = None
    problem: str = ""

    @property
    def class_names(self) -> tuple[str, ...]:
        """What it can tell apart."""
        return () if self.model is None else self.model.card.class_names


class Recogniser:
    """Lets the first network that there is read drawings; to be used by one thread at a time.

    A model is loaded when anything is drawn, once, and again when its file was replaced.
    """

    def __init__(self) -> None:
        self._model: Known | None = None
        self._network: Network | None = None
        self._version: object = None
        self._asked: tuple[object, ...] = ()
        self._answer = Recognition()

    def read(self, readers: Sequence[Reader], ink: Bytes) -> Recognition:
        """The answer to a drawing (height, width); the very same one if nothing has changed.

        `readers` are asked for in their order: the first whose file there is.
        """
        reader, version = next(
            ((each, found) for each in readers if (found := _version(each.path))), (None, None)
        )
        asked = (reader, version, ink.tobytes())
        if asked != self._asked:
            self._answer = self._read(reader, version, ink)
            self._asked = asked
        return self._answer

    def _read(self, reader: Reader | None, version: object, ink: Bytes) -> Recognition:
        if reader is None:
            return Recognition(problem=NOBODY)
        try:
            if self._model is None or (reader.path, version) != (self._model.path, self._version):
                self._network = None
                self._model, self._version = Known(reader.path, read_card(reader.path)), version
            return self._answer_of(self._model, reader, ink)
        except (InputError, OSError) as error:
            return Recognition(reader.name, problem=f"{reader.name} cannot read drawings: {error}")

    def _answer_of(self, model: Known, reader: Reader, ink: Bytes) -> Recognition:
        card = model.card
        name = f"{reader.name}, epoch {card.epochs:.3g}" if reader.learns else reader.name
        seen = from_drawing(ink, card.input_shape)
        if not ink.any():
            return Recognition(name, model)
        if self._network is None:
            self._network = load_model(model.path).network
        return Recognition(name, model, seen, self._network.predict(seen[None])[0])


def _version(path: Path) -> tuple[float, ...] | None:
    """Changes whenever a file is replaced; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
