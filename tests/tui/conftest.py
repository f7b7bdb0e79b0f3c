"""What tests of the dashboard share."""

from __future__ import annotations

import pytest

from tui import pace


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """No design is measured that merely rests while something else is tested."""
    monkeypatch.setattr(pace, "REST_SECONDS", float("inf"))
