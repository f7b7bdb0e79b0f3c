"""Optimizers against the papers' formulas, one number at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import sqrt
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.config import NetworkConfig
from nn.network import Network
from nn.ops.chunks import CHUNK
from nn.optimizers import SGD, Adam, AdamW, OptimizerConfig, RMSprop, clip
from nn.types import Array

RATE = 0.01
STEPS = 20


Formula: TypeAlias = Callable[[float, Iterable[float]], float]
"""What one number becomes of its start and its gradients, when it decays as weights do."""


def adam_by_hand(config: Adam | AdamW) -> Formula:
    """Algorithm 1 of Adam's paper, and algorithm 2 of AdamW's with PyTorch's α λ."""

    def train(w: float, gradients: Iterable[float]) -> float:
        m = v = 0.0
        for t, g in enumerate(gradients, 1):
            if isinstance(config, AdamW):
                w -= RATE * config.weight_decay * w
            else:
                g += config.weight_decay * w
            m = config.beta1 * m + (1 - config.beta1) * g
            v = config.beta2 * v + (1 - config.beta2) * g * g
            corrected_m = m / (1 - config.beta1**t)
            corrected_v = v / (1 - config.beta2**t)
            w -= RATE * corrected_m / (sqrt(corrected_v) + config.epsilon)
        return w

    return train


def rmsprop_by_hand(config: RMSprop) -> Formula:
    def train(w: float, gradients: Iterable[float]) -> float:
        v = u = 0.0
        for g in gradients:
            g += config.weight_decay * w
            v = config.rho * v + (1 - config.rho) * g * g
            u = config.momentum * u + g / (sqrt(v) + config.epsilon)
            w -= RATE * u
        return w

    return train


def momentum_by_hand(config: SGD) -> Formula:
    def train(w: float, gradients: Iterable[float]) -> float:
        velocity = 0.0
        for g in gradients:
            g += config.weight_decay * w
            velocity = config.momentum * velocity + g
            w -= RATE * (g + config.momentum * velocity if config.nesterov else velocity)
        return w

    return train


def by_hand(config: OptimizerConfig) -> Formula:
    match config:
        case Adam() | AdamW():
            return adam_by_hand(config)
        case RMSprop():
            return rmsprop_by_hand(config)
        case SGD():
            return momentum_by_hand(config)
        case _:
            raise AssertionError(f"there is no formula for {config}")


CONFIGS: list[OptimizerConfig] = [
    Adam(),
    Adam(beta1=0.5, beta2=0.9, epsilon=0.1),
    Adam(beta1=0, beta2=0),
    Adam(weight_decay=0.1),
    AdamW(),
    AdamW(weight_decay=1.5),
    AdamW(weight_decay=0),
    RMSprop(),
    RMSprop(rho=0.5, momentum=0.9, epsilon=0.1),
    RMSprop(weight_decay=0.1),
    SGD(),
    SGD(momentum=0),
    SGD(nesterov=True),
    SGD(nesterov=True, momentum=0.5, weight_decay=0.1),
    SGD(weight_decay=0.1),
]
CASES = [(config, by_hand(config)) for config in CONFIGS]


