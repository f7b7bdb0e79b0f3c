"""What a dataset given by a path comes down to: labels that are known, images yet to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nn.data.bounded import MAX_CLASSES
from nn.data.dataset import Part
from nn.data.split import split_validation
from nn.schema import InputError

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Indices = NDArray[np.intp]

TEST_SHARE = 6
"""Where a dataset has no test part, one image of so many is kept for it, as in CIFAR-10."""


@dataclass(frozen=True, eq=False)
class Collection:
    """Labelled images that are still in their files.

    Attributes:
        where: the file or folder, for sentences.
        labels: (N,), positions in the dataset's class names.
        read: the images at some ascending positions, uint8 (n, H, W, C).
    """

    where: str
    labels: Labels
    read: Callable[[Indices], Pixels]

    def subset(self, indices: Indices) -> Collection:
        """The images at `indices`, which ascend, as a collection of their own."""
        return Collection(self.where, self.labels[indices], lambda at: self.read(indices[at]))


@dataclass(frozen=True, eq=False)
class Contents:
    """A dataset as its files promise it; `input_shape` is (H, W, C) of one image."""

    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train: Collection
    test: Collection

    def part(self, part: Part) -> Collection:
        """One of the two."""
        return self.train if part == "train" else self.test


def contents(
    input_shape: tuple[int, int, int],
    class_names: Sequence[str],
    train: Collection | None,
    test: Collection | None,
) -> Contents:
    """Check the labels, and keep a sixth of the images for the test where it has none of its own.

    The share is taken from each class in proportion to its size, and is always the same. With test
    images alone, the part to train on is empty, and classes may be.

    Raises:
        InputError: if labels and classes do not fit together or images are missing.
    """
    count = len(class_names)
    given = [part for part in (train, test) if part is not None]
    where = given[0].where
    if not 2 <= count <= MAX_CLASSES:
        raise InputError(f"{where}: the number of classes is {count:,}; give 2 to {MAX_CLASSES:,}")
    for name in class_names:
        if not name.isprintable() or not name.strip():
            raise InputError(f"{where}: has a class {name!r}, which cannot be shown; rename it")
    for collection in given:
        _require_labels(collection, count)
    if train is None:
        (test,) = given
        return Contents(input_shape, tuple(class_names), test.subset(np.empty(0, np.intp)), test)
    sizes = np.bincount(train.labels, minlength=count)
    fewest = int(sizes.argmin())
    if sizes[fewest] == 0:
        raise InputError(
            f"{train.where}: has no training image of class {fewest} ({class_names[fewest]}); "
            "give each class some, and number the classes from 0 without gaps"
        )
    if test is None:
        if sizes[fewest] < 2:
            raise InputError(
                f"{train.where}: has 1 image of class {fewest} ({class_names[fewest]}), too few "
                "to keep some for the test; give 2 or more, or a test part"
            )
        total = len(train.labels)
        held_out = max(total // TEST_SHARE, 1)
        learned, tested = split_validation(train.labels, held_out, np.random.default_rng(0))
        train, test = train.subset(learned), train.subset(tested)
    return Contents(input_shape, tuple(class_names), train, test)


def from_start(read_first: Callable[[int], Pixels]) -> Callable[[Indices], Pixels]:
    """How images at some positions are read from a file that can only be read from its start."""

    def read(indices: Indices) -> Pixels:
        images = read_first(int(indices[-1]) + 1)
        return images if len(images) == len(indices) else images[indices]

    return read


def class_count(where: object, labels: NDArray[np.integer]) -> int:
    """How many classes labels speak of, where nothing names them.

    Raises:
        InputError: if there are none, one is negative, or they are too many.
    """
    if labels.size == 0:
        raise InputError(f"{where}: has no images at all; give some of each class")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= MAX_CLASSES:
        raise InputError(
            f"{where}: has the label {low if low < 0 else high}; "
            f"number the classes from 0 without gaps, {MAX_CLASSES:,} at most"
        )
    return high + 1


def in_order(names: Sequence[str]) -> list[str]:
    """Classes in the order in which they are numbered: as numbers if all are, else as text."""
    if all(name.isascii() and name.isdigit() for name in names):
        return sorted(names, key=lambda name: (int(name), name))
    return sorted(names)


def _require_labels(collection: Collection, count: int) -> None:
    labels = collection.labels
    if len(labels) == 0:
        raise InputError(f"{collection.where}: has no images at all; give some of each class")
    outside = labels[(labels < 0) | (labels >= count)]
    if len(outside):
        raise InputError(
            f"{collection.where}: has the label {outside[0]}, "
            f"but the {count} classes are numbered from 0 to {count - 1}"
        )
