"""Labelled images in memory, what is known of them beforehand, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Part = Literal["train", "test"]
Arrays = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels.

    Attributes:
        name: the name that `load` was asked for.
        images: (N, H, W, C), uint8, 0 to 255; `as_floats` turns a batch of them into floats.
        labels: (N,), int64, positions in `class_names`.
        class_names: what each class is called.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, n: int) -> Dataset:
        """The first `n` images, or all where there are fewer.

        They are copied, so that the memory of the others can be given back.
        """
        return replace(self, images=self.images[:n].copy(), labels=self.labels[:n].copy())

    def subset(self, indices: NDArray[np.intp]) -> Dataset:
        """Copies of the images at `indices`, in that order."""
        return replace(self, images=self.images[indices], labels=self.labels[indices])


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a dataset without reading it; `input_shape` is (H, W, C) of one image."""

    name: str
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    train_count: int
    test_count: int


@dataclass(frozen=True)
class Source:
    """A known dataset and how one part of it is read.

    `read` returns uint8 images of shape (N, H, W) or (N, H, W, C), and N labels of any shape.
    """

    info: DatasetInfo
    read: Callable[[Part], Arrays]


def as_floats(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The same images as float32 in [0, 1].

    They take four times the memory, so convert a batch at a time.
    """
    return np.divide(images, 255, dtype=np.float32)
