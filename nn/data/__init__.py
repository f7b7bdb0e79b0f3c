"""Datasets by name or by path. Single pictures are read by `nn.data.pictures`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn.data import keras, mnist
from nn.data.dataset import Dataset, DatasetInfo, Part, Source, as_floats
from nn.data.fingerprint import Fingerprint, fingerprint
from nn.data.located import absolute, is_path, open_path
from nn.data.split import split_validation
from nn.schema import InputError, show

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetInfo",
    "Fingerprint",
    "Part",
    "Source",
    "as_floats",
    "describe",
    "fingerprint",
    "lasting_name",
    "load",
    "short_name",
    "split_validation",
]

DATASETS: dict[str, Source] = {
    source.info.name: source for source in (mnist.SOURCE, *keras.SOURCES)
}


def describe(name: str) -> DatasetInfo:
    """What is known of a dataset without reading any image of it.

    `name` is one of `DATASETS` or the path of a file or folder; docs/data.md has the formats.

    Raises:
        InputError: if there is no dataset of that name, or what is at the path will not do.
    """
    name = lasting_name(name)
    if name in DATASETS or not is_path(name):
        return _source(name).info
    found = open_path(name)
    return DatasetInfo(
        name,
        found.input_shape,
        found.class_names,
        len(found.train.labels),
        len(found.test.labels),
    )


def load(name: str, part: Part, limit: int | None = None) -> Dataset:
    """Read one part of a dataset, of which `limit` keeps only the first images.

    Raises:
        InputError: if there is no such dataset, it cannot be read, or `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise InputError(f"data.limit: {limit} is too small; give 1 or more")
    name = lasting_name(name)
    if name not in DATASETS and is_path(name):
        return _load_path(name, part, limit)
    source = _source(name)
    images, labels = source.read(part)
    if len(labels) == 0:
        raise InputError(f"data.dataset: {name} has no {part} images at all; choose another")
    dataset = Dataset(
        name=name,
        images=images.reshape(-1, *source.info.input_shape),
        labels=labels.reshape(-1).astype(np.int64),
        class_names=source.info.class_names,
    )
    return dataset if limit is None else dataset.take(limit)


def lasting_name(name: str) -> str:
    """A dataset's name that means the same from every working directory: paths are absolute."""
    return absolute(name) if name not in DATASETS and is_path(name) else name


def short_name(name: str) -> str:
    """A dataset's name for a line on a screen: of a path, its last part."""
    return Path(name).name or name if name not in DATASETS else name


def _load_path(path: str, part: Part, limit: int | None) -> Dataset:
    found = open_path(path)
    collection = found.part(part)
    if len(collection.labels) == 0:
        raise InputError(
            f"data.dataset: {path} has test images alone; name another one to train on"
        )
    indices = np.arange(len(collection.labels))[:limit]
    return Dataset(
        name=path,
        images=collection.read(indices),
        labels=collection.labels[indices],
        class_names=found.class_names,
    )


def _source(name: str) -> Source:
    if name not in DATASETS:
        first, *others = DATASETS
        raise InputError(
            f"data.dataset: {show(name)} is not known; choose {first} or {', '.join(others)}, "
            "or give the path of a dataset"
        )
    return DATASETS[name]
