"""How the learning rate changes while training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import cos, pi
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from nn.schema import Schema, setting


class ScheduleConfig(Schema, ABC):
    """A schedule: a factor on the learning rate for every step."""

    kind: str

    @abstractmethod
    def factor(self, epoch: float, epochs: float) -> float:
        """What the learning rate is multiplied by, after `epoch` of `epochs` (fractions count)."""


class Constant(ScheduleConfig):
    """The learning rate stays as it is."""

    kind: Literal["constant"] = "constant"

    def factor(self, epoch: float, epochs: float) -> float:
        """Always 1."""
        return 1.0


def _listed(value: Any) -> Any:
    """The items of a list, also of one that was typed: `10, 20`."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


class Step(ScheduleConfig):
    """The learning rate drops by a factor after certain epochs."""

    kind: Literal["step"] = "step"
    drop: float = setting(0.1, "what the rate is multiplied by", gt=0, le=1)
    after: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_listed)] = setting(
        (10, 20), "after which epochs it drops: 10, 20"
    )

    def factor(self, epoch: float, epochs: float) -> float:
        """`drop` to the power of the number of drops so far."""
        return float(self.drop ** sum(epoch >= at for at in self.after))


class Cosine(ScheduleConfig):
    """The learning rate rises in a straight line, then falls along half a cosine to almost zero.

    Loshchilov and Hutter, "SGDR" (2017), equation 5, without restarts; warm-up as in Goyal et al.,
    "Accurate, Large Minibatch SGD" (2017), section 2.2.
    """

    kind: Literal["cosine"] = "cosine"
    warmup: float = setting(0.1, "epochs of warm-up", ge=0)
    floor: float = setting(0.01, "the share of the rate that is left at the end", ge=0, le=1)

    def factor(self, epoch: float, epochs: float) -> float:
        """From `floor` up to 1 during the warm-up, then down to `floor` again."""
        if epoch < self.warmup:
            return self.floor + (1 - self.floor) * epoch / self.warmup
        progress = (epoch - self.warmup) / max(epochs - self.warmup, 1e-9)
        return self.floor + (1 - self.floor) * (1 + cos(pi * min(progress, 1.0))) / 2


AnySchedule = Annotated[Constant | Step | Cosine, Field(discriminator="kind")]
"""Every schedule, told apart by its `kind`. A new one is a class and its name here."""
