"""How far a training has come, as a checkpoint keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from nn.schema import InputError, problems


@dataclass(frozen=True)
class Score:
    """Loss and accuracy over a set of images."""

    loss: float
    accuracy: float


_Count: TypeAlias = Annotated[int, Field(ge=0)]


@dataclass
class Position:
    """Where a training stands. `batch` counts within the epoch; the sums are over its images.

    Fields without a default are in every checkpoint. One that is added later needs a default, with
    which older checkpoints load. `gathered` is what the batches count whose gradients wait for
    their group's step. `losses` holds what each finished epoch was judged by: the loss on the
    validation images, or the training's own where there are none.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    epoch: _Count
    batch: _Count
    step: _Count
    loss_sum: float
    correct: _Count
    images: _Count
    optimizer_steps: _Count
    best_epoch: _Count | None
    best_validation: Score | None
    best_test: Score | None
    gathered: float = 0.0
    losses: list[float] = field(default_factory=list)

    @classmethod
    def start(cls) -> Position:
        """Before the first step."""
        return cls(0, 0, 0, 0.0, 0, 0, 0, None, None, None)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Position:
        """A position as it was written into a checkpoint.

        Raises:
            InputError: naming the first field that is missing, unknown or will not do.
        """
        try:
            return _POSITION.validate_json(json.dumps(values))
        except ValidationError as error:
            raise InputError(problems(error, "position.")[0][1]) from None


_POSITION = TypeAdapter(Position)
