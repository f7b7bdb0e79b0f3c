"""A network's answers on a dataset it does not learn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from nn.data import Dataset
from nn.losses import cross_entropy, softmax
from nn.metrics import Evaluation
from nn.network import Network, batches
from nn.types import Array, Bytes, Integers

without_warnings = np.errstate(over="ignore", invalid="ignore")
"""Numbers that grow without bounds show in the loss, which ends the work with a sentence."""

ALONE: AbstractContextManager[object] = nullcontext()
"""Nobody else waits for a turn."""


class DivergedError(ArithmeticError):
    """The loss is no longer a number."""


@dataclass(frozen=True)
class EvaluationAdvanced:
    """So many images of an evaluation are done."""

    done: int
    total: int


def evaluate(
    network: Network, data: Dataset, aside: AbstractContextManager[object] = ALONE
) -> Iterator[EvaluationAdvanced | Evaluation]:
    """A network's answers on a dataset, a batch at a time; the last value is the result.

    `aside` is entered for each batch, as in `nn.training.Training`.

    Raises:
        DivergedError: when the loss is not a number.
    """
    probabilities = np.empty((len(data), len(data.class_names)), np.float32)
    losses = np.empty(len(data), np.float64)
    for part in batches(len(data)):
        with aside:
            answers = _answer(network, data.images[part], data.labels[part])
        probabilities[part], losses[part] = answers
        yield EvaluationAdvanced(part.stop, len(data))
    loss = float(losses.mean())
    if not np.isfinite(loss):
        raise DivergedError(
            f"the network has diverged: its loss over {len(data)} images is {loss}; "
            f"train it with a lower learning rate"
        )
    yield Evaluation(probabilities, data.labels, loss)


@without_warnings
def _answer(network: Network, images: Bytes, labels: Integers) -> tuple[Array, Array]:
    """Probabilities (N, classes) and losses (N,)."""
    logits = network.forward(images)
    return softmax(logits).T, cross_entropy(logits, labels)
