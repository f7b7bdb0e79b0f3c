"""What the curves of a training write to a terminal, counted and not timed."""

from __future__ import annotations

import numpy as np
import pytest
from rich.console import Console
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from nn.config import preset
from nn.runs import messages as m
from tui.curves import CurveOptions
from tui.panels import Palette
from tui.panels.curves import picture
from tui.state import RunState, View
from tui.terminal.repaint import Shown

WIDTH, HEIGHT = 80, 33
"""Of the curves on a terminal of 120 x 36."""

GROUND = Style(color="#e0e0e0", bgcolor="#121212")
COLORS = Palette(**dict.fromkeys(Palette.__annotations__, "#a0a0a0"))


class Training:
    """A run of 200 epochs that takes 100 steps a second, and what is painted of it."""

    def __init__(self, per_epoch: int, color_system: str) -> None:
        self._rng = np.random.default_rng(0)
        self._console = Console(color_system=color_system, force_terminal=True)  # type: ignore[arg-type]
        self._shown = Shown()
        self._per_epoch = per_epoch
        self.run = RunState("a3f91c", preset("small").changed({"training.epochs": 200}))
        self.run.apply(
            m.Started(
                step=0,
                process=1,
                threads=1,
                train_count=64 * per_epoch,
                validation_count=5000,
                test_count=10_000,
                batches_per_epoch=per_epoch,
            )
        )

    def second(self) -> int:
        """Train for a second and paint the curves; how many bytes that takes."""
        for _ in range(4):
            self._take_steps(25)
        lines = picture(View(self.run), CurveOptions(), WIDTH, HEIGHT, COLORS, False)
        console = self._console
        strips = [
            Strip(line.render(console))
            .apply_style(console.get_style(line.style))
            .apply_style(GROUND)
            .adjust_cell_length(WIDTH, GROUND)
            for line in lines
        ]
        update = LayoutUpdate([[strip] for strip in strips], Region(39, 2, WIDTH, HEIGHT))
        return len(self._shown.bring_up(update, console).encode())

    def _take_steps(self, count: int) -> None:
        end = self.run.step + count
        steps = np.arange(self.run.step + 1, end + 1)
        losses = (0.03 + 2.2 * np.exp(-steps / 50)) * self._rng.lognormal(0, 0.5, count)
        accuracies = self._rng.binomial(64, 1 - np.clip(losses / 3, 0.01, 0.9)) / 64
        self.run.apply(
            m.BatchesFinished(
                step=end,
                epoch=self.run.epoch,
                losses=tuple(losses.tolist()),
                accuracies=tuple(accuracies.tolist()),
                learning_rate=0.003,
                images_per_second=6400.0,
            )
        )
        if end % self._per_epoch == 0:
            self.run.apply(self._epoch(end, float(losses.mean())))

    def _epoch(self, step: int, loss: float) -> m.EpochFinished:
        return m.EpochFinished(
            epoch=step // self._per_epoch,
            step=step,
            train_loss=loss,
            train_accuracy=0.98,
            validation_loss=loss,
            validation_accuracy=0.98,
            test_loss=loss,
            test_accuracy=0.98,
            best=True,
            seconds=1.0,
            elapsed=1.0,
        )


@pytest.mark.parametrize(
    ("per_epoch", "most"), [(850, 1500), (100, 3000)], ids=["long epochs", "one a second"]
)
def test_curves_that_grow_write_little(per_epoch: int, most: int) -> None:
    """From the first second on, in true colours, which take the most bytes."""
    training = Training(per_epoch, "truecolor")
    written = [training.second() for _ in range(40)]
    assert np.mean(written) < most
    # Mostly there is room for what is new, and nothing else is written.
    assert np.median(written[20:]) < 600


def test_few_colours_take_hardly_fewer_bytes() -> None:
    """As a style is named once for all that looks so."""
    least, most = (
        sum(training.second() for _ in range(3))
        for training in (Training(850, "standard"), Training(850, "truecolor"))
    )
    assert most < 1.1 * least
