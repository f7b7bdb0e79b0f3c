"""How long an epoch of a design takes."""

from __future__ import annotations

from typing import Any

import pytest

from nn.config import preset
from nn.profiling import Profile
from tui import pace
from tui.pace import Pace, key, seconds_an_epoch, words


def profile(learned: float, answered: float) -> Profile:
    """One with so many images a second in training and in inference."""
    return Profile(
        processor="one",
        processors=1,
        threads=1,
        blas="",
        numpy="",
        batch_size=128,
        steps=3,
        milliseconds=1.0,
        images_per_second=learned,
        inference_milliseconds=1.0,
        inference_images_per_second=answered,
        parts=(),
    )


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 55_000 / 1000 + 15_000 / 5000),
        ({"data.validation": 0}, 60_000 / 1000 + 10_000 / 5000),
        ({"data.limit": 1000, "data.validation": 500}, 800 / 1000 + 10_200 / 5000),
    ],
)
def test_an_epoch_learns_and_is_judged(changes: dict[str, Any], seconds: float) -> None:
    config = preset("small").changed(changes)
    assert seconds_an_epoch(config, profile(1000, 5000)) == pytest.approx(seconds)


def test_what_changes_no_step_needs_no_other_measurement() -> None:
    config = preset("small")
    same = {
        "training.epochs": 9,
        "training.seed": 3,
        "training.learning_rate": 0.5,
        "training.schedule": "step",
        "data.limit": 700,
        "save_as": "mine",
    }
    assert key(config.changed(same)) == key(config)
    for path, value in {
        "training.batch_size": 7,
        "training.optimizer": "sgd",
        "training.threads": 1000,
        "network.layers.0.filters": 9,
        "training.augmentation.shift": 2,
    }.items():
        assert key(config.changed({path: value})) != key(config), path


def test_it_says_what_is_known() -> None:
    config = preset("small").changed({"data.validation": 0})
    plan, known = config.plan(), Pace()

    def said(*, training: bool = False) -> str:
        return words(config, plan, known, training=training)

    assert said() == ""
    assert said(training=True) == "time not measured while training"
    known.measuring = key(config)
    assert said() == "measuring an epoch…"
    known.found[key(config)] = profile(6000, 5000)
    assert said() == said(training=True) == "about 12 s an epoch (measured)"
    del known.found[key(config)]
    known.measuring, known.failed[key(config)] = "", "there is not enough memory"
    assert said() == "an epoch cannot be measured: there is not enough memory"


def test_what_is_large_is_not_measured_unasked() -> None:
    config = preset("original").changed({"training.batch_size": 65_536})
    assert not pace.is_small(config, config.plan())
    said = words(config, config.plan(), Pace(), training=False)
    assert said == "too large to time unasked: 7, then t"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (100, "1:40")],
)
def test_times_are_short(seconds: float, text: str) -> None:
    assert pace.time(seconds) == text
