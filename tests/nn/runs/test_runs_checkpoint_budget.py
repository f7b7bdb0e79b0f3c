"""How often a checkpoint can be afforded, with times by hand; with a run: see test_runs_faults."""

from __future__ import annotations

from nn.runs.checkpoint_budget import CheckpointBudget


def budget(*costs: float) -> CheckpointBudget:
    """Of checkpoints of these costs, the newest written at 100 s."""
    made = CheckpointBudget()
    made.begin(0.0)
    for cost in costs:
        made.spend(100.0 - cost, 100.0)
    return made


def test_without_any_yet_only_the_interval_counts() -> None:
    assert not budget().allows(now=5.0, trained=5.0, interval=5.0)
    assert budget().allows(now=5.1, trained=5.1, interval=5.0)


def test_one_of_a_second_is_followed_by_fifty_without() -> None:
    assert not budget(1.0).allows(now=149.9, trained=1000.0)
    assert budget(1.0).allows(now=150.1, trained=1000.0)


def test_a_single_slow_one_does_not_make_the_next_wait_for_fifty_times_its_cost() -> None:
    assert budget(0.1, 0.1, 0.1, 0.1, 9.0).allows(now=105.1, trained=1000.0)


def test_only_the_newest_five_say_what_one_costs() -> None:
    assert budget(9.0, 9.0, 9.0, 9.0, 9.0, 0.1, 0.1, 0.1).allows(now=105.1, trained=10_000.0)


def test_all_together_take_two_percent_at_most() -> None:
    assert not budget(0.1, 0.1, 0.1, 0.1, 9.0).allows(now=200.0, trained=469.9)
    assert budget(0.1, 0.1, 0.1, 0.1, 9.0).allows(now=200.0, trained=470.1)
