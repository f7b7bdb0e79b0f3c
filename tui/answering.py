"""Gets the answers that the views of classes, confusion and mistakes show.

Everything here takes its time: it is called on threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from nn.checkpoint import Model
from nn.data import Dataset, load
from nn.evaluation import evaluate
from nn.metrics import Evaluation
from nn.runs.evaluations import read_evaluation
from nn.runs.folder import RunFolder
from nn.schema import InputError
from nn.types import Array
from tui.answers import Before
from tui.state import Answers


@lru_cache(maxsize=1)
def read_test_set(dataset: str) -> Dataset:
    """The test images; the last ones are kept, as each evaluation needs them again."""
    return load(dataset, "test")


def of_run(run: RunFolder, dataset: str, source: str, batches_per_epoch: int) -> Answers:
    """What a run's network answered in its last evaluation, and how it did in the epoch before.

    Raises:
        InputError: if the images or the answers cannot be read.
    """
    data = read_test_set(dataset)
    stored = read_evaluation(run.evaluation_file)
    answers = _answers(source, data, stored.evaluation.probabilities)
    if stored.before is None:
        return answers.work_out()
    step, confusion = stored.before
    before = Before(f"epoch {step // max(batches_per_epoch, 1)}", confusion)
    return replace(answers, before=before).work_out()


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
            return _answers(f"model {model.path.stem}", data, progress.probabilities).work_out()
        advance(progress.done, progress.total)
    return None


def _answers(source: str, data: Dataset, probabilities: Array) -> Answers:
    if probabilities.shape != (len(data), len(data.class_names)):
        raise InputError(
            f"{source}: has answers of the shape {probabilities.shape}, "
            f"but {data.name} has {len(data)} test images of {len(data.class_names)} classes"
        )
    return Answers(source, data.images, data.labels, probabilities, data.class_names)
