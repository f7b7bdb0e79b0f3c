"""Press keys at random over all screens while a real run trains.

    python tests/tui/random_keys.py --count 5000 --seed 1

Keys, letters, clicks, words in the palette and other sizes of the screen come in an order that
grows from the seed. Nothing may fail, no traceback may be seen or written, no process may be left,
and every run's folder must be readable and its journal whole.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from all_keys import declared
from settling import settle
from textual import events
from textual.geometry import Size
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from nn.checkpoint import ModelCard, load_checkpoint, load_model, save_model
from nn.config import RunConfig, preset
from nn.network import Network
from nn.runs import messages as m
from nn.runs.client import send, start_trainer
from nn.runs.folder import Library, RunFolder
from tui.app import Dashboard
from tui.threads import in_thread

CONFIG: RunConfig = preset("small").changed(
    {
        "network.layers": [{"kind": "flatten"}, {"kind": "dense", "units": 10}],
        "data.limit": 300,
        "training.batch_size": 10,
        "training.epochs": 10_000,
        "training.threads": 1,
    }
)
MOST_TRAINERS = 3
"""So many runs may train beside each other; the oldest is told to stop."""

PATIENCE = 60.0
"""Seconds, of those in which this process runs: whoever stops it stops its clock too."""

BETWEEN = 0.02
"""Seconds from one look to the next."""

LONGEST_START = 600.0
"""Seconds that a trainer may take to start, where somebody stops it or this process for a while."""

MARK = "CNN_TUI_KEYS_AT_RANDOM"
"""What all processes have in their environment that the keys start."""

MOVES = (
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown"),
    *("enter", "tab", "shift+tab", "space", "backspace", "delete"),
)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-+?/[]{}!é鳥"
SIZES = ((120, 36), (80, 24), (40, 12), (200, 60), (20, 5))
LEAVING = ("q", "ctrl+q", "ctrl+c")


@dataclass
class Outcome:
    """What was done: so many keys, on so many dashboards, while so many runs began."""

    pressed: int = 0
    dashboards: int = 0
    runs: int = 0
    last: deque[str] = field(default_factory=lambda: deque(maxlen=60))


def press_at_random(library: Library, count: int, seed: int) -> Outcome:
    """Press so many keys.

    Raises:
        AssertionError: if something is not as it has to be, with the keys before it.
    """
    outcome = Outcome()
    luck = random.Random(seed)
    os.environ[MARK] = mark = str(library.path.absolute())
    save_a_model(library)
    try:
        while outcome.pressed < count:
            asyncio.run(_one_dashboard(library, luck, count, outcome))
    except BaseException as error:
        error.add_note(f"seed {seed}, {outcome.pressed} keys, the last: {' '.join(outcome.last)}")
        raise
    finally:
        del os.environ[MARK]
        _end_trainers(library, mark)
    outcome.runs = len(library.runs())
    _require_good_folders(library)
    return outcome


async def _one_dashboard(
    library: Library, luck: random.Random, count: int, outcome: Outcome
) -> None:
    """Open a dashboard on the newest run and press keys until somebody leaves it."""
    await _keep_training(library, None)
    app = Dashboard(library, luck.choice([library.runs()[0], None]), ascii=luck.random() < 0.1)
    outcome.dashboards += 1
    keys = _footer_keys()
    async with app.run_test(size=luck.choice(SIZES), notifications=True) as pilot:
        while outcome.pressed < count and _goes_on(app):
            for happening in _happen(luck, keys):
                outcome.last.append(happening)
                outcome.pressed += 1
                await _do(pilot, happening)
            if luck.random() < 0.3:
                await settle(pilot)
            if outcome.pressed % 200 == 0:
                await _keep_training(library, app)
            if outcome.pressed % 20 == 0:
                assert "Traceback" not in _screen_text(app), _screen_text(app)
        while app.has_keys_waiting and _goes_on(app):
            await settle(pilot)
    assert app.return_code in (0, None), app.return_code


def _goes_on(app: Dashboard) -> bool:
    return app.is_running and not app._exit and app._exception is None


def _footer_keys() -> list[str]:
    return sorted({binding.key for _, binding in declared() if binding.key not in LEAVING})


def _happen(luck: random.Random, keys: Sequence[str]) -> list[str]:
    """What happens next: mostly one key, sometimes a few that belong together."""
    match luck.choices(
        ("key", "move", "view", "letter", "escape", "answer", "click", "size", "palette", "leave"),
        (40, 20, 10, 8, 8, 4, 6, 1, 1, 0.4),
    ):
        case ["key"]:
            return [luck.choice(keys)]
        case ["move"]:
            return [luck.choice(MOVES)] * luck.choice((1, 1, 1, 2, 5))
        case ["view"]:
            return [luck.choice("0123456789")]
        case ["letter"]:
            return [luck.choice(LETTERS)]
        case ["escape"]:
            return ["escape"]
        case ["answer"]:
            return [luck.choice("ynru")]
        case ["click"]:
            return [f"click {luck.randrange(200)} {luck.randrange(60)}"]
        case ["size"]:
            width, height = luck.choice((*SIZES, (luck.randint(1, 250), luck.randint(1, 80))))
            return [f"size {width} {height}"]
        case ["palette"]:
            return ["ctrl+p", luck.choice(LETTERS), *["down"] * luck.randrange(4), "enter"]
        case _:
            return [luck.choice(LEAVING)]


async def _do(pilot: Pilot[Any], happening: str) -> None:
    """One key, click or size, as the terminal tells of it."""
    driver, (kind, *numbers) = pilot.app._driver, happening.split() or [happening]
    assert driver is not None
    if kind == "size" and numbers:
        size = Size(*map(int, numbers))
        driver._size = size  # type: ignore[attr-defined]
        pilot.app.post_message(events.Resize(size, size))
    elif kind == "click" and numbers:
        place = tuple(int(n) % side for n, side in zip(numbers, pilot.app.size, strict=True))
        for mouse in (events.MouseMove, events.MouseDown, events.MouseUp):
            button = int(mouse is not events.MouseMove)
            driver.process_message(mouse(None, *place, 0, 0, button, False, False, False))
    else:
        driver.process_message(key_event(kind))
    await asyncio.sleep(0)


def key_event(name: str) -> events.Key:
    """A key as a terminal's driver would tell of it."""
    key = _character_to_key(name) if len(name) == 1 and not name.isalnum() else name
    try:
        character = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        character = key if len(key) == 1 else None
    return events.Key(key, character)


