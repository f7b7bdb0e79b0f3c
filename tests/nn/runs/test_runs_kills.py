"""A few kills; `kills.py` is the script for many."""

from __future__ import annotations

from kills import kill_often

from nn.runs.folder import Library


def test_trainers_killed_at_random_instants_lose_nothing(library: Library) -> None:
    assert kill_often(library, count=8, seed=1, lost_within=60.0).kills == 8
