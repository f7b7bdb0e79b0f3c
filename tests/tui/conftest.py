"""What tests of screens share: what follows from keys and pauses is there when they return."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from settling import settle
from textual.pilot import Pilot

from tui import pace


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """No design is measured that merely rests while something else is tested."""
    monkeypatch.setattr(pace, "REST_SECONDS", float("inf"))


@pytest.fixture(autouse=True)
def dealt_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual takes a process that computes little for one that has nothing left to do, which on
    a busy machine it is not: look at the messages that are left. And it waits for every widget to
    answer, which those that go with the app no longer do."""
    press, pause, wait_for_screen = Pilot.press, Pilot.pause, Pilot._wait_for_screen

    async def press_and_settle(pilot: Pilot[Any], *keys: str) -> None:
        await press(pilot, *keys)
        await settle(pilot)

    async def pause_and_settle(pilot: Pilot[Any], delay: float | None = None) -> None:
        await pause(pilot, delay)
        await settle(pilot)

    async def wait_unless_it_ends(pilot: Pilot[Any], timeout: float = 30.0) -> bool:
        waiting = asyncio.create_task(wait_for_screen(pilot, timeout))
        while not waiting.done() and not pilot.app._exit:
            await asyncio.wait({waiting}, timeout=0.05)
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        return False

    monkeypatch.setattr(Pilot, "_wait_for_screen", wait_unless_it_ends)
    monkeypatch.setattr(Pilot, "press", press_and_settle)
    monkeypatch.setattr(Pilot, "pause", pause_and_settle)
