"""A library in which nothing ever changes: made-up runs, and a network that computes exactly.

Every picture of it is the same on each machine: no clock, no chance, no processor has a part in it.
Its network only copies and subtracts, so that no sum depends on its order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from dashboards import CONFIG

from nn.checkpoint import ModelCard, save_checkpoint, save_model
from nn.config import RunConfig
from nn.data import load
from nn.metrics import Evaluation
from nn.network import Network
from nn.profiling import Part, Profile, ProfileTest, Work
from nn.rate_finder import RateTest, RateTested, RateTried
from nn.runs import messages as m
from nn.runs.evaluations import write_evaluation
from nn.runs.folder import Library, RunFolder
from nn.runs.journal import append
from nn.training import TrainingState
from tui.state import ProfileState, RateState

NOW = 1_800_000_000.0
PER_EPOCH, EPOCHS, STEPS = 40, 8, 220
SCENE: RunConfig = CONFIG.changed(
    {
        "data.limit": 5632,
        "data.validation": 512,
        "training.epochs": EPOCHS,
        "training.batch_size": 128,
        "network.layers": [
            {"kind": "conv2d", "filters": 6, "kernel_size": 3},
            {"kind": "relu"},
            {"kind": "max_pool2d"},
            {"kind": "flatten"},
            {"kind": "dense", "units": 10},
        ],
    }
)
CARD = ModelCard(
    config=SCENE,
    input_shape=(28, 28, 1),
    class_names=tuple("0123456789"),
    created="2026-01-01T00:00:00+00:00",
    epochs=5,
    test_accuracy=0.96,
)
SIZED = ("1.conv2d.weights", "1.conv2d.biases", "5.dense.weights", "5.dense.biases")


@contextmanager
def scene(folder: Path) -> Iterator[tuple[Library, RunFolder]]:
    """Three runs, of which one is under way and is given too, and a saved model."""
    library = Library(folder)
    other = SCENE.changed({"training.learning_rate": 0.01, "training.optimizer": "sgd"})
    lost = [*journey(other, 100), m.Stopped(step=100, reason="asked")]
    add_run(library, "b2077e", 7_300, other, lost)
    add_run(library, "e51d40", 90_000, SCENE, [*journey(SCENE, 320), finished()])
    mine = add_run(library, "3f9a1c", 150, SCENE, journey(SCENE, STEPS))
    parameters = exact_network().parameters
    save_model(folder / "edges.safetensors", parameters, CARD)
    save_model(mine.best_file, parameters, CARD)
    arrays = {f"parameters.{name}": value for name, value in parameters.items()}
    save_checkpoint(mine.checkpoint_file, TrainingState(arrays, {"step": 200}), SCENE)
    before = {160: answers(wrong=31).confusion}
    write_evaluation(mine.evaluation_file, answers(wrong=41), 200, before)
    with mine.hold():
        yield library, mine


def add_run(
    library: Library, run_id: str, age: float, config: RunConfig, events: list[m.Event]
) -> RunFolder:
    """A run that was started so many seconds ago."""
    made = library.create_run(config)
    folder = RunFolder(made.path.rename(library.runs_path / run_id))
    for event in events:
        append(folder.events_file, event)
    os.utime(folder.config_file, (NOW - age, NOW - age))
    return folder


def journey(config: RunConfig, steps: int) -> list[m.Event]:
    """What a trainer would have written: the loss falls, faster with a small learning rate."""
    events: list[m.Event] = [
        m.Started(
            step=0,
            process=1,
            threads=1,
            train_count=5120,
            validation_count=512,
            test_count=10_000,
            batches_per_epoch=PER_EPOCH,
        )
    ]
    pace = 30 if config.training.learning_rate < 0.005 else 60
    for step in range(10, steps + 1, 10):
        taken = np.arange(step - 9, step + 1)
        wave = np.sin(taken * 2.4) + np.sin(taken * 0.9)
        losses = 2.1 / (1 + taken / pace) * (1 + 0.12 * wave) + 0.05
        falling = 1 / (1 + step / pace)
        events.append(
            m.BatchesFinished(
                step=step,
                epoch=(step - 1) // PER_EPOCH,
                losses=tuple(losses.round(4).tolist()),
                accuracies=tuple((1 - losses / 3).round(4).tolist()),
                learning_rate=config.training.learning_rate,
                images_per_second=2500.0,
                sizes={
                    name: (falling * n, falling / 99 * n, 2.0) for n, name in enumerate(SIZED, 1)
                },
            )
        )
        if step == 130 and config is SCENE:
            events.append(m.Changed(step=step, field="training.learning_rate", value=0.002))
        if step % PER_EPOCH == 0:
            events += epoch(step // PER_EPOCH, falling)
    return events


def epoch(number: int, falling: float) -> list[m.Event]:
    """The end of an epoch, with its evaluation."""
    step, loss = number * PER_EPOCH, 0.1 + falling
    return [
        m.EpochFinished(
            epoch=number,
            step=step,
            train_loss=loss,
            train_accuracy=1 - loss / 4,
            validation_loss=loss + 0.03,
            validation_accuracy=1 - loss / 3.5,
            test_loss=loss + 0.02,
            test_accuracy=1 - loss / 3.7,
            best=True,
            elapsed=2.5 * number,
        ),
        m.Evaluated(step=step, test_loss=loss + 0.02, test_accuracy=1 - loss / 3.7),
        m.Checkpointed(step=step, elapsed=2.5 * number),
    ]


def finished() -> m.Finished:
    """The end of a whole run."""
    return m.Finished(
        step=320,
        epochs=EPOCHS,
        best_epoch=EPOCHS,
        test_accuracy=0.95,
        test_loss=0.2,
        seconds=20.0,
        images_per_second=2500.0,
        model="best.safetensors",
    )


@cache
def answers(wrong: int) -> Evaluation:
    """Answers to MNIST's test images: one of so many is wrong, more or less surely."""
    labels = load("mnist", "test").labels
    number = np.arange(len(labels))
    is_wrong = number % wrong == 0
    predicted = np.where(is_wrong, (labels + 1 + number % 7) % 10, labels)
    sure = np.where(is_wrong, 0.55 + number % 400 / 1000, 0.9 + number % 90 / 1000)
    probabilities = np.repeat((1 - sure)[:, None] / 18, 10, axis=1)
    probabilities[number, (predicted + 3) % 10] += (1 - sure) / 9
    probabilities[number, labels] += (1 - sure) / 3
    probabilities[number, predicted] += 1 - probabilities.sum(axis=1)
    return Evaluation(probabilities.astype(np.float32), labels, 0.25)


