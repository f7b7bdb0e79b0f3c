"""The rate of images, with times by hand."""

from __future__ import annotations

from math import exp

import pytest

from nn.runs.speed import RATE_SECONDS, Speed


def test_over_everything_it_is_images_by_seconds() -> None:
    speed = Speed()
    for images, seconds in ((100, 1.0), (100, 3.0)):
        speed.add(images, seconds)
    assert speed.overall == 50.0


def test_lately_it_goes_to_a_new_rate_by_the_time_that_passes_not_by_the_steps() -> None:
    """Of a difference that stays, 1 / e is left after RATE_SECONDS, however long a step takes."""
    few, many = Speed(), Speed()
    few.add(1000, 1.0)
    many.add(1000, 1.0)
    few.add(int(2000 * RATE_SECONDS), RATE_SECONDS)
    for _ in range(10):
        many.add(int(200 * RATE_SECONDS), RATE_SECONDS / 10)
    assert few.recent == pytest.approx(2000 - 1000 * exp(-1))
    assert many.recent == pytest.approx(few.recent)


def test_before_the_first_step_it_is_nothing() -> None:
    assert (Speed().recent, Speed().overall) == (0.0, 0.0)
