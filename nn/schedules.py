"""How the learning rate changes while training."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import cos, inf, pi
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from nn.schema import Schema, setting


class ScheduleConfig(Schema, ABC):
    """A schedule: a factor on the learning rate for every step."""

    kind: str

    @abstractmethod
    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
        """What the learning rate is multiplied by, after `epoch` of `epochs` (fractions count).

        `losses` holds one number for each finished epoch, oldest first: what it is judged by, the
        loss on the validation images or, without them, the mean over its batches.
        """


class Constant(ScheduleConfig):
    """The learning rate stays as it is."""

    kind: Literal["constant"] = "constant"

    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
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

    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
        """`drop` to the power of the number of drops so far."""
        return float(self.drop ** sum(epoch >= at for at in self.after))


class Exponential(ScheduleConfig):
    """The learning rate drops by the same factor after every epoch, and stays in between."""

    kind: Literal["exponential"] = "exponential"
    drop: float = setting(0.9, "what the rate is multiplied by", gt=0, le=1)

    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
        """`drop` to the power of the number of whole epochs."""
        return float(self.drop ** int(epoch))


class Cosine(ScheduleConfig):
    """The learning rate rises in a straight line, then falls along half a cosine to almost zero.

    Loshchilov and Hutter, "SGDR" (2017), equation 5, without restarts; warm-up as in Goyal et al.,
    "Accurate, Large Minibatch SGD" (2017), section 2.2.
    """

    kind: Literal["cosine"] = "cosine"
    warmup: float = setting(0.1, "epochs of warm-up", ge=0)
    floor: float = setting(0.01, "the share of the rate that is left at the end", ge=0, le=1)

    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
        """From `floor` up to 1 during the warm-up, then down to `floor` again."""
        if epoch < self.warmup:
            return self.floor + (1 - self.floor) * epoch / self.warmup
        progress = (epoch - self.warmup) / max(epochs - self.warmup, 1e-9)
        return self.floor + (1 - self.floor) * (1 + cos(pi * min(progress, 1.0))) / 2


class OneCycle(ScheduleConfig):
    """The learning rate rises to its full height, then falls far below where it began.

    Smith and Topin, "Super-Convergence" (2018), section 3, with half a cosine each way as in
    PyTorch's `OneCycleLR`, and without its cycle of the momentum. `start` is PyTorch's
    1 / div_factor, `floor` its 1 / (div_factor final_div_factor). Its last step is at the floor;
    here, as with the other schedules, the one that would follow the last.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    rise: float = setting(0.3, "the share of training in which the rate rises", gt=0, lt=1)
    start: float = setting(0.04, "the share of the rate to start from", ge=0, le=1)
    floor: float = setting(4e-6, "the share of the rate that is left at the end", ge=0, le=1)

    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
        """From `start` up to 1, then down to `floor`."""
        progress = min(epoch / epochs, 1.0)
        if progress < self.rise:
            return _along_a_cosine(self.start, 1, progress / self.rise)
        return _along_a_cosine(1, self.floor, (progress - self.rise) / (1 - self.rise))


def _along_a_cosine(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1 + cos(pi * progress)) / 2


class Plateau(ScheduleConfig):
    """The learning rate drops when the loss has stopped falling.

    An epoch is better if its loss is below (1 - `threshold`) times the best so far. After more than
    `patience` epochs in a row that are not, the rate drops and counting begins again. This is
    `ReduceLROnPlateau` of PyTorch.
    """

    kind: Literal["plateau"] = "plateau"
    drop: float = setting(0.1, "what the rate is multiplied by", gt=0, lt=1)
    patience: int = setting(2, "how many epochs without a better loss are put up with", ge=0)
    threshold: float = setting(1e-4, "by what share of itself the loss has to fall", ge=0, lt=1)
    floor: float = setting(0.0, "the share of the rate below which it never drops", ge=0, le=1)

    def factor(self, epoch: float, epochs: float, losses: Sequence[float]) -> float:
        """`drop` to the power of the number of drops so far, but `floor` at least."""
        best, waited, drops = inf, 0, 0
        for loss in losses:
            if loss < best * (1 - self.threshold):
                best, waited = loss, 0
            else:
                waited += 1
            if waited > self.patience:
                drops, waited = drops + 1, 0
        return float(max(self.drop**drops, self.floor))


AnySchedule = Annotated[
    Constant | Step | Exponential | Cosine | OneCycle | Plateau, Field(discriminator="kind")
]
"""Every schedule, told apart by its `kind`. A new one is a class and its name here."""
