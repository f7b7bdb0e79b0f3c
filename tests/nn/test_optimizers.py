"""Optimizers against the papers' formulas, one number at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import sqrt

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.optimizers import CHUNK, SGD, Adam, OptimizerConfig
from nn.types import Array

RATE = 0.01
STEPS = 20


def adam_of_the_paper(config: Adam) -> Callable[[float, Iterable[float]], float]:
    def train(w: float, gradients: Iterable[float]) -> float:
        m = v = 0.0
        for t, g in enumerate(gradients, 1):
            m = config.beta1 * m + (1 - config.beta1) * g
            v = config.beta2 * v + (1 - config.beta2) * g * g
            corrected_m = m / (1 - config.beta1**t)
            corrected_v = v / (1 - config.beta2**t)
            w -= RATE * corrected_m / (sqrt(corrected_v) + config.epsilon)
        return w

    return train


def momentum_by_hand(config: SGD) -> Callable[[float, Iterable[float]], float]:
    def train(w: float, gradients: Iterable[float]) -> float:
        velocity = 0.0
        for g in gradients:
            velocity = config.momentum * velocity + g
            w -= RATE * velocity
        return w

    return train


CASES: list[tuple[OptimizerConfig, Callable[[float, Iterable[float]], float]]] = [
    (config, adam_of_the_paper(config))
    for config in (Adam(), Adam(beta1=0.5, beta2=0.9, epsilon=0.1), Adam(beta1=0, beta2=0))
] + [(config, momentum_by_hand(config)) for config in (SGD(), SGD(momentum=0))]


@pytest.mark.parametrize(("config", "formula"), CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_formula(
    config: OptimizerConfig,
    formula: Callable[[float, Iterable[float]], float],
    dtype: type[np.floating],
) -> None:
    rng = np.random.default_rng(0)
    start = {"a": rng.standard_normal((3, 4)), "b": rng.standard_normal(5)}
    gradients = [{k: rng.standard_normal(v.shape) for k, v in start.items()} for _ in range(STEPS)]
    parameters = {name: value.astype(dtype) for name, value in start.items()}
    optimizer = config.build(parameters)
    for each in gradients:
        optimizer.update({name: value.astype(dtype) for name, value in each.items()}, RATE)
    assert optimizer.steps == STEPS
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    for name, value in parameters.items():
        assert value.dtype == dtype
        for at in np.ndindex(value.shape):
            expected = formula(
                float(start[name][at]), [float(each[name][at]) for each in gradients]
            )
            assert value[at] == pytest.approx(expected, rel=tolerance, abs=tolerance)


@pytest.mark.parametrize("config", [Adam(), SGD()])
def test_parameters_larger_than_a_chunk_are_updated_everywhere(config: OptimizerConfig) -> None:
    rng = np.random.default_rng(0)
    shape = (3, CHUNK + 5)
    start, gradient = rng.standard_normal(shape), rng.standard_normal(shape)
    large = {"w": start.copy()}
    small = {f"{i} {half}": part.copy() for i, half, part in parts(start)}
    one, many = config.build(large), config.build(small)
    for _ in range(3):
        one.update({"w": gradient}, RATE)
        many.update({f"{i} {half}": part for i, half, part in parts(gradient)}, RATE)
    for i, half, part in parts(large["w"]):
        assert_array_equal(part, small[f"{i} {half}"])
    assert (large["w"] != start).all()


def parts(array: Array) -> list[tuple[int, str, Array]]:
    """Pieces that each fit into a chunk."""
    return [
        (i, half, piece)
        for i, row in enumerate(array)
        for half, piece in (("first", row[:7000]), ("second", row[7000:]))
    ]


@pytest.mark.parametrize("config", [Adam(), SGD()])
def test_arrays_are_changed_in_place_and_gradients_not_at_all(config: OptimizerConfig) -> None:
    parameter, gradient = np.ones(4, np.float32), np.full(4, 2, np.float32)
    optimizer = config.build({"w": parameter})
    held = dict(optimizer.state)
    optimizer.update({"w": gradient}, RATE)
    assert (parameter < 1).all()
    assert_array_equal(gradient, np.full(4, 2))
    assert all(optimizer.state[name] is value for name, value in held.items())
    assert set(held) == {f"{slot}.w" for slot in optimizer.slots}


@pytest.mark.parametrize("config", [Adam(), SGD()])
def test_no_gradient_moves_nothing(config: OptimizerConfig) -> None:
    parameter = np.ones(4, np.float32)
    optimizer = config.build({"w": parameter})
    optimizer.update({"w": np.zeros(4, np.float32)}, 100.0)
    assert_array_equal(parameter, np.ones(4))


@pytest.mark.parametrize("epsilon", [1e-16, 1e-8])
def test_adam_divides_by_no_zero_in_float32(epsilon: float) -> None:
    parameter = np.ones(2, np.float32)
    Adam(epsilon=epsilon).build({"w": parameter}).update(
        {"w": np.array([0, 1e-30], np.float32)}, RATE
    )
    assert_allclose(parameter, [1, 1], atol=2 * RATE)
