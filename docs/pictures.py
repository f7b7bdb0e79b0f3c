"""Make the pictures of the README anew, from runs that are trained for them.

python docs/pictures.py [NAME ...]          as in: curves inside; without names all of them

It takes about two minutes on two cores, and needs the font DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from painting import paint, screen_of, text_of
from textual.pilot import Pilot

from nn.config import RunConfig, preset
from nn.runs.client import start_trainer
from nn.runs.folder import Library, RunFolder
from tui.app import Dashboard

FOLDER = Path(__file__).parent / "pictures"
MODELS = Path(__file__).parents[1] / "saved_models"
PATIENCE = 900.0
"""Seconds until something is given up."""

STILL = 10
"""A screen that was the same at so many looks in turn is complete, if nothing on it is PENDING."""

PENDING = re.compile(r"(ing|costs) ?…")

FOUR_EPOCHS = {"data.validation": 5000, "training.epochs": 4}
BY_HEART = {"data.limit": 3000, "data.validation": 600, "training.epochs": 12}
RUNS: dict[str, RunConfig] = {
    "by heart": preset("mlp").changed(BY_HEART),
    "mlp": preset("mlp").changed(FOUR_EPOCHS),
    "small": preset("small").changed(FOUR_EPOCHS),
    "fast": preset("fast").changed(FOUR_EPOCHS),
}
"""What is trained, one after the other. To the first there is something to remark."""

FIVE = " ".join(
    (
        *("up",) * 8,
        *("right",) * 5,
        "space",
        *("left",) * 9,
        *("down",) * 7,
        *("pageup", "pageup", *("right",) * 5, "pagedown", "pagedown", "pagedown"),
        *("down",) * 5,
        *("end", "end", "end", *("left",) * 5, "home", "home"),
        "space",
    )
)
"""The keys that draw one."""

FOUR_FOR_NINE = " ".join((*("down",) * 9, *("right",) * 4))
"""The keys to that cell of the confusion matrix."""


@dataclass(frozen=True)
class Shot:
    """A view of a run, words that stand on it as soon as it is there, and keys that lead further.

    Keys come with words that stand there some time after them. `live`: so much of the run is
    over, which goes on.
    """

    view: str
    words: str
    further: tuple[tuple[str, str], ...] = ()
    run: str = "fast"
    size: tuple[int, int] = (120, 36)
    live: float | None = None


SHOTS = {
    "training": Shot("curves", "accuracy by class", (("l", "log loss"),), live=0.85),
    "confusion": Shot("confusion", "true 0", ((FOUR_FOR_NINE, "called 4"),), size=(80, 24)),
    "mistakes": Shot("mistakes", "mistakes", (("z", "0 Network"),)),
    "mistake": Shot("mistakes", "mistakes", (("enter", "nearest"),)),
    "maps": Shot("inside", "test image", (("z right v", "[1 conv2d]"),)),
    "attention": Shot("inside", "test image", (("m w", "covering a part"),)),
    "draw": Shot("draw", "pen up", ((FIVE, "sees 28×28"),)),
    "compare": Shot("runs", "mnist", (("space space space", "*"), ("c", "over epochs"))),
    "network": Shot("network", "preset", (("p", "The network as blocks"),)),
    "profile": Shot("profile", "t starts it", (("z t", "A step takes"),), size=(120, 20)),
    "advice": Shot("curves", "accuracy", (("exclamation_mark", "try"),), run="by heart"),
}


def main(names: Sequence[str]) -> None:
    """Train, and take the pictures that are asked for."""
    os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "CNN_TUI_SETTINGS": ""}
    os.environ.pop("NO_COLOR", None)
    shots = {name: SHOTS[name] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        library, runs = Library(Path(folder)), {}
        for model in MODELS.glob("*.safetensors"):
            shutil.copy(model, folder)
        for run_name, config in RUNS.items():
            run = runs[run_name] = library.create_run(config)
            trainer = start_trainer(run)
            try:
                for name, shot in shots.items():
                    if shot.run == run_name and shot.live is not None:
                        asyncio.run(take(library, run, name, shot))
                trainer.wait(PATIENCE)
            finally:
                trainer.terminate()
                trainer.wait()
        for name, shot in shots.items():
            if shot.live is None:
                asyncio.run(take(library, runs[shot.run], name, shot))


async def take(library: Library, run: RunFolder, name: str, shot: Shot) -> None:
    """Open the dashboard on a run, go where a shot leads to, and keep what is seen there."""
    app = Dashboard(library, run)
    session = app.session
    async with app.run_test(size=shot.size) as pilot:
        await until(pilot, lambda: progress(app) >= (shot.live or 1))
        await until(pilot, lambda: session.answers is not None and session.advice is not None)
        await until(pilot, lambda: bool(session.runs))
        app.action_turn_to(shot.view)
        await see(pilot, shot.words)
        for keys, words in shot.further:
            await pilot.press(*keys.split())
            await see(pilot, words)
        if shot.live is None:
            await come_to_rest(pilot)
        file = FOLDER / f"{name}.png"
        paint(screen_of(app)).save(file, optimize=True)
        print(f"{file.name}: {file.stat().st_size:,} bytes")


def progress(app: Dashboard) -> float:
    """How much of the run is over, as far as the dashboard knows."""
    return 0.0 if app.session.run is None else app.session.run.progress


async def come_to_rest(pilot: Pilot[str]) -> None:
    """Wait until all that is still on its way has come."""
    before, same = "", 0

    def rests() -> bool:
        nonlocal before, same
        now = text_of(screen_of(pilot.app))
        same = same + 1 if now == before and not PENDING.search(now) else 0
        before = now
        return same >= STILL

    await until(pilot, rests)


async def see(pilot: Pilot[str], words: str) -> None:
    """Wait until they stand on the screen."""
    await until(pilot, lambda: words in text_of(screen_of(pilot.app)))


async def until(pilot: Pilot[str], condition: Callable[[], bool]) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"it does not come:\n{text_of(screen_of(pilot.app))}")
        await pilot.pause(0.1)


if __name__ == "__main__":
    main(sys.argv[1:] or list(SHOTS))
