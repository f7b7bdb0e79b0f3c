"""Keys and pauses of every test of a screen: what follows from them is there when they return."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot


@pytest.fixture(autouse=True)
def dealt_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual takes a process that computes little for one that has nothing left to do, which on
    a busy machine it is not: look at the messages that are left."""
    press, pause = Pilot.press, Pilot.pause

    async def press_each(pilot: Pilot[Any], *keys: str) -> None:
        for key in keys:
            await press(pilot, key)
            await settle(pilot)

    async def pause_and_settle(pilot: Pilot[Any], delay: float | None = None) -> None:
        await pause(pilot, delay)
        await settle(pilot)

    monkeypatch.setattr(Pilot, "press", press_each)
    monkeypatch.setattr(Pilot, "pause", pause_and_settle)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until no widget has a message left, and what they have done is laid out and painted."""
    app = pilot.app
    busy = True
    while busy and app.is_running and app._exception is None:
        await pilot._wait_for_screen()
        app.screen._on_timer_update()
        pumps = [app, *app.screen.walk_children(with_self=True)]
        busy = any(pump.message_queue_size for pump in pumps)
