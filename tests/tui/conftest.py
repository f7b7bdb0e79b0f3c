"""Keys and pauses of every test of a screen: what follows from them is there when they return."""

from __future__ import annotations

from typing import Any

import pytest
from settling import settle
from textual.pilot import Pilot


@pytest.fixture(autouse=True)
def dealt_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual takes a process that computes little for one that has nothing left to do, which on
    a busy machine it is not: look at the messages that are left."""
    press, pause = Pilot.press, Pilot.pause

    async def press_and_settle(pilot: Pilot[Any], *keys: str) -> None:
        await press(pilot, *keys)
        await settle(pilot)

    async def pause_and_settle(pilot: Pilot[Any], delay: float | None = None) -> None:
        await pause(pilot, delay)
        await settle(pilot)

    monkeypatch.setattr(Pilot, "press", press_and_settle)
    monkeypatch.setattr(Pilot, "pause", pause_and_settle)
