"""What advice rests on: a run's own figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
import numpy.typing as npt

from nn.config import RunConfig
from nn.metrics import Evaluation
from nn.runs.messages import EpochFinished

Floats = npt.NDArray[np.float64]


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Facts:
    """A run as far as it has come.

    `steps` and `losses` (n,) are of single batches, perhaps only of every so many. `changed_at` is
    the step after which something that matters was changed last; 0 if nothing was. `rate` is the
    learning rate of the newest step. `ratios` is by layer how large an update is beside what it
    updates, at the configured learning rate: the median of what was measured. `evaluation` holds
    the newest answers on the test set. `diverged` is why training ended, if its numbers left all
    bounds.
    """

    config: RunConfig
    train_count: int = 0
    validation_count: int = 0
    batches_per_epoch: int = 0
    rate: float = 0.0
    steps: Floats = field(default_factory=_nothing)
    losses: Floats = field(default_factory=_nothing)
    changed_at: int = 0
    epochs: Sequence[EpochFinished] = ()
    ratios: Mapping[str, float] = field(default_factory=dict)
    evaluation: Evaluation | None = None
    class_names: Sequence[str] = ()
    diverged: str = ""

    @property
    def recent(self) -> Floats:
        """The losses of single batches since the configuration was changed last."""
        return self.losses[self.steps > self.changed_at]

    @property
    def recent_epochs(self) -> Sequence[EpochFinished]:
        """The epochs that were trained wholly since then."""
        first = self.changed_at
        return [each for each in self.epochs if each.step - self.batches_per_epoch >= first]

    @property
    def guessing(self) -> float | None:
        """The loss of who knows only how frequent the classes are: their entropy, in nats.

        Of classes that are all as frequent, where no answers are there yet; None if it is unknown
        how many there are.
        """
        if self.evaluation is not None:
            shares = np.bincount(self.evaluation.labels) / len(self.evaluation.labels)
            return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
        classes = getattr(self.config.network.layers[-1], "units", 0)
        return log(classes) if classes > 1 else None

    @property
    def factor(self) -> float:
        """What share of the configured learning rate the schedule leaves now."""
        return self.rate / self.config.training.learning_rate if self.rate else 1.0