def exact_network() -> Network:
    """Each filter subtracts a neighbour, each class a place from another one."""
    network = Network(SCENE.network.layers, (28, 28, 1), 10, np.random.default_rng(0))
    parameters = network.parameters
    for value in parameters.values():
        value[...] = 0
    filters, classes = parameters["1.conv2d.weights"], parameters["5.dense.weights"]
    neighbours = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 1))
    for each, (row, column) in zip(filters, neighbours, strict=True):
        each[1, 1], each[row, column] = 1, -1
    for number, each in enumerate(classes):
        each[500 + 17 * number], each[300 + 23 * number] = 4, -2
    return network


def rate_found() -> RateState:
    """A learning rate test that is over."""
    test = RateTest()
    state = RateState(SCENE, test)
    for step in range(1, 91):
        rate = test.start * (test.end / test.start) ** (step / test.steps)
        loss = 2.3 - 1.6 / (1 + 0.003 / rate) + (40 * rate) ** 2 / 400
        state.apply(RateTried(step=step, learning_rate=rate, loss=loss, smoothed=loss))
    sentence = "a learning rate of 0.004 would suit: the loss falls fastest at 0.003"
    state.apply(RateTested(sentence=sentence, suggestion=0.004, steepest=0.003, lowest=0.04))
    return state


def profile_found() -> ProfileState:
    """Figures of a step, as if they were measured."""
    state = ProfileState(SCENE, ProfileTest())
    forward = Work(milliseconds=6.25, multiply_adds=5_419_008, rate=0.9)
    backward = Work(milliseconds=9.5, multiply_adds=5_419_008, rate=0.6)
    dense = Work(milliseconds=1.5, multiply_adds=1_505_280, rate=1.0)
    joined = ("1.conv2d", "2.relu", "3.max_pool2d")
    parts = (
        part(" + ".join(joined), 15.75, joined, "gemm", forward, backward),
        part("5.dense", 3.0, ("5.dense",), None, dense, dense),
        part("optimizer", 1.0),
        part("loss", 0.25),
    )
    state.apply(
        Profile(
            processor="a processor",
            processors=2,
            threads=1,
            blas="a BLAS",
            numpy="2.0",
            batch_size=128,
            steps=20,
            milliseconds=20.0,
            images_per_second=6400.0,
            inference_milliseconds=8.0,
            inference_images_per_second=16_000.0,
            parts=parts,
        )
    )
    return state


def part(
    name: str,
    milliseconds: float,
    layers: tuple[str, ...] = (),
    algorithm: str | None = None,
    forward: Work | None = None,
    backward: Work | None = None,
) -> Part:
    """A line of these figures."""
    return Part(
        name=name,
        milliseconds=milliseconds,
        share=milliseconds / 20,
        inference_milliseconds=0.0 if forward is None else forward.milliseconds,
        layers=layers,
        algorithm=algorithm,
        forward=forward,
        backward=backward,
    )
