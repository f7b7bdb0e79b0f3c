"""Drawings that were kept as test pictures: a dataset that grows by one file at a time.

`drawings/mnist/test/3/1.png` is the first three that was drawn for a network that knows `mnist`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from itertools import count
from pathlib import Path

from PIL import Image

from nn.checkpoint import ModelCard
from nn.data import short_name
from nn.data.contents import in_order
from nn.types import Bytes
from tui.writing import written

FOLDER = "drawings"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")


def keep(library: Path, card: ModelCard, label: int, ink: Bytes) -> Path:
    """Write a drawing (height, width) as a PNG of its true class, beside all that are there.

    Its dataset has all classes of the network that the card describes, and colours if that has.

    Returns:
        The new file; the third folder above it is the dataset.

    Raises:
        InputError: if it cannot be written.
    """
    names = folder_names(card.class_names)
    test = _dataset(library / FOLDER, card, names) / "test"
    content = BytesIO()
    Image.fromarray(ink).convert("L" if card.input_shape[2] == 1 else "RGB").save(content, "PNG")
    with written(test, "it has to be a folder where you may write"):
        for name in names:
            (test / name).mkdir(parents=True, exist_ok=True)
        return _add(test / names[label], content.getvalue())


def dataset_of(picture: Path) -> Path:
    """The dataset that a kept drawing belongs to."""
    return picture.parents[2]


def folder_names(class_names: Sequence[str]) -> tuple[str, ...]:
    """Folders that, read as a dataset, number the classes as the network does.

    They are called as the classes are where that is possible on every system and keeps their
    order, and are numbered otherwise.
    """
    plain = all(_PLAIN.fullmatch(name) and name == name.strip() for name in class_names)
    different = len({name.casefold() for name in class_names}) == len(class_names)
    if plain and different and in_order(class_names) == list(class_names):
        return tuple(class_names)
    return tuple(map(str, range(len(class_names))))


def _dataset(drawings: Path, card: ModelCard, names: Sequence[str]) -> Path:
    """The folder of these classes: two datasets of one name may have different ones."""
    name = short_name(card.config.data.dataset)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "pictures"
    for number in count(1):
        folder = drawings / (plain if number == 1 else f"{plain}-{number}")
        there = {path.name for path in (folder / "test").glob("[!.]*")}
        if there <= set(names):
            return folder
    raise AssertionError("numbers do not end")


def _add(folder: Path, content: bytes) -> Path:
    """A new file with that content; whatever is there stays as it is."""
    for number in count(1):
        path = folder / f"{number}.png"
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(content)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path
    raise AssertionError("numbers do not end")
