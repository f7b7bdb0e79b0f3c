"""The sizes of gradients and updates, against norms of the whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from nn.config import RunConfig
from nn.data import Dataset
from nn.runs.sizes import INTERVAL, SAMPLE, SizeMeter
from nn.training import BatchDone, Training
from nn.types import Array


def training_of(tiny: RunConfig, **changes: object) -> Training:
    """A training on noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (200, 28, 28, 1), np.uint8)
    data = Dataset("noise", images, rng.integers(0, 10, 200), tuple("0123456789"))
    config = tiny.changed({path.replace("__", "."): value for path, value in changes.items()})
    return Training(config, data, data)


def copies(arrays: dict[str, Array]) -> dict[str, Array]:
    return {name: array.copy() for name, array in arrays.items()}


def norms(arrays: dict[str, Array]) -> dict[str, float]:
    return {name: float(np.linalg.norm(array)) for name, array in arrays.items()}


def test_sizes_are_norms_of_one_step(tiny: RunConfig) -> None:
    training = training_of(tiny)
    meter, network = SizeMeter(), training.network
    steps = training.steps()
    next(steps)
    assert meter.after_batch(training, 10.0) == {}
    before = copies(network.parameters)
    next(steps)
    sizes = meter.after_batch(training, 10.1)
    updates = {name: network.parameters[name] - old for name, old in before.items()}
    assert sizes.keys() == network.parameters.keys()
    for part, arrays in (
        ("gradient", network.gradients),
        ("update", updates),
        ("parameter", network.parameters),
    ):
        wanted = norms(arrays)
        for name, size in sizes.items():
            few = network.parameters[name].size <= SAMPLE
            tolerance = 1e-3 if few else 0.2
            assert getattr(size, part) == pytest.approx(wanted[name], rel=tolerance), (name, part)


def test_a_large_array_is_known_from_some_of_its_values(tiny: RunConfig) -> None:
    training = training_of(tiny)
    large = max(
        training.network.parameters, key=lambda name: training.network.parameters[name].size
    )
    array, gradient = training.network.parameters[large], training.network.gradients[large]
    assert array.size > SAMPLE
    meter = SizeMeter()
    rng = np.random.default_rng(1)
    array[...] = rng.normal(0, 0.1, array.shape)
    meter.after_batch(training, 10.0)
    array += 0.01
    gradient[...] = rng.normal(0, 3, array.shape)
    training.optimizer.steps += 1
    size = meter.after_batch(training, 10.0)[large]
    whole = np.sqrt(array.size)
    assert size.gradient == pytest.approx(3 * whole, rel=0.03)
    assert size.update == pytest.approx(0.01 * whole, rel=1e-3)
    assert size.parameter == pytest.approx(np.linalg.norm(array), rel=0.03)


def test_one_step_a_second_is_measured(tiny: RunConfig) -> None:
    training = training_of(tiny)
    meter = SizeMeter()
    told = []
    for number, done in enumerate(training.steps()):
        assert isinstance(done, BatchDone)
        told.append(bool(meter.after_batch(training, number * INTERVAL / 4)))
    assert len(told) > 6
    assert told[:9] == [False, True, False, False, False, False, True, False, False][: len(told)]


def test_gathered_gradients_are_measured_when_their_step_is_taken(tiny: RunConfig) -> None:
    training = training_of(tiny, training__accumulate=3)
    meter = SizeMeter()
    told = [meter.after_batch(training, 0.0) for _ in training.steps()]
    assert [bool(each) for each in told[:3]] == [False, False, True]
    assert all(size.update > 0 for size in told[2].values())


def test_measuring_changes_nothing(tiny: RunConfig) -> None:
    plain, measured = training_of(tiny), training_of(tiny)
    meter = SizeMeter()
    for number, _ in enumerate(zip(plain.steps(), measured.steps(), strict=True)):
        meter.after_batch(measured, number * INTERVAL)
    for name, array in plain.network.parameters.items():
        np.testing.assert_array_equal(array, measured.network.parameters[name])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_left_out(tiny: RunConfig, bad: float) -> None:
    training = training_of(tiny)
    meter = SizeMeter()
    meter.after_batch(training, 0.0)
    training.optimizer.steps += 1
    first, *others = training.network.gradients
    training.network.gradients[first].flat[0] = bad
    assert list(meter.after_batch(training, 0.0)) == others
