"""Profiles: their steps are those of training, and their figures hold together."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nn import profiling
from nn.config import RunConfig
from nn.data import Dataset
from nn.network import copy_arrays
from nn.ops import algorithms
from nn.profiling import Clock, Profile, ProfileAdvanced, ProfileTest, Steps, profile
from nn.training import Training

SHAPE, CLASSES = (8, 8, 1), 4
CONV = {"kind": "conv2d", "filters": 3, "kernel_size": 3}
LAYERS = [
    CONV,
    {"kind": "relu"},
    {"kind": "max_pool2d"},
    {"kind": "dropout"},
    {"kind": "flatten"},
    {"kind": "dense", "units": CLASSES},
]


def config(**training: object) -> RunConfig:
    fields = {"batch_size": 6, "threads": 1, **training}
    return RunConfig.parse({"network": {"layers": LAYERS}, "training": fields})


def measured(of: RunConfig, steps: int = 2) -> Profile:
    *advanced, found = profile(of, SHAPE, CLASSES, ProfileTest(steps=steps))
    assert isinstance(found, Profile)
    assert all(isinstance(each, ProfileAdvanced) for each in advanced)
    return found


class Time:
    """A clock that a test moves on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(profiling, "perf_counter", lambda: self.now)


def test_a_clock_gives_all_of_a_round_to_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    time, clock = Time(monkeypatch), Clock()
    for first, second, again in ((1, 10, 2), (3, 50, 1), (5, 20, 0)):
        time.now += 1000
        clock.begin()
        for part, seconds in (("a", first), ("b", second), ("a", again)):
            time.now += seconds
            clock.lap(part)
    assert clock.milliseconds("a") == pytest.approx(4000)
    assert clock.milliseconds("b") == pytest.approx(20_000)
    assert clock.milliseconds("c") == 0
    clock.forget()
    clock.begin()
    time.now += 7
    clock.lap("a")
    assert clock.milliseconds("a") == pytest.approx(7000)


