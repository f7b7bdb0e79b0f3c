"""The learning rate range test: which rate would suit a configuration.

Smith, "Cyclical Learning Rates for Training Neural Networks" (2017), section 3.3: train while the
rate rises, and look at the loss. While the rate is too low nothing happens, then the loss falls,
and at last it explodes. Like training, this is a generator without files, clocks or a screen; what
it trains is a network of its own, which is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt
from typing import Literal

import numpy as np
from pydantic import ValidationInfo, field_validator

from nn.config import RunConfig
from nn.data import Dataset
from nn.evaluation import DivergedError
from nn.schema import Schema, setting
from nn.training import BatchDone, Training

SMOOTHING = 0.9
"""The share of the smoothed loss that each new loss leaves of it."""

EXPLOSION = 4.0
"""The test ends where the smoothed loss is so many times its best."""

FALL = 0.2
"""The share of the loss that must be learned away. Where nothing is learned at all, the smoothed
loss of 100 small batches still falls by up to a tenth by chance."""


class RateTest(Schema):
    """Which rates are tried."""

    start: float = setting(1e-6, "the first and lowest learning rate", gt=0, le=100)
    end: float = setting(10.0, "the last and highest learning rate", gt=0, le=100)
    steps: int = setting(100, "batches, each with its own rate", ge=20, le=10_000)

    @field_validator("end")
    @classmethod
    def _above_start(cls, end: float, info: ValidationInfo) -> float:
        start = info.data.get("start", 0)
        if end <= start:
            raise ValueError(f"{end:g} is not above the start, {start:g}; give a higher rate")
        return end

    @property
    def rates(self) -> list[float]:
        """One rate a batch, from start to end by equal factors."""
        rates: list[float] = np.geomspace(self.start, self.end, self.steps).tolist()
        return rates


class RateTried(Schema):
    """A batch was learned at a rate; its loss is that before the step.

    `smoothed` is the mean of the losses so far, the newer ones weighing more; its weights sum to 1
    from the beginning, as in Kingma and Ba, "Adam" (2015), section 3.
    """

    event: Literal["tried"] = "tried"
    step: int
    learning_rate: float
    loss: float
    smoothed: float


class RateTested(Schema):
    """The test is over; `sentence` says what it found.

    `lowest` is the rate at the lowest smoothed loss, `steepest` the one at which it fell fastest
    before that. `suggestion` is halfway between `steepest` and a tenth of `lowest`, the two usual
    readings, on a logarithmic scale: each of them alone is too timid for some networks, the first
    for large ones with Adam, the second for small ones with SGD. All are None where the loss never
    fell.
    """

    event: Literal["tested"] = "tested"
    sentence: str
    suggestion: float | None = None
    steepest: float | None = None
    lowest: float | None = None


def find_rate(config: RunConfig, test: RateTest, data: Dataset) -> Iterator[RateTried | RateTested]:
    """Learn one batch after another of the training images `data`, each at a higher rate.

    Everything but the rate and its schedule is as the configuration says: the network's first
    weights, the order of the images, batch size, augmentation and optimizer. The last value is the
    result.

    Raises:
        InputError: if the layers do not fit together.
    """
    training = Training(config.changed({"training.schedule": "constant"}), data, data)
    steps = _steps_without_end(training)
    rates, means = test.rates, list[float]()
    total = weight = 0.0
    for number, rate in enumerate(rates, 1):
        training.change("training.learning_rate", rate)
        try:
            loss = next(steps).loss
        except DivergedError:
            break
        total = SMOOTHING * total + (1 - SMOOTHING) * loss
        weight = SMOOTHING * weight + (1 - SMOOTHING)
        means.append(total / weight)
        yield RateTried(step=number, learning_rate=rate, loss=loss, smoothed=means[-1])
        if means[-1] > EXPLOSION * min(means):
            break
    yield read_curve(rates[: len(means)], means)


def _steps_without_end(training: Training) -> Iterator[BatchDone]:
    """Epoch after epoch; none is judged."""
    while True:
        yield from training.steps()
        training.position.epoch += 1
        training.position.batch = 0


def read_curve(rates: Sequence[float], smoothed: Sequence[float]) -> RateTested:
    """What a curve of the smoothed loss over rising rates says.

    Its first tenth is left out: it is a mean of too few losses yet.
    """
    losses = np.array(smoothed)
    settled = len(losses) // 10
    lowest = settled + int(losses[settled:].argmin()) if len(losses) else 0
    if len(losses) == 0 or losses[lowest] > (1 - FALL) * losses[settled]:
        return RateTested(
            sentence=f"no rate was found, as the loss never fell by {FALL:.0%}; try more steps, "
            "a lower start or a higher end, or another network"
        )
    slopes = np.gradient(losses, np.log(rates))
    steepest = settled + int(slopes[settled : lowest + 1].argmin())
    suggestion = float(f"{sqrt(rates[steepest] * rates[lowest] / 10):.2g}")
    sentence = (
        f"a learning rate of {suggestion:g} would suit: the loss falls fastest "
        f"at {rates[steepest]:.2g} and is lowest at {rates[lowest]:.2g}"
    )
    if lowest == len(losses) - 1:
        sentence += ", the highest that was tried; a higher end may show more"
    return RateTested(
        sentence=sentence,
        suggestion=suggestion,
        steepest=rates[steepest],
        lowest=rates[lowest],
    )
