"""A few kills; `kills.py` is the script for many."""

from __future__ import annotations

from kills import kill_often

from nn.runs.folder import Library


def test_trainers_killed_at_random_instants_lose_nothing(library: Library) -> None:
    outcome = kill_often(library, count=8, seed=1)
    assert outcome.kills == 8
    assert outcome.slowest < 2.0
