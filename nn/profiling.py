"""Where the time of training goes: its steps, taken part by part with a clock beside them.

The steps are those of `nn.training`, on images drawn at random, of a network of its own, which is
dropped: how long they take does not depend on what is in the pictures. Nothing is measured inside
layers: a network is carried out stage by stage, and here is who goes over them.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Literal

import numpy as np

from nn.accumulation import Accumulation
from nn.augment import augment
from nn.config import RunConfig
from nn.evaluation import without_warnings
from nn.layers.stages import Alone, Source, Stage
from nn.losses import cross_entropy, cross_entropy_gradient, softmax, total_weight
from nn.machine import blas_name, processor_name
from nn.network import Network
from nn.ops.chunks import move_towards
from nn.ops.threads import set_threads, threads
from nn.optimizers import clip
from nn.processors import processors
from nn.schema import Schema, setting
from nn.types import Bytes, Integers, Shape

WARM_UP = 3
"""Steps that do not count: in them buffers are made, and processors wake up."""


class ProfileTest(Schema):
    """How thoroughly to measure."""

    steps: int = setting(20, "steps that are measured, after some that are not", ge=1, le=10_000)


class Work(Schema):
    """What a stage does for one batch in one direction.

    Multiply-adds are those of the layers' definitions, and `rate` is how many billions of them are
    done a second: a way that needs fewer, as by frequencies, shows as a higher rate.
    """

    milliseconds: float
    multiply_adds: int
    rate: float


class Part(Schema):
    """A part of a training step; `share` is of the whole step.

    Of a stage, `layers` are those that it carries out together, in the order that they are computed
    in, and `algorithm` is how its convolution was. Other parts have none, and no direction.
    `inference` is the time for a batch without training.
    """

    name: str
    milliseconds: float
    share: float
    inference_milliseconds: float
    layers: tuple[str, ...] = ()
    algorithm: str | None = None
    forward: Work | None = None
    backward: Work | None = None


class Profile(Schema):
    """Where the time goes: medians over the steps. The whole is the sum of its parts."""

    event: Literal["profiled"] = "profiled"
    processor: str
    processors: int
    threads: int
    blas: str
    numpy: str
    batch_size: int
    steps: int
    milliseconds: float
    images_per_second: float
    inference_milliseconds: float
    inference_images_per_second: float
    parts: tuple[Part, ...]


class ProfileAdvanced(Schema):
    """So many steps are done, also those that do not count and those of inference."""

    event: Literal["advanced"] = "advanced"
    done: int
    total: int


class Clock:
    """How long each part of each round took; all of a round belongs to one of its parts."""

    def __init__(self) -> None:
        self._rounds: list[dict[str, float]] = []
        self._last = 0.0

    def begin(self) -> None:
        """A round begins."""
        self._rounds.append({})
        self._last = perf_counter()

    def lap(self, part: str) -> None:
        """What was done since the last lap belongs to that part."""
        now, times = perf_counter(), self._rounds[-1]
        times[part] = times.get(part, 0.0) + now - self._last
        self._last = now

    def forget(self) -> None:
        """The rounds so far do not count."""
        self._rounds.clear()

    def milliseconds(self, part: str) -> float:
        """The median over the rounds; nothing for a part that is in none."""
        return 1000 * median(times.get(part, 0.0) for times in self._rounds)


class Steps:
    """A network that learns, and answers, one batch of its own again and again, by the clock.

    Images are (N, H, W, C), labels (N,).
    """

    def __init__(self, config: RunConfig, images: Bytes, labels: Integers, classes: int) -> None:
        self.config, self.images, self.labels = config, images, labels
        training = config.training
        rng = np.random.default_rng(training.seed)
        self.network = Network(config.network.layers, images.shape[1:], classes, rng)
        self.optimizer = training.optimizer.build(self.network.parameters)
        self._weights = training.loss.weights(labels, classes)
        several = training.accumulate > 1
        self._group = Accumulation(self.network.gradients) if several else None
        averaged = self.network.parameters if training.average is not None else {}
        self._averages = {name: value.copy() for name, value in averaged.items()}

    @without_warnings
    def learn(self, clock: Clock, luck: np.random.Generator) -> None:
        """A step of training, as `nn.training.Training` takes it.

        The rate is that of no schedule: some begin with 0, at which a step is cheaper.
        """
        training, network, stages = self.config.training, self.network, self.network.stages
        clock.begin()
        images = augment(self.images, training.augmentation, luck)
        if not training.augmentation.is_off:
            clock.lap("augmentation")
        network.draw_from(luck)
        x = network.enter(images)
        clock.lap("images")
        for number, stage in enumerate(stages):
            x = stage.forward(x, training=True)
            clock.lap(f"forward {number}")
        cross_entropy(x, self.labels).mean()
        (x.argmax(axis=0) == self.labels).sum()
        smoothing = training.loss.label_smoothing
        dy = cross_entropy_gradient(x, self.labels, smoothing, self._weights)
        clock.lap("loss")
        first = network.first_learning
        for number in reversed(range(first + 1, len(stages))):
            dy = stages[number].backward(dy)
            clock.lap(f"backward {number}")
        stages[first].backward_parameters(dy)
        clock.lap(f"backward {first}")
        self._update(clock)

    def _update(self, clock: Clock) -> None:
        training, gradients = self.config.training, self.network.gradients
        if self._group is not None:
            self._group.add(total_weight(self.labels, self._weights))
            clock.lap("accumulation")
            self._group.conclude()
            clock.lap("optimizer")
        if training.clip_norm is not None:
            clip(gradients, training.clip_norm)
            clock.lap("clipping")
        self.optimizer.update(gradients, training.learning_rate)
        clock.lap("optimizer")
        if training.average is not None:
            move_towards(self._averages, self.network.parameters, 1 - training.average)
            clock.lap("average")

    @without_warnings
    def answer(self, clock: Clock) -> None:
        """Probabilities of the batch, as `Network.predict` has them."""
        clock.begin()
        x = self.network.enter(self.images)
        clock.lap("images")
        for number, stage in enumerate(self.network.stages):
            x = stage.forward(x, training=False)
            clock.lap(f"forward {number}")
        softmax(x)
        clock.lap("loss")


BEFORE, BEHIND = ("augmentation", "images"), ("loss", "accumulation")
"""Parts of a step before and behind the network's stages."""

