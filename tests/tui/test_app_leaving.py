"""Leaving the dashboard at a bad moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.runs.folder import Library
from tui.app import Dashboard


@pytest.mark.parametrize("pauses", range(0, 60, 5))
async def test_it_can_be_left_while_it_is_still_being_drawn(tmp_path: Path, pauses: int) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=(120, 36)) as pilot:
        for _ in range(pauses):
            await pilot.pause(0)
        app.exit("bye")
    assert app.return_code == 0
    assert app.return_value == "bye"
