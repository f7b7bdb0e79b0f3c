from __future__ import annotations

from math import cos, pi

import pytest

from nn.schedules import Constant, Cosine, Exponential, OneCycle, Plateau, Step
from nn.schema import InputError


def test_constant() -> None:
    assert [Constant().factor(epoch, 5, ()) for epoch in (0, 2.5, 5)] == [1, 1, 1]


def test_step_drops_after_each_of_its_epochs() -> None:
    step = Step(drop=0.5, after=(1, 3))
    found = [step.factor(epoch, 5, ()) for epoch in (0, 0.99, 1, 2.99, 3, 4)]
    assert found == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_cosine_rises_falls_and_ends_at_the_floor() -> None:
    cosine = Cosine(warmup=2, floor=0.2)
    found = [cosine.factor(epoch, 10, ()) for epoch in (0, 1, 2, 4, 6, 8, 10, 11)]
    expected = [0.2, 0.6, 1, 0.6 + 0.4 * cos(pi / 4), 0.6, 0.6 - 0.4 * cos(pi / 4), 0.2, 0.2]
    assert found == pytest.approx(expected)


def test_cosine_without_warmup_starts_at_the_top() -> None:
    assert Cosine(warmup=0, floor=0).factor(0, 4, ()) == 1
    assert Cosine(warmup=0, floor=0).factor(4, 4, ()) == pytest.approx(0)


def test_a_warmup_longer_than_training_only_rises() -> None:
    cosine = Cosine(warmup=4, floor=0)
    assert [cosine.factor(epoch, 2, ()) for epoch in (0, 1, 2)] == [0, 0.25, 0.5]
    assert cosine.factor(4, 4, ()) == 1


def test_exponential_drops_after_every_epoch() -> None:
    exponential = Exponential(drop=0.5)
    found = [exponential.factor(epoch, 5, ()) for epoch in (0, 0.99, 1, 1.5, 2, 4.99)]
    assert found == [1, 1, 0.5, 0.5, 0.25, 0.0625]


def test_one_cycle_rises_falls_and_ends_at_the_floor() -> None:
    cycle = OneCycle(rise=0.4, start=0.2, floor=0.1)
    found = [cycle.factor(epoch, 10, ()) for epoch in (0, 1, 2, 4, 7, 8.5, 10, 11)]
    expected = [0.2, 0.6 - 0.4 * cos(pi / 4), 0.6, 1, 0.55, 0.55 - 0.45 * cos(pi / 4), 0.1, 0.1]
    assert found == pytest.approx(expected)


def test_one_cycle_begins_and_ends_as_that_of_pytorch() -> None:
    """Whose initial rate is a 25th of the largest, and the last a 10,000th of that."""
    assert OneCycle().factor(0, 5, ()) == pytest.approx(1 / 25)
    assert OneCycle().factor(1.5, 5, ()) == pytest.approx(1)
    assert OneCycle().factor(5, 5, ()) == pytest.approx(1 / 25 / 10_000)


@pytest.mark.parametrize(
    ("losses", "drops"),
    [
        ([], 0),
        ([3.0], 0),
        ([3.0, 2.0, 1.0], 0),
        ([1.0, 1.0, 1.0], 0),
        ([1.0, 1.0, 1.0, 1.0], 1),
        ([1.0, 2.0, 2.0, 0.9, 1.0, 1.0], 0),
        ([1.0, 2.0, 2.0, 0.9, 1.0, 1.0, 1.0], 1),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 1),
        ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 2),
        ([1.0, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0], 1),
    ],
)
def test_plateau_drops_after_more_than_two_epochs_that_are_no_better(
    losses: list[float], drops: int
) -> None:
    plateau = Plateau(drop=0.5, patience=2)
    assert plateau.factor(len(losses) + 0.3, 100, losses) == 0.5**drops


def test_plateau_takes_less_than_its_threshold_for_no_better() -> None:
    plateau = Plateau(drop=0.5, patience=0, threshold=0.1)
    assert plateau.factor(2, 9, [1.0, 0.91]) == 0.5
    assert plateau.factor(2, 9, [1.0, 0.89]) == 1
    assert plateau.factor(3, 9, [1.0, 0.95, 0.91]) == 0.25


def test_plateau_stays_above_its_floor() -> None:
    plateau = Plateau(drop=0.5, patience=0, floor=0.2)
    found = [plateau.factor(n, 9, [1.0] * n) for n in (1, 2, 3, 4, 5)]
    assert found == [1, 0.5, 0.25, 0.2, 0.2]


@pytest.mark.parametrize("given", ["2, 5", "2 5", [2, 5], ["2", "5"], (2, 5)])
def test_epochs_of_a_step_as_people_write_them(given: object) -> None:
    assert Step.parse({"after": given}).after == (2, 5)


def test_epochs_of_a_step_that_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"^after\.1: 'x' is not a whole number; write one such as 10$"
    ):
        Step.parse({"after": "2, x"})
    with pytest.raises(InputError, match=r"^after\.0: 0 is too small; give 1 or more$"):
        Step.parse({"after": [0]})
    with pytest.raises(InputError, match=r"^after: 5 is not a list$"):
        Step.parse({"after": 5})