@pytest.mark.parametrize(
    "training",
    [
        {},
        {"optimizer": {"kind": "sgd"}, "clip_norm": 0.01},
        {"augmentation": {"shift": 0.1}, "loss": {"label_smoothing": 0.1}},
        {"loss": {"class_weights": "balanced"}, "average": 0.9},
    ],
)
def test_its_steps_leave_the_weights_that_training_leaves(training: dict[str, object]) -> None:
    """Bit for bit: what is measured is what training does."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (6, *SHAPE), np.uint8)
    labels = np.array([0, 0, 1, 2, 3, 3])
    data = Dataset("random", images, labels, tuple("abcd"))
    wanted = config(**training).changed({"data.validation": 0})
    real = Training(wanted, data, data)
    order = real._order()
    steps = Steps(wanted, images[order], labels[order], CLASSES)
    copy_arrays(real.network.parameters, steps.network.parameters)
    before = {name: value.copy() for name, value in real.network.parameters.items()}
    clock = Clock()
    steps.learn(clock, real._luck())
    list(real.steps())
    for name, value in real.network.parameters.items():
        assert_array_equal(value, steps.network.parameters[name])
        assert (value != before[name]).any()


def test_its_answers_are_those_of_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(2).integers(0, 256, (6, *SHAPE), np.uint8)
    steps = Steps(config(), images, np.arange(6) % CLASSES, CLASSES)
    expected = steps.network.predict(images)
    given = []
    softmax = profiling.softmax

    def noted(logits: np.ndarray) -> np.ndarray:
        given.append(softmax(logits))
        return given[-1]

    monkeypatch.setattr(profiling, "softmax", noted)
    steps.answer(Clock())
    assert_array_equal(given[0].T, expected)


def test_stages_name_their_layers_in_the_order_of_computing() -> None:
    parts = measured(config()).parts
    names = [part.name for part in parts]
    assert names[:2] == ["images", "1.conv2d + 3.max_pool2d + 2.relu + 4.dropout"]
    assert names[2:] == ["5.flatten", "6.dense", "loss", "optimizer"]
    assert parts[1].layers == ("1.conv2d", "3.max_pool2d", "2.relu", "4.dropout")
    assert [part.algorithm for part in parts] == [None, "fft", *[None] * 4]


def test_figures_hold_together() -> None:
    found = measured(config())
    assert sum(part.share for part in found.parts) == pytest.approx(1)
    assert sum(part.milliseconds for part in found.parts) == pytest.approx(found.milliseconds)
    total = sum(part.inference_milliseconds for part in found.parts)
    assert total == pytest.approx(found.inference_milliseconds)
    assert found.images_per_second == pytest.approx(6 / (found.milliseconds / 1000))
    assert (found.batch_size, found.threads, found.steps) == (6, 1, 2)
    for part in found.parts:
        assert part.share == pytest.approx(part.milliseconds / found.milliseconds)
        if part.forward is not None:
            assert part.backward is not None
            both = part.forward.milliseconds + part.backward.milliseconds
            assert part.milliseconds == pytest.approx(both)
            for work in (part.forward, part.backward):
                rate = work.multiply_adds / (work.milliseconds / 1000) / 1e9
                assert work.rate == pytest.approx(rate)


def test_multiply_adds_are_those_of_the_definition() -> None:
    """Backward twice as many as forward, but for the first stage, whose input has no gradient."""
    by_name = {part.name.split()[0]: part for part in measured(config()).parts}
    convolution, dense = by_name["1.conv2d"], by_name["6.dense"]
    in_conv, in_dense = 6 * prod((8, 8, 3, 3, 3, 1)), 6 * prod((4, 4, 3)) * CLASSES
    for part, forward, backward in (
        (convolution, in_conv, in_conv),
        (dense, in_dense, 2 * in_dense),
        (by_name["5.flatten"], 0, 0),
    ):
        assert part.forward is not None
        assert part.backward is not None
        assert part.forward.multiply_adds == forward
        assert part.backward.multiply_adds == backward


def test_images_that_are_only_reshaped_before_a_layer_get_no_gradient() -> None:
    dense = {"kind": "dense", "units": CLASSES}
    only = config().changed({"network.layers": [{"kind": "flatten"}, dense]})
    part = next(part for part in measured(only).parts if part.name == "2.dense")
    assert part.backward is not None
    assert part.backward.multiply_adds == 6 * prod(SHAPE) * CLASSES


@pytest.mark.parametrize(
    ("training", "part"),
    [
        ({"augmentation": {"shift": 0.1}}, "augmentation"),
        ({"accumulate": 2}, "accumulation"),
        ({"clip_norm": 1.0}, "clipping"),
        ({"average": 0.9}, "average"),
    ],
)
def test_what_is_configured_besides_has_a_part_of_its_own(
    training: dict[str, object], part: str
) -> None:
    assert part in [each.name for each in measured(config(**training)).parts]
    assert part not in [each.name for each in measured(config()).parts]


def test_a_group_of_batches_shares_what_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)

    def taking(self: Steps, clock: Clock, *_: object) -> None:
        clock.begin()
        for part in ("images", "backward 0", "accumulation", "optimizer"):
            time.now += 0.008
            clock.lap(part)

    for name in ("learn", "answer"):
        monkeypatch.setattr(Steps, name, taking)
    found = {part.name: part for part in measured(config(accumulate=4)).parts}
    assert found["accumulation"].milliseconds == pytest.approx(8)
    assert found["optimizer"].milliseconds == pytest.approx(2)
    assert found["optimizer"].share == pytest.approx(2 / 26)


@pytest.mark.parametrize("algorithm", ["einsum", "gemm", "fft"])
def test_a_forced_algorithm_is_named(algorithm: str) -> None:
    forced = config().changed({"network.layers.0.algorithm": algorithm})
    assert measured(forced, steps=1).parts[1].algorithm == algorithm


def test_what_auto_chose_for_the_batch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(algorithms, "prefers_frequencies", lambda geometry, n: n > 4)
    for batch_size, named in ((2, "gemm"), (5, "fft")):
        sized = config(batch_size=batch_size)
        assert measured(sized, steps=1).parts[1].algorithm == named


def test_a_block_names_the_algorithms_inside() -> None:
    inner = [{**CONV, "algorithm": name} for name in ("gemm", "einsum")]
    block = {"kind": "residual", "layers": inner}
    blocks = RunConfig.parse(
        {
            "network": {"layers": [block, *LAYERS[4:]]},
            "training": {"batch_size": 2, "threads": 1},
        }
    )
    assert measured(blocks, steps=1).parts[1].algorithm == "gemm, einsum"


def test_a_profile_survives_json() -> None:
    found = measured(config())
    assert Profile.model_validate_json(found.model_dump_json()) == found