def _screen_text(app: Dashboard) -> str:
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def _keep_training(library: Library, app: Dashboard | None) -> None:
    """Let a run train, and not too many."""
    living = [run for run in library.runs() if run.has_trainer()]
    for run in living[MOST_TRAINERS:]:
        send(run, m.Stop())
    if not living:
        run = library.create_run(CONFIG)
        await in_thread(lambda: start_trainer(run, LONGEST_START))
        if app is not None:
            await app.open_run(run)


def save_a_model(library: Library) -> None:
    """A network with random weights, to be loaded and looked into."""
    network = Network(CONFIG.network.layers, (28, 28, 1), 10, np.random.default_rng(1))
    card = ModelCard(
        config=CONFIG,
        input_shape=(28, 28, 1),
        class_names=tuple("0123456789"),
        created="2026-01-01T00:00:00+00:00",
    )
    library.path.mkdir(parents=True, exist_ok=True)
    save_model(library.model_path("tiny"), network.parameters, card)


def _end_trainers(library: Library, mark: str) -> None:
    """Stop what trains, also what has only begun to start, until no process is left."""
    asked = set()

    def ended() -> bool:
        for run in library.runs():
            if run.id not in asked and run.has_trainer():
                asked.add(run.id)
                send(run, m.Stop())
        return not _living(mark)

    assert _comes(ended), _living(mark)


def _comes(condition: Callable[[], bool]) -> bool:
    """Whether something comes true in time."""
    for _ in range(round(PATIENCE / BETWEEN)):
        if condition():
            return True
        time.sleep(BETWEEN)
    return False


def _living(mark: str) -> dict[int, str]:
    """The processes that have come of this one and live, where the system tells of them.

    An orphan is nobody's child: what tells of it is what it has inherited.
    """
    wanted = os.fsencode(f"{MARK}={mark}")
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return found


def _require_good_folders(library: Library) -> None:
    """All that was written can be read, and tells of nothing that nobody foresaw."""
    log = library.path / "cnn-tui.log"
    assert not log.exists(), log.read_text()
    for run in library.runs():
        _require_good_run(run)
    for model in library.models():
        load_model(model)


def _require_good_run(run: RunFolder) -> None:
    run.config()
    journal = run.events()
    happened = journal.read_all()
    run.commands().read_all()
    assert journal.warnings == []
    step = 0
    for event in happened:
        if isinstance(event, m.Started):
            step = event.step
        elif isinstance(event, m.BatchesFinished):
            assert event.step - len(event.losses) == step, f"{run.id}: steps are missing"
            step = event.step
        elif isinstance(event, m.Failed):
            assert event.kind != "unexpected", event.message
    if happened:
        assert isinstance(happened[-1], m.Stopped | m.Finished | m.Failed), happened[-1]
    assert "Traceback" not in run.log_file.read_text() if run.log_file.exists() else True
    if run.checkpoint_file.exists():
        load_checkpoint(run.checkpoint_file)


def main() -> None:
    """Press as many as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="how many keys are pressed")
    parser.add_argument("--seed", type=int, default=1, help="what their order grows from")
    options = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory(prefix="cnn-tui-keys-") as folder:
        os.environ["XDG_DOWNLOAD_DIR"] = folder  # where the palette's screenshot would go
        outcome = press_at_random(Library(Path(folder) / "models"), options.count, options.seed)
        print(
            f"seed {options.seed}: {outcome.pressed} keys on {outcome.dashboards} dashboards with "
            f"{outcome.runs} runs in {time.monotonic() - began:.0f} s, and all is well"
        )


if __name__ == "__main__":
    sys.exit(main())
