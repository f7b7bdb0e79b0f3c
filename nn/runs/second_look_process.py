"""A second look at test images in a process of its own: `python -m nn.runs.second_look_process`.

Other saved models are asked what they make of them, one after another, and the nearest training
images are looked for. Both need memory that is given back when the process ends.
"""

from __future__ import annotations

import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, TypeAdapter

from nn.checkpoint import load_model, read_card
from nn.data import load
from nn.neighbours import nearest
from nn.runs.side_process import SideProcess, WorkFailed, serve, told
from nn.schema import InputError, Schema
from nn.types import Bytes

WHAT = "the second look"


class Wanted(Schema):
    """What a process is to do.

    `indices` count in the dataset's test set; of its training set the first `limit` images count,
    if that is given. `neighbours` is how many are wanted for each image.
    """

    dataset: str
    limit: int | None
    indices: tuple[int, ...]
    models: tuple[Path, ...]
    neighbours: int


class ModelAsked(Schema):
    """A model whose input has the images' shape gave its answers, or could not.

    Attributes:
        probabilities: a row an image; none where there is a `problem`, which is a sentence.
    """

    event: Literal["asked"] = "asked"
    path: Path
    class_names: tuple[str, ...] = ()
    probabilities: tuple[tuple[float, ...], ...] = ()
    problem: str = ""


class Neighbour(Schema):
    """A training image: its number, class, distance and, in base 64, its pixels."""

    index: int
    label: int
    distance: float
    pixels: str

    def image(self, shape: tuple[int, ...]) -> Bytes:
        """Its pixels in the shape (H, W, C) of one image."""
        return np.frombuffer(b64decode(self.pixels), np.uint8).reshape(shape)


class NeighboursFound(Schema):
    """The nearest training images of each image, the nearest first."""

    event: Literal["found"] = "found"
    neighbours: tuple[tuple[Neighbour, ...], ...]


SecondLookEvent = ModelAsked | NeighboursFound

_EVENTS: TypeAdapter[ModelAsked | NeighboursFound | WorkFailed] = TypeAdapter(
    Annotated[ModelAsked | NeighboursFound | WorkFailed, Field(discriminator="event")]
)


class SecondLookProcess(SideProcess[SecondLookEvent]):
    """A process that looks again."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__("nn.runs.second_look_process", WHAT, wanted, _EVENTS, NeighboursFound)


def events(wanted: Wanted) -> Iterator[Schema]:
    """What is found, or what is wrong."""
    return told(WHAT, _look(wanted))


def _look(wanted: Wanted) -> Iterator[Schema]:
    images = load(wanted.dataset, "test").images[list(wanted.indices)]
    for path in wanted.models:
        answer = _ask(path, images)
        if answer is not None:
            yield answer
    train = load(wanted.dataset, "train", wanted.limit)
    found, distances = nearest(train.images, images, wanted.neighbours)
    yield NeighboursFound(
        neighbours=tuple(
            tuple(
                Neighbour(
                    index=index,
                    label=int(train.labels[index]),
                    distance=distance,
                    pixels=b64encode(train.images[index].tobytes()).decode(),
                )
                for index, distance in zip(row, measured, strict=True)
            )
            for row, measured in zip(found.tolist(), distances.tolist(), strict=True)
        )
    )


def _ask(path: Path, images: Bytes) -> ModelAsked | None:
    """A model's answers; None if it looks at images of another shape."""
    try:
        card = read_card(path)
        if card.input_shape != images.shape[1:]:
            return None
        answers = load_model(path).network.predict(images)
    except (InputError, OSError) as error:
        return ModelAsked(path=path, problem=str(error).removeprefix(f"{path}: "))
    except MemoryError:
        return ModelAsked(path=path, problem="there is not enough memory for it")
    if not np.isfinite(answers).all():
        return ModelAsked(path=path, problem="its answers are no numbers: its training diverged")
    return ModelAsked(path=path, class_names=card.class_names, probabilities=answers.tolist())


if __name__ == "__main__":
    sys.exit(serve(lambda said: events(Wanted.model_validate_json(said))))
