"""What a trainer and those who watch it tell each other.

Events are what happened, written by the trainer; commands are what somebody wants, written by
anybody. Each is one JSON object a line. A reader ignores fields that it does not know and skips
kinds that it does not know, so that an older program can follow a newer one.
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from nn.schema import Schema

FailureKind = Literal["input", "diverged", "memory", "disk", "unexpected"]


class Message(Schema):
    """One line of a journal; `time` is in seconds since 1970."""

    model_config = ConfigDict(extra="ignore")

    time: float = Field(default_factory=time.time)


class Started(Message):
    """A trainer took the run up, at `step` (above 0: it continues from a checkpoint)."""

    event: Literal["started"] = "started"
    step: int
    process: int
    threads: int
    train_count: int
    validation_count: int
    test_count: int
    batches_per_epoch: int


class BatchesFinished(Message):
    """Some steps were taken, the last of them being `step`; one loss and accuracy each.

    A step is a batch that was learned from, also where several batches are gathered before the
    parameters change. `epoch` is the number of epochs that were over when they were taken.
    `sizes`, once a second, are of one of these steps, by the name of each array of parameters: the
    norms of its gradient, of its change by the step, and of itself, as in `nn.runs.sizes`.
    """

    event: Literal["batches"] = "batches"
    step: int
    epoch: int
    losses: tuple[float, ...]
    accuracies: tuple[float, ...]
    learning_rate: float
    images_per_second: float
    sizes: dict[str, tuple[float, float, float]] | None = None


class EvaluationAdvanced(Message):
    """An evaluation has done so many of its images."""

    event: Literal["evaluating"] = "evaluating"
    step: int
    done: int
    total: int


class EpochFinished(Message):
    """An epoch is over; `epoch` counts from 1. Losses are means in nats, accuracies shares.

    `stuck_units` are, by the names of layers, how many of their units are flat and how many there
    are, as in `nn.runs.units`; None in journals of earlier versions.
    """

    event: Literal["epoch"] = "epoch"
    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    test_loss: float
    test_accuracy: float
    best: bool
    elapsed: float
    stuck_units: dict[str, tuple[int, int]] | None = None


class Evaluated(Message):
    """`evaluation.npz` now holds the test set's probabilities of the network at `step`."""

    event: Literal["evaluated"] = "evaluated"
    step: int
    test_loss: float
    test_accuracy: float


class Paused(Message):
    """Training waits after `step`; a checkpoint was written."""

    event: Literal["paused"] = "paused"
    step: int


class Resumed(Message):
    """Training goes on after a pause."""

    event: Literal["resumed"] = "resumed"
    step: int


class Acknowledged(Message):
    """A command took effect after `step`, or could not: then `error` says why."""

    event: Literal["acknowledged"] = "acknowledged"
    command: str
    step: int
    error: str | None = None


class Changed(Message):
    """A field of the configuration has a new value from the step after `step` on."""

    event: Literal["changed"] = "changed"
    step: int
    field: str
    value: JsonValue


class Checkpointed(Message):
    """A checkpoint of `step` was written; the run has trained for `elapsed` seconds so far."""

    event: Literal["checkpointed"] = "checkpointed"
    step: int
    elapsed: float


class Saved(Message):
    """The network as it was at `step` was saved as a model."""

    event: Literal["saved"] = "saved"
    step: int
    name: str
    model: str
    test_accuracy: float


class Finished(Message):
    """Training is over. The figures are those of the best epoch, whose model was kept.

    `reason` says why: all epochs were taken, or the patience was over before.
    Some figures are None in journals of earlier versions, as in `nn.checkpoint.ModelCard`.
    """

    event: Literal["finished"] = "finished"
    step: int
    epochs: int
    best_epoch: int
    test_accuracy: float
    test_loss: float
    test_top_5_accuracy: float | None = None
    test_macro_f1: float | None = None
    test_calibration_error: float | None = None
    seconds: float
    images_per_second: float
    model: str
    reason: Literal["epochs", "patience"] = "epochs"

    @property
    def early(self) -> str:
        """In words why training was over before its last epoch; empty if it was not."""
        waited = self.epochs - self.best_epoch
        since = "an epoch" if waited == 1 else f"{waited} epochs"
        return f"after {since} without a better one" if self.reason == "patience" else ""


class Stopped(Message):
    """The trainer ended before the last epoch, with a checkpoint; `reason` says who wanted it."""

    event: Literal["stopped"] = "stopped"
    step: int
    reason: Literal["asked", "terminated"]


class Failed(Message):
    """The trainer gave up; `kind` tells wrong input from training that went wrong."""

    event: Literal["failed"] = "failed"
    step: int
    kind: FailureKind
    message: str


Event = (
    Started
    | BatchesFinished
    | EvaluationAdvanced
    | EpochFinished
    | Evaluated
    | Paused
    | Resumed
    | Acknowledged
    | Changed
    | Checkpointed
    | Saved
    | Finished
    | Stopped
    | Failed
)


class CommandMessage(Message):
    """Something that somebody wants; `id` is how the trainer's answer names it."""

    id: str = Field(default_factory=lambda: secrets.token_hex(4))


class Pause(CommandMessage):
    """Wait after the current step."""

    command: Literal["pause"] = "pause"


class Resume(CommandMessage):
    """Go on after a pause."""

    command: Literal["resume"] = "resume"


class Step(CommandMessage):
    """Take one step, then wait."""

    command: Literal["step"] = "step"


class Stop(CommandMessage):
    """Write a checkpoint and end."""

    command: Literal["stop"] = "stop"


class Set(CommandMessage):
    """Change a live field of the configuration, as in `training.learning_rate`."""

    command: Literal["set"] = "set"
    field: str
    value: JsonValue


class Evaluate(CommandMessage):
    """Go over the test set with the network as it is now."""

    command: Literal["evaluate"] = "evaluate"


class Save(CommandMessage):
    """Save the network as it is now as a model of that name, replacing one that is there."""

    command: Literal["save"] = "save"
    name: str


Command = Pause | Resume | Step | Stop | Set | Evaluate | Save

EVENTS: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
COMMANDS: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="command")])


def to_line(message: Message) -> bytes:
    """A message as a line of a journal."""
    return message.model_dump_json().encode() + b"\n"
