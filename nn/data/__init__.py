"""Datasets by name. Single pictures are read by `nn.data.pictures`."""

from __future__ import annotations

import numpy as np

from nn.data import keras, mnist
from nn.data.dataset import Dataset, DatasetInfo, Part, Source, as_floats
from nn.data.split import split_validation
from nn.schema import InputError

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetInfo",
    "Part",
    "Source",
    "as_floats",
    "describe",
    "load",
    "split_validation",
]

DATASETS: dict[str, Source] = {
    source.info.name: source for source in (mnist.SOURCE, *keras.SOURCES)
}


def describe(name: str) -> DatasetInfo:
    """What is known of a dataset without reading any image of it.

    Raises:
        InputError: if there is no dataset of that name.
    """
    return _source(name).info


def load(name: str, part: Part, limit: int | None = None) -> Dataset:
    """Read one part of a dataset, of which `limit` keeps only the first images.

    Raises:
        InputError: if there is no such dataset, it cannot be read, or `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise InputError(f"data.limit: {limit} is too small; give 1 or more")
    source = _source(name)
    images, labels = source.read(part)
    dataset = Dataset(
        name=name,
        images=images.reshape(-1, *source.info.input_shape),
        labels=labels.reshape(-1).astype(np.int64),
        class_names=source.info.class_names,
    )
    return dataset if limit is None else dataset.take(limit)


def _source(name: str) -> Source:
    if name not in DATASETS:
        first, *others = DATASETS
        raise InputError(
            f"data.dataset: {name!r} is not known; choose {first} or {', '.join(others)}"
        )
    return DATASETS[name]
