"""Answers and runs made by hand, and an app that shows a single panel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from nn.config import preset
from nn.runs import messages as m
from tui.state import Answers, RunState

# Each row is an image: its true class, then the probabilities of cat, dog and eel.
PETS = [
    (0, 0.90, 0.05, 0.05),
    (0, 0.90, 0.05, 0.05),
    (0, 0.90, 0.05, 0.05),
    (0, 0.39, 0.60, 0.01),
    (1, 0.10, 0.80, 0.10),
    (1, 0.10, 0.80, 0.10),
    (1, 0.04, 0.01, 0.95),
    (1, 0.299, 0.001, 0.70),
    (2, 0.05, 0.05, 0.90),
    (2, 0.05, 0.05, 0.90),
]


class OnePanel(App[None]):
    """A screen with nothing but a panel."""

    def __init__(self, panel: Widget) -> None:
        super().__init__()
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield self.panel


@pytest.fixture
def pets() -> Answers:
    """Ten images of three classes, of which three got a wrong answer: numbers 3, 6 and 7."""
    table = np.array(PETS)
    images = np.zeros((10, 4, 4, 1), np.uint8)
    images[:, 1:3, 1:3] = 255
    return Answers(
        "model pets", images, table[:, 0].astype(np.int64), table[:, 1:], ("cat", "dog", "eel")
    )


@pytest.fixture
def answers_of() -> Callable[..., Answers]:
    """Answers with given true and predicted classes, each given with 90 % confidence.

    Colour images are red.
    """

    def make(
        labels: Sequence[int],
        predictions: Sequence[int],
        classes: int,
        shape: tuple[int, int, int] = (28, 28, 1),
    ) -> Answers:
        probabilities = np.full((len(labels), classes), 0.1 / (classes - 1))
        probabilities[np.arange(len(labels)), predictions] = 0.9
        images = np.zeros((len(labels), *shape), np.uint8)
        images[..., 0] = 255
        names = tuple(str(i) for i in range(classes))
        return Answers("model numbers", images, np.array(labels), probabilities, names)

    return make


def epoch(number: int, step: int, validation: float | None, test: float) -> m.EpochFinished:
    return m.EpochFinished(
        epoch=number,
        step=step,
        train_loss=1 / number,
        train_accuracy=0.5 + 0.1 * number,
        validation_loss=None if validation is None else 1 - validation,
        validation_accuracy=validation,
        test_loss=1 - test,
        test_accuracy=test,
        best=True,
        seconds=1.0,
        elapsed=float(number),
    )


@pytest.fixture
def run_of() -> Callable[..., RunState]:
    """A run of two finished epochs of 50 steps: losses fall from 2, accuracies rise from 0."""

    def make(validation: bool = True) -> RunState:
        run = RunState("a3f91c", preset("small"))
        run.apply(
            m.Started(
                step=0,
                process=1,
                threads=1,
                train_count=5000,
                validation_count=500,
                test_count=1000,
                batches_per_epoch=50,
            )
        )
        for number, (held_out, test) in enumerate(((0.9, 0.8), (0.7, 0.6))):
            steps = np.arange(50) + 50 * number
            run.apply(
                m.BatchesFinished(
                    step=50 * (number + 1),
                    epoch=number,
                    losses=tuple((2 - steps / 100).tolist()),
                    accuracies=tuple((steps / 100).tolist()),
                    learning_rate=0.003,
                    images_per_second=1000,
                )
            )
            run.apply(epoch(number + 1, 50 * (number + 1), held_out if validation else None, test))
        return run

    return make


@pytest.fixture
def app_of() -> Callable[[Widget], OnePanel]:
    """An app that shows a panel."""
    return OnePanel


@pytest.fixture
def painted() -> Callable[[Widget], str]:
    """The characters of a widget that paints itself line by line."""

    def read(widget: Widget) -> str:
        widget.render_lines(Region(0, 0, *widget.size))  # some prepare all of their lines at once
        return "\n".join(widget.render_line(y).text for y in range(widget.size.height))

    return read