BEHIND_A_GROUP = ("clipping", "optimizer", "average")
"""What `training.accumulate` batches share. It is done with each of them here, and its time is
divided: few steps then tell as much."""


def profile(
    config: RunConfig, input_shape: Shape, classes: int, test: ProfileTest
) -> Iterator[ProfileAdvanced | Profile]:
    """Measure steps of training and of inference for batches of the configured size.

    The last value is the result.

    Raises:
        InputError: if the layers do not fit together.
    """
    training = config.training
    set_threads(training.threads or processors())
    rng = np.random.default_rng(training.seed)
    images = rng.integers(0, 256, (training.batch_size, *input_shape), np.uint8)
    labels = np.arange(training.batch_size) % classes
    steps = Steps(config, images, labels, classes)
    learned, answered = Clock(), Clock()
    rounds = WARM_UP + test.steps
    for done in range(rounds):
        if done == WARM_UP:
            learned.forget()
        steps.learn(learned, rng)
        yield ProfileAdvanced(done=done + 1, total=2 * rounds)
    for done in range(rounds):
        if done == WARM_UP:
            answered.forget()
        steps.answer(answered)
        yield ProfileAdvanced(done=rounds + done + 1, total=2 * rounds)
    yield _profile(steps, test, learned, answered)


def _profile(steps: Steps, test: ProfileTest, learned: Clock, answered: Clock) -> Profile:
    training = steps.config.training
    behind_a_group = {name: learned.milliseconds(name) for name in BEHIND_A_GROUP}
    times = {name: learned.milliseconds(name) for name in (*BEFORE, *BEHIND)}
    times |= {name: each / training.accumulate for name, each in behind_a_group.items()}
    stages = list(_stages(steps.network, training.batch_size, learned, answered))
    whole = sum(times.values()) + sum(stage.milliseconds for stage in stages)

    def others(names: tuple[str, ...]) -> Iterator[Part]:
        for name in names:
            if times[name] > 0:
                yield Part(
                    name=name,
                    milliseconds=times[name],
                    share=times[name] / whole,
                    inference_milliseconds=answered.milliseconds(name),
                )

    parts = [
        *others(BEFORE),
        *(stage.model_copy(update={"share": stage.milliseconds / whole}) for stage in stages),
        *others((*BEHIND, *BEHIND_A_GROUP)),
    ]
    inference = sum(part.inference_milliseconds for part in parts)
    return Profile(
        processor=processor_name(),
        processors=processors(),
        threads=threads(),
        blas=blas_name(),
        numpy=np.__version__,
        batch_size=training.batch_size,
        steps=test.steps,
        milliseconds=whole,
        images_per_second=1000 * training.batch_size / whole,
        inference_milliseconds=inference,
        inference_images_per_second=1000 * training.batch_size / inference,
        parts=tuple(parts),
    )


def _stages(network: Network, n: int, learned: Clock, answered: Clock) -> Iterator[Part]:
    """What was measured of each stage; shares are not known yet.

    Backward there are two products for each forward, for the gradients of the weights and of the
    input; the input of the first stage that learns needs none.
    """
    counts = {layer.name: layer.multiply_adds for layer in network.plan.layers}
    first = network.first_learning
    for number, stage in enumerate(network.stages):
        layers = tuple(dict.fromkeys(named.layer for named in stage.operations))
        count = n * sum(counts.pop(layer, 0) for layer in layers)
        forward = _work(learned.milliseconds(f"forward {number}"), count)
        backward = _work(
            learned.milliseconds(f"backward {number}"), count * (2 if number > first else 1)
        )
        yield Part(
            name=" + ".join(layers),
            milliseconds=forward.milliseconds + backward.milliseconds,
            share=0.0,
            inference_milliseconds=answered.milliseconds(f"forward {number}"),
            layers=layers,
            algorithm=_algorithm(stage),
            forward=forward,
            backward=backward,
        )


def _work(milliseconds: float, multiply_adds: int) -> Work:
    rate = multiply_adds / (1e6 * milliseconds) if milliseconds else 0.0
    return Work(milliseconds=milliseconds, multiply_adds=multiply_adds, rate=rate)


def _algorithm(stage: Stage | Alone) -> str | None:
    source = stage.operations[0].operation
    return source.algorithm if isinstance(source, Source) else None
