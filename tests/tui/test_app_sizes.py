"""Every view at every size, and through resizing without a pause."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dashboards import batches, fake_run, header, screen_text, until
from test_app_ascii import some_answers
from textual.pilot import Pilot

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.body import VIEWS

LEAST, MOST = (40, 12), (300, 100)
KEYS = [*map(str, range(1, len(VIEWS) + 1)), "0"]


async def resize(pilot: Pilot[str], columns: int, lines: int) -> None:
    await pilot.resize_terminal(columns, lines)
    await pilot.pause()


async def test_resizing_while_a_run_trains(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with fake_run(tmp_path, batches(10)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: app.session.run is not None and app.session.run.step == 10)
            app.session.answers = some_answers()
            for count, key in enumerate(KEYS * 3, 2):
                trainer.write(batches(10 * count))
                await pilot.press(key)
                for columns, lines in (
                    LEAST,
                    (int(rng.integers(1, 120)), int(rng.integers(1, 40))),
                    (int(rng.integers(40, 300)), int(rng.integers(12, 100))),
                    MOST,
                    (80, 24),
                ):
                    await resize(pilot, columns, lines)
                    await until(pilot, lambda n=lines: len(screen_text(app).splitlines()) == n)  # type: ignore[misc]
                    too_small = columns < LEAST[0] or lines < LEAST[1]
                    if (columns >= 36 and lines >= 3) or not too_small:  # else it has no room
                        assert ("needs more room" in screen_text(app)) == too_small
            last = 10 * (3 * len(KEYS) + 1)
            await until(pilot, lambda: app.session.run is not None and app.session.run.step == last)
            await until(pilot, lambda: "training" in header(app))


async def test_its_least_size_is_enough_for_an_alarm_too(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(10)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=LEAST) as pilot:
            trainer.die()
            await until(pilot, lambda: "lost" in header(app))
            await resize(pilot, 41, 12)
            await resize(pilot, *LEAST)
            await until(pilot, lambda: "r starts it again" in " ".join(screen_text(app).split()))
            assert "needs more room" not in screen_text(app)


async def test_below_its_least_size_it_says_so(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=LEAST) as pilot:
        for columns, lines, too_small in (
            (*LEAST, False),
            (39, 12, True),
            (40, 11, True),
            (38, 5, True),
            (*MOST, False),
        ):
            await resize(pilot, columns, lines)
            await until(
                pilot, lambda small=too_small: ("needs more room" in screen_text(app)) == small
            )
