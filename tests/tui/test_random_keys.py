"""Some keys at random; `random_keys.py` is the script for many."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_keys import press_at_random

from nn.runs.folder import Library


def test_keys_at_random_over_all_screens_while_a_run_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path))
    outcome = press_at_random(Library(tmp_path / "models"), count=1200, seed=1)
    assert outcome.pressed >= 1200
    assert outcome.runs >= 1
