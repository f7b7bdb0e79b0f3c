"""Gets the answers that the views of classes, confusion and mistakes show.

Everything here takes its time: it is called on threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from nn.checkpoint import Model
from nn.data import Dataset, load
from nn.metrics import Evaluation
from nn.runs.folder import RunFolder
from nn.schema import InputError
from nn.training import evaluate
from nn.types import Array
from tui.state import Answers


@lru_cache(maxsize=1)
def read_test_set(dataset: str) -> Dataset:
    """The test images; the last ones are kept, as each evaluation needs them again."""
    return load(dataset, "test")


def of_run(run: RunFolder, dataset: str, source: str) -> Answers:
    """What a run's network answered in its last evaluation.

    Raises:
        InputError: if the images or the answers cannot be read.
    """
    data = read_test_set(dataset)
    try:
        with np.load(run.evaluation_file, allow_pickle=False) as stored:
            probabilities = stored["probabilities"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{run.evaluation_file}: cannot be read ({error}); the next evaluation replaces it"
        ) from None
    return _answers(source, data, probabilities)


def of_model(
    model: Model, cancelled: threading.Event, advance: Callable[[int, int], None]
) -> Answers | None:
    """What a saved model answers on its dataset's test images; None if it was cancelled.

    `advance` is told how many of how many images are done.

    Raises:
        InputError: if the images cannot be read.
    """
    data = read_test_set(model.card.config.data.dataset)
    for progress in evaluate(model.network, data):
        if cancelled.is_set():
            return None
        if isinstance(progress, Evaluation):
            return _answers(f"model {model.path.stem}", data, progress.probabilities)
        advance(progress.done, progress.total)
    return None


def _answers(source: str, data: Dataset, probabilities: Array) -> Answers:
    if probabilities.shape != (len(data), len(data.class_names)):
        raise InputError(
            f"{source}: has answers of the shape {probabilities.shape}, "
            f"but {data.name} has {len(data)} test images of {len(data.class_names)} classes"
        )
    return Answers(source, data.images, data.labels, probabilities, data.class_names)