@pytest.mark.parametrize(("config", "formula"), CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_formula(
    config: OptimizerConfig,
    formula: Formula,
    dtype: type[np.floating],
) -> None:
    rng = np.random.default_rng(0)
    start = {"1.weights": rng.standard_normal((3, 4)), "2.weights": rng.standard_normal(5)}
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


@pytest.mark.parametrize("config", [Adam(weight_decay=0.1), AdamW(), RMSprop(), SGD()])
def test_parameters_larger_than_a_chunk_are_updated_everywhere(config: OptimizerConfig) -> None:
    rng = np.random.default_rng(0)
    shape = (3, CHUNK + 5)
    start, gradient = rng.standard_normal(shape), rng.standard_normal(shape)
    large = {"weights": start.copy()}
    small = {f"{i} {half} weights": part.copy() for i, half, part in parts(start)}
    one, many = config.build(large), config.build(small)
    for _ in range(3):
        one.update({"weights": gradient}, RATE)
        many.update({f"{i} {half} weights": part for i, half, part in parts(gradient)}, RATE)
    for i, half, part in parts(large["weights"]):
        assert_array_equal(part, small[f"{i} {half} weights"])
    assert (large["weights"] != start).all()


def parts(array: Array) -> list[tuple[int, str, Array]]:
    """Pieces that each fit into a chunk."""
    return [
        (i, half, piece)
        for i, row in enumerate(array)
        for half, piece in (("first", row[:7000]), ("second", row[7000:]))
    ]


@pytest.mark.parametrize("config", CONFIGS)
def test_arrays_are_changed_in_place_and_gradients_not_at_all(config: OptimizerConfig) -> None:
    parameter, gradient = np.ones(4, np.float32), np.full(4, 2, np.float32)
    optimizer = config.build({"weights": parameter})
    held = dict(optimizer.state)
    optimizer.update({"weights": gradient}, RATE)
    assert (parameter < 1).all()
    assert_array_equal(gradient, np.full(4, 2))
    assert all(optimizer.state[name] is value for name, value in held.items())
    assert set(held) == {f"{slot}.weights" for slot in optimizer.slots}


@pytest.mark.parametrize("config", CONFIGS)
def test_no_gradient_moves_nothing(config: OptimizerConfig) -> None:
    parameter = np.ones(4, np.float32)
    optimizer = config.build({"w": parameter})
    optimizer.update({"w": np.zeros(4, np.float32)}, 100.0)
    assert_array_equal(parameter, np.ones(4))


DEEP: list[dict[str, Any]] = [
    {"kind": "conv2d", "filters": 4, "kernel_size": 3, "groups": 2},
    {"kind": "batch_norm"},
    {"kind": "residual", "layers": [{"kind": "conv2d", "filters": 6}, {"kind": "layer_norm"}]},
    {"kind": "flatten"},
    {"kind": "dense", "units": 3},
]


@pytest.mark.parametrize(
    "config",
    [
        Adam(weight_decay=0.1),
        AdamW(weight_decay=0.1),
        RMSprop(weight_decay=0.1),
        SGD(weight_decay=0.1),
    ],
)
def test_weights_decay_and_biases_and_norms_do_not(config: OptimizerConfig) -> None:
    """What is multiplied with inputs has two axes or more; what is one a channel has one."""
    layers = NetworkConfig.parse({"layers": DEEP}).layers
    parameters = Network(layers, (4, 4, 2), 3).parameters
    for value in parameters.values():
        value.fill(1)
    config.build(parameters).update({k: np.zeros_like(v) for k, v in parameters.items()}, RATE)
    assert len(parameters) == 12
    for value in parameters.values():
        assert (value < 1).all() if value.ndim > 1 else (value == 1).all()


@pytest.mark.parametrize("epsilon", [1e-16, 1e-8])
def test_adam_divides_by_no_zero_in_float32(epsilon: float) -> None:
    parameter = np.ones(2, np.float32)
    Adam(epsilon=epsilon).build({"w": parameter}).update(
        {"w": np.array([0, 1e-30], np.float32)}, RATE
    )
    assert_allclose(parameter, [1, 1], atol=2 * RATE)


@pytest.mark.parametrize("limit", [1.0, 6.5, 6.6, 100.0])
def test_gradients_are_clipped_together(limit: float) -> None:
    """‖(2, 3, 5, 2, 1)‖ = √43 ≈ 6.557."""
    gradients = {"a": np.array([[2.0, -3.0]]), "b": np.array([5.0, 2.0, 1.0])}
    assert clip(gradients, limit) == pytest.approx(sqrt(43))
    shortened = limit / (sqrt(43) + 1e-6) if limit < sqrt(43) else 1
    assert_allclose(gradients["a"], [[2 * shortened, -3 * shortened]], rtol=1e-14)
    assert_allclose(gradients["b"], [5 * shortened, 2 * shortened, shortened], rtol=1e-14)


def test_a_gradient_of_zero_and_none_at_all_are_left_alone() -> None:
    gradients = {"a": np.zeros(3, np.float32)}
    assert clip(gradients, 1e-9) == 0
    assert_array_equal(gradients["a"], np.zeros(3))
    assert clip({}, 1) == 0


def test_large_numbers_are_clipped_to_the_limit_in_float32() -> None:
    """Their squares are out of the range of float32."""
    gradients = {"a": np.array([3e30, -4e30], np.float32)}
    assert clip(gradients, 10) == pytest.approx(5e30)
    assert_allclose(gradients["a"], [6, -8], rtol=1e-6)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_norm_that_is_not_finite_is_told_and_changes_nothing(broken: float) -> None:
    gradients = {"a": np.array([1, broken], np.float32), "b": np.array([2], np.float32)}
    assert not np.isfinite(clip(gradients, 1))
    assert_array_equal(gradients["a"], [1, broken])
    assert_array_equal(gradients["b"], [2])
