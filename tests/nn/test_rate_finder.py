"""The learning rate range test, against hand-written training and what theory says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn import training as training_module
from nn.config import RunConfig
from nn.data import Dataset
from nn.rate_finder import RateTest, RateTested, RateTried, find_rate, read_curve
from nn.schema import InputError
from nn.training import Training

LINEAR: list[dict[str, Any]] = [{"kind": "flatten"}, {"kind": "dense", "units": 10}]
PLAIN_SGD = {"kind": "sgd", "momentum": 0}


def config(layers: list[dict[str, Any]] = LINEAR, **training: Any) -> RunConfig:
    return RunConfig.parse(
        {"data": {"validation": 0}, "network": {"layers": layers}, "training": training}
    )


def whole(digits: Dataset, **more: Any) -> RunConfig:
    """Linear softmax, plain gradient descent, all images in every step."""
    return config(batch_size=len(digits), optimizer=PLAIN_SGD, **more)


def outcome(
    settings: RunConfig, test: RateTest, data: Dataset
) -> tuple[list[RateTried], RateTested]:
    *tried, result = find_rate(settings, test, data)
    assert isinstance(result, RateTested)
    return [each for each in tried if isinstance(each, RateTried)], result


def test_the_rates_rise_from_start_to_end_by_one_factor(digits: Dataset) -> None:
    test = RateTest(start=1e-5, end=0.02, steps=40)
    settings = config(batch_size=50, learning_rate=3.0, schedule={"kind": "cosine"})
    tried, _ = outcome(settings, test, digits)
    rates = [each.learning_rate for each in tried]
    factor = (0.02 / 1e-5) ** (1 / 39)
    assert_allclose(rates, [1e-5 * factor**k for k in range(40)], rtol=1e-12)
    assert (rates[0], rates[-1]) == (1e-5, 0.02)
    assert [each.step for each in tried] == list(range(1, 41))


def test_the_smoothed_loss_is_a_mean_in_which_each_loss_weighs_nine_tenths_of_the_next(
    digits: Dataset,
) -> None:
    tried, _ = outcome(config(batch_size=50), RateTest(steps=30, end=0.1), digits)
    losses = [each.loss for each in tried]
    for k, each in enumerate(tried):
        weights = [0.9 ** (k - i) for i in range(k + 1)]
        assert each.smoothed == pytest.approx(np.average(losses[: k + 1], weights=weights))


def by_hand(settings: RunConfig, data: Dataset, rates: list[float]) -> Iterator[float]:
    """The losses of gradient descent on softmax regression, in float64."""
    first = Training(settings, data, data).network.parameters
    weights, biases = first.values()
    w, b = weights.astype(np.float64), biases.astype(np.float64).reshape(-1)
    x = data.images.reshape(len(data), -1) / 255.0
    one_hot = np.eye(10)[data.labels]
    for rate in rates:
        logits = x @ w.T + b
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        yield float(-np.log(p[one_hot == 1]).mean())
        w -= rate * (p - one_hot).T @ x / len(x)
        b -= rate * (p - one_hot).mean(axis=0)


def test_it_trains_as_gradient_descent_by_hand_does(digits: Dataset) -> None:
    settings, test = whole(digits), RateTest(start=1e-3, end=0.1, steps=30)
    tried, _ = outcome(settings, test, digits)
    expected = list(by_hand(settings, digits, [each.learning_rate for each in tried]))
    assert_allclose([each.loss for each in tried], expected, rtol=1e-4)


def test_the_loss_only_rises_beyond_the_rate_to_which_descent_is_certain(digits: Dataset) -> None:
    """The Hessian of softmax regression is at most half of that of least squares (Böhning, 1992),
    so each step of gradient descent at a rate of up to 2 / (largest eigenvalue / 2) descends."""
    x = np.column_stack([digits.images.reshape(len(digits), -1) / 255.0, np.ones(len(digits))])
    certain = 4 / np.linalg.eigvalsh(x.T @ x / len(x)).max()
    tried, result = outcome(whole(digits), RateTest(start=certain / 100, end=100), digits)
    rates = np.array([each.learning_rate for each in tried])
    rises = np.flatnonzero(np.diff([each.loss for each in tried]) > 0)
    assert len(rises) > 0
    assert rates[rises[0]] > certain
    assert result.suggestion is not None
    assert result.steepest is not None
    assert result.lowest is not None
    assert result.steepest < result.lowest
    assert result.suggestion < result.lowest


def test_it_ends_when_the_smoothed_loss_is_four_times_its_best(digits: Dataset) -> None:
    tried, _ = outcome(whole(digits), RateTest(start=0.01, end=100), digits)
    assert len(tried) < 100
    means = [each.smoothed for each in tried]
    assert means[-1] > 4 * min(means)
    assert all(means[k] <= 4 * min(means[: k + 1]) for k in range(len(means) - 1))


def test_a_loss_that_is_no_number_ends_it_without_an_error(digits: Dataset) -> None:
    deep = [{"kind": "flatten"}, *[{"kind": "dense", "units": 64}] * 30, LINEAR[1]]
    settings = config(deep, batch_size=50, optimizer=PLAIN_SGD)
    tried, result = outcome(settings, RateTest(start=99, end=100), digits)
    assert len(tried) < 5
    assert max(each.smoothed for each in tried) <= 4 * min(each.smoothed for each in tried)
    assert result.suggestion is None


def test_it_goes_on_into_further_epochs_and_never_evaluates(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def evaluated(*_: object) -> None:
        raise AssertionError("nothing is evaluated in a rate test")

    monkeypatch.setattr(training_module, "evaluate", evaluated)
    settings = config(batch_size=32, epochs=1)
    tried, _ = outcome(settings, RateTest(end=0.01, steps=50), digits.take(100))
    assert len(tried) == 50


def test_it_follows_from_the_seed(digits: Dataset) -> None:
    test = RateTest(steps=30)
    augmented = config(batch_size=50, augmentation={"shift": 2})
    once, again = (outcome(augmented, test, digits) for _ in range(2))
    assert once == again
    other, _ = outcome(augmented.changed({"training.seed": 1}), test, digits)
    assert [each.loss for each in other] != [each.loss for each in once[0]]


def test_rates_too_low_to_learn_at_give_no_suggestion(digits: Dataset) -> None:
    for seed in range(3):
        settings = config(batch_size=20, seed=seed)
        _, result = outcome(settings, RateTest(start=1e-12, end=1e-10), digits)
        assert (result.suggestion, result.steepest, result.lowest) == (None, None, None)
        assert result.sentence.startswith("no rate was found, as the loss never fell by 20%")


RATES = np.geomspace(1e-6, 10, 141)
"""Twenty rates to a factor of ten."""


def curve(fall_at: float, lowest_at: float) -> list[float]:
    """A loss of 2 that falls by logistic steps around one rate and explodes after another."""
    x = np.log10(RATES)
    fall = 1.8 / (1 + np.exp(-8 * (x - np.log10(fall_at))))
    beyond = np.maximum(x - np.log10(lowest_at), 0)
    drift = 0.001 * (np.log10(lowest_at) - np.minimum(x, np.log10(lowest_at)))
    return (2 - fall + drift + 3 * beyond**2).tolist()


@pytest.mark.parametrize(("fall_at", "lowest_at"), [(1e-3, 0.1), (1e-4, 0.01), (0.01, 1.0)])
def test_the_suggestion_is_halfway_between_the_fall_and_a_tenth_of_the_lowest(
    fall_at: float, lowest_at: float
) -> None:
    result = read_curve(RATES, curve(fall_at, lowest_at))
    assert result.steepest == pytest.approx(fall_at, rel=0.01)
    assert result.lowest == pytest.approx(lowest_at, rel=0.13)
    assert result.suggestion == pytest.approx((fall_at * lowest_at / 10) ** 0.5, rel=0.1)
    assert f"{result.suggestion:g}" in result.sentence


def test_a_steeper_fall_after_the_lowest_or_in_the_noise_of_the_beginning_is_ignored() -> None:
    losses = np.array(curve(1e-3, 0.1))
    losses[0] = 4.0
    losses[-3:] = 9.0, 4.0, 9.0
    assert read_curve(RATES, losses.tolist()).steepest == pytest.approx(1e-3, rel=0.01)


def test_a_loss_that_falls_to_the_end_asks_for_a_higher_end() -> None:
    assert "a higher end" in read_curve(RATES[:70], curve(1e-3, 0.1)[:70]).sentence
    assert "a higher end" not in read_curve(RATES, curve(1e-3, 0.1)).sentence


@pytest.mark.parametrize("losses", [[], [2.3], [2.3, 9.0], [2.0] * 50, [2.0 + i for i in range(9)]])
def test_curves_without_a_fall_give_no_suggestion(losses: list[float]) -> None:
    result = read_curve(RATES[: len(losses)].tolist(), losses)
    assert result.suggestion is None
    assert "no rate was found" in result.sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"start": 0}, "start: 0 is too small; give a number greater than 0"),
        ({"end": 101}, "end: 101 is too large; give 100.0 or less"),
        ({"start": 0.1, "end": 0.1}, "end: 0.1 is not above the start, 0.1; give a higher rate"),
        ({"steps": 19}, "steps: 19 is too small; give 20 or more"),
    ],
)
def test_rates_that_will_not_do_are_refused(values: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        RateTest.parse(values)
    assert str(refused.value) == sentence


def test_the_highest_rates_that_may_be_tried_can_be(digits: Dataset) -> None:
    tried, _ = outcome(config(), RateTest(start=99.9, end=100, steps=20), digits)
    assert tried
