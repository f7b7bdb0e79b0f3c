"""What Python code for other libraries shares: how calls are written, and how training is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import fill, indent

from nn.config import RunConfig, TrainingConfig
from nn.layers import LayerConfig
from nn.schedules import Constant, Cosine, Exponential, OneCycle, Plateau, ScheduleConfig, Step
from nn.schema import InputError
from nn.types import Shape

WIDTH = 100

LINE = 76
"""A call that is longer is broken: there may be some indentation before it."""


@dataclass
class Helpers:
    """Definitions that the code needs before the network, each once, by name."""

    sources: dict[str, str]
    used: dict[str, None] = field(default_factory=dict)

    def use(self, name: str) -> str:
        """The name of a definition, which the code has from now on."""
        self.used[name] = None
        return name

    def __str__(self) -> str:
        return "".join(f"\n\n{self.sources[name]}" for name in self.sources if name in self.used)


def call(name: str, *arguments: object, **named: object) -> str:
    """A call as one writes it, in several lines where one would be long.

    Code among the arguments is of the kind `Code`.
    """
    written = [*map(_shown, arguments), *(f"{k}={_shown(value)}" for k, value in named.items())]
    line = f"{name}({', '.join(written)})"
    if len(line) <= LINE:
        return line
    inside = ", ".join(written)
    body = inside if len(inside) <= LINE else ",\n".join(written) + ","
    return f"{name}(\n{indent(body, '    ')}\n)"


def _shown(value: object) -> str:
    return json.dumps(value) if type(value) is str else repr(value)


class Code(str):
    """A piece of code among the arguments of a call."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def pair(size: tuple[int, int]) -> int | tuple[int, int]:
    """Both numbers, or one where they are the same."""
    return size[0] if size[0] == size[1] else size


def no_code(config: LayerConfig, library: str) -> InputError:
    """For a layer that a library's code has no words for."""
    return InputError(f"there is no {library} code for a layer {config.kind}; choose another layer")


def docstring(
    library: str, shape: Shape, classes: int, left_out: Iterator[str], others: Iterator[str]
) -> str:
    """What the code is, for images of a shape as the library has them, what is not in it, and what
    is otherwise there."""
    sizes = ", ".join(map(str, shape))
    paragraphs = [
        f"Images are (N, {sizes}), floats from 0 to 1, and become logits (N, {classes}): softmax "
        "is part of the loss."
    ]
    for heading, sentences in (("Not in this code", left_out), ("Other than there", others)):
        told = "; ".join(sentences)
        paragraphs += [f"{heading}: {told}."] if told else []
    body = "\n\n".join(fill(paragraph, WIDTH) for paragraph in paragraphs)
    return f'"""A network designed in cnn-tui, as {library} code.\n\n{body}\n"""\n'


def left_out(training: TrainingConfig) -> Iterator[str]:
    """What training does that the code leaves to others, in any library."""
    changes = training.augmentation
    if not changes.is_off:
        ways = {k: v for k, v in changes.model_dump().items() if v and k != "elastic_smoothness"}
        changed = ", ".join(f"{way} {value:g}" for way, value in ways.items())
        yield f"how training images are changed at random ({changed})"
    if training.patience is not None:
        yield f"the end after {training.patience} epochs without a better one"
    if training.loss.class_weights == "balanced":
        yield "the classes' weights, N / (classes * count), which depend on the data"


def constants(config: RunConfig) -> str:
    """The figures that people change first."""
    training = config.training
    size, several = training.batch_size, training.accumulate
    why = f"  # {several} batches of {size}, whose gradients become one step" if several > 1 else ""
    return (
        f"EPOCHS = {training.epochs}\nBATCH_SIZE = {size * several}{why}\n"
        f"LEARNING_RATE = {training.learning_rate!r}\n"
    )


def factor_code(schedule: ScheduleConfig) -> str:
    """A function `factor` that is the schedule; empty where there is none of the epoch alone."""
    lines = _factor_lines(schedule)
    if not lines:
        return ""
    body = "".join(f"    {line}\n" for line in lines)
    return (
        "\n\ndef factor(epoch):\n"
        '    """What the learning rate is multiplied by after so many epochs, also 1.5."""\n'
        f"{body}"
    )


def _factor_lines(schedule: ScheduleConfig) -> list[str]:
    match schedule:
        case Constant() | Plateau():
            return []
        case Step():
            after = ", ".join(map(str, schedule.after))
            return [f"return {schedule.drop!r} ** sum(epoch >= after for after in [{after}])"]
        case Exponential():
            return [f"return {schedule.drop!r} ** int(epoch)"]
        case Cosine(warmup=warmup, floor=floor):
            rising = [
                f"if epoch < {warmup!r}:",
                f"    return {floor!r} + {1 - floor!r} * epoch / {warmup!r}",
            ]
            return [
                *(rising if warmup > 0 else ()),
                f"progress = min((epoch - {warmup!r}) / max(EPOCHS - {warmup!r}, 1e-9), 1)",
                f"return {floor!r} + {1 - floor!r} * (1 + cos(pi * progress)) / 2",
            ]
        case OneCycle(rise=rise, start=start, floor=floor):
            return [
                "progress = min(epoch / EPOCHS, 1)",
                f"if progress < {rise!r}:",
                f"    return 1 + {start - 1!r} * (1 + cos(pi * progress / {rise!r})) / 2",
                f"progress = (progress - {rise!r}) / {1 - rise!r}",
                f"return {floor!r} + {1 - floor!r} * (1 + cos(pi * progress)) / 2",
            ]
        case _:
            raise InputError(f"there is no code for a schedule {schedule.kind}; choose another one")
