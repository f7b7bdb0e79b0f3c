"""The loop: repeatable, resumable bit for bit, and honest when it diverges."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.accumulation import Accumulation
from nn.config import RunConfig
from nn.data import Dataset
from nn.evaluation import DivergedError, EvaluationAdvanced, evaluate
from nn.layers.stages import Local
from nn.losses import softmax
from nn.network import Network
from nn.ops.pieces import Piece
from nn.schema import InputError
from nn.training import BatchDone, EpochDone, Progress, Training, TrainingState
from nn.types import Array, Bytes

LAYERS: list[dict[str, Any]] = [
    {"kind": "conv2d", "filters": 3, "kernel_size": 3, "stride": 2},
    {"kind": "relu"},
    {"kind": "max_pool2d"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 10},
]


def config(**training: Any) -> RunConfig:
    """150 images to learn in 5 batches, the last of them short; 30 to validate."""
    training = {"epochs": 2, "batch_size": 32, "learning_rate": 0.01} | training
    return RunConfig.parse(
        {"data": {"validation": 30}, "network": {"layers": LAYERS}, "training": training}
    )


def start(digits: Dataset, settings: RunConfig | None = None, images: int = 180) -> Training:
    return Training(settings or config(), digits.take(images), digits.subset(np.arange(400, 440)))


def plain(progress: Progress) -> tuple[Any, ...]:
    """What happened, as values that can be compared."""
    if isinstance(progress, EpochDone):
        evaluation = progress.evaluation
        return (
            *(progress.epoch, progress.step, progress.train, progress.validation, progress.test),
            *(progress.best, evaluation.loss, evaluation.probabilities.tobytes()),
        )
    return (progress,)


def parameters(training: Training) -> dict[str, Array]:
    return {name: value.copy() for name, value in training.network.parameters.items()}


def assert_same_bits(one: dict[str, Array], other: dict[str, Array]) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        assert_array_equal(value, other[name])


def copied(state: TrainingState) -> TrainingState:
    """As a file would keep it: a state holds the live arrays."""
    return TrainingState({k: v.copy() for k, v in state.arrays.items()}, dict(state.position))


def test_a_run_takes_every_batch_and_then_evaluates(digits: Dataset) -> None:
    training = start(digits)
    assert training.validation is not None
    assert (len(training.train), len(training.validation), len(training.test)) == (150, 30, 40)
    assert training.batches_per_epoch == 5
    happened = list(training.run())
    kinds = [type(each).__name__ for each in happened]
    epoch = ["BatchDone"] * 5 + ["EvaluationAdvanced"] * 2 + ["EpochDone"]
    assert kinds == epoch * 2
    steps = [(each.step, each.epoch) for each in happened if isinstance(each, BatchDone)]
    assert steps == [(step, (step - 1) // 5) for step in range(1, 11)]
    ends = [(each.epoch, each.step) for each in happened if isinstance(each, EpochDone)]
    assert ends == [(0, 5), (1, 10)]
    advanced = [each for each in happened if isinstance(each, EvaluationAdvanced)]
    assert [(each.done, each.total) for each in advanced] == [(30, 30), (40, 40)] * 2


def test_the_steps_of_an_epoch_come_without_its_evaluation(digits: Dataset) -> None:
    training, other = start(digits), start(digits)
    whole = list(other.run())
    running = training.run()
    first = [next(running), next(running)]
    assert [*first, *training.steps()] == whole[:5]
    assert list(training.steps()) == []
    assert [plain(each) for each in training.run()] == [plain(each) for each in whole[5:]]


def test_every_image_is_learned_once_an_epoch(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Array] = []
    forward = Network.forward

    def watched(self: Network, images: Any, *, training: bool = False) -> Array:
        if training:
            seen.append(images.copy())
        return forward(self, images, training=training)

    monkeypatch.setattr(Network, "forward", watched)
    training = start(digits)
    list(training.run())
    assert [len(images) for images in seen] == [32, 32, 32, 32, 22] * 2
    first, second = (np.concatenate(seen[i : i + 5]) for i in (0, 5))
    assert not np.array_equal(first, second)

    def in_any_order(images: Array | Bytes) -> list[bytes]:
        return sorted(image.tobytes() for image in images)

    assert in_any_order(first) == in_any_order(second) == in_any_order(training.train.images)


def test_numbers_of_an_epoch_are_those_of_its_batches(digits: Dataset) -> None:
    training = start(digits)
    happened = list(training.run())
    batches = [each for each in happened if isinstance(each, BatchDone)]
    sizes = [32, 32, 32, 32, 22]
    for done in (each for each in happened if isinstance(each, EpochDone)):
        own = [each for each in batches if each.epoch == done.epoch]
        mean = sum(n * each.loss for n, each in zip(sizes, own, strict=True)) / 150
        right = sum(n * each.accuracy for n, each in zip(sizes, own, strict=True)) / 150
        assert done.train.loss == pytest.approx(mean)
        assert done.train.accuracy == pytest.approx(right)


def test_an_epoch_ends_with_the_truth_about_the_network(digits: Dataset) -> None:
    training = start(digits)
    done = list(training.run())[-1]
    assert isinstance(done, EpochDone)
    probabilities = training.network.predict(training.test.images)
    assert_allclose(done.evaluation.probabilities, probabilities)
    of_truth = probabilities[np.arange(40), training.test.labels]
    assert done.test.loss == pytest.approx(-np.log(of_truth).mean(), rel=1e-5)
    assert done.test.accuracy == np.mean(probabilities.argmax(axis=1) == training.test.labels)
    assert done.validation is not None
    assert training.validation is not None
    answers = training.network.predict(training.validation.images).argmax(axis=1)
    assert done.validation.accuracy == np.mean(answers == training.validation.labels)


def test_one_plain_step_by_hand(digits: Dataset) -> None:
    """Softmax regression, whose gradient fits into two lines."""
    settings = RunConfig.parse(
        {
            "data": {"validation": 0},
            "network": {"layers": [{"kind": "flatten"}, {"kind": "dense", "units": 10}]},
            "training": {
                "batch_size": 100,
                "learning_rate": 0.5,
                "optimizer": {"kind": "sgd", "momentum": 0},
            },
        }
    )
    training = start(digits, settings, images=100)
    w, b = (value.astype(np.float64) for value in parameters(training).values())
    x = training.train.images.reshape(100, -1) / 255
    one_hot = np.eye(10)[training.train.labels]
    error = softmax(w @ x.T + b[:, None]) - one_hot.T
    next(training.run())
    found_w, found_b = training.network.parameters.values()
    assert_allclose(found_w, w - 0.5 * error @ x / 100, atol=1e-5)
    assert_allclose(found_b, b - 0.5 * error.mean(axis=1), atol=1e-5)


def test_the_seed_decides_everything(digits: Dataset) -> None:
    one, same, other = start(digits), start(digits), start(digits, config(seed=1))
    assert [plain(each) for each in one.run()] == [plain(each) for each in same.run()]
    list(other.run())
    assert_same_bits(parameters(one), parameters(same))
    for name, value in parameters(one).items():
        assert not np.array_equal(value, other.network.parameters[name])
    assert not np.array_equal(one.train.labels, other.train.labels)


CHANGING = [
    pytest.param({"optimizer": optimizer, "schedule": schedule}, id=f"{optimizer['kind']} {name}")
    for optimizer in ({"kind": "adam"}, {"kind": "sgd"})
    for name, schedule in {
        "constant": {"kind": "constant"},
        "step": {"kind": "step", "after": [1], "drop": 0.5},
        "cosine": {"kind": "cosine", "warmup": 0.7},
    }.items()
] + [
    pytest.param({"accumulate": 2}, id="groups of two batches"),
    pytest.param({"accumulate": 9, "optimizer": {"kind": "sgd"}}, id="groups of all batches"),
    pytest.param(
        {
            "accumulate": 3,
            "patience": 1,
            "loss": {"label_smoothing": 0.2, "class_weights": "balanced"},
        },
        id="groups, patience and another loss",
    ),
]
CHANGING += [
    pytest.param({"optimizer": optimizer, "schedule": schedule}, id=name)
    for name, optimizer, schedule in (
        ("adam decay exponential", {"kind": "adam", "weight_decay": 0.1}, {"kind": "exponential"}),
        ("adamw one cycle", {"kind": "adamw"}, {"kind": "one_cycle"}),
        ("rmsprop plateau", {"kind": "rmsprop"}, {"kind": "plateau", "patience": 0}),
        (
            "rmsprop momentum plateau",
            {"kind": "rmsprop", "momentum": 0.9, "weight_decay": 0.1},
            {"kind": "plateau", "patience": 0, "threshold": 0.99},
        ),
        ("nesterov", {"kind": "sgd", "nesterov": True, "weight_decay": 0.1}, {"kind": "constant"}),
    )
]
CHANGING += [
    pytest.param({"clip_norm": 0.3}, id="clipped"),
    pytest.param({"average": 0.9}, id="averaged"),
    pytest.param(
        {
            "average": 0.3,
            "clip_norm": 1.0,
            "optimizer": {"kind": "adamw"},
            "schedule": {"kind": "plateau", "patience": 0, "threshold": 0.99},
        },
        id="all at once",
    ),
]


@pytest.mark.parametrize("fields", CHANGING)
@pytest.mark.parametrize(
    "taken", [0, 1, 3, 5, 6, 7, 8, 11, 16], ids=lambda taken: f"after {taken} values"
)
def test_resumed_is_uninterrupted_bit_for_bit(
    digits: Dataset, fields: dict[str, Any], taken: int
) -> None:
    """5 batches, 2 evaluations and the epoch's end are 8 values; 8 and 16 are an epoch's end."""
    whole, first, second = (start(digits, config(**fields)) for _ in range(3))
    expected = [plain(each) for each in whole.run()]
    assert [plain(each) for each in islice(first.run(), taken)] == expected[:taken]
    second.restore(copied(first.state()))
    rest = [plain(each) for each in second.run()]
    # An interrupted evaluation is made again from its start.
    again = 5 + 8 * (taken // 8) if taken % 8 >= 5 else taken
    assert rest == expected[again:]
    assert_same_bits(parameters(second), parameters(whole))
    assert_same_bits(dict(second.state().arrays), dict(whole.state().arrays))
    assert second.state().position == whole.state().position


def test_resumed_is_uninterrupted_also_with_chance_and_running_statistics(digits: Dataset) -> None:
    block = [{"kind": "batch_norm"}, {"kind": "spatial_dropout"}, {"kind": "conv2d", "filters": 3}]
    lively = [
        *LAYERS[:1],
        {"kind": "residual", "layers": block},
        {"kind": "flatten"},
        {"kind": "dropout"},
        *LAYERS[-1:],
    ]
    settings = config().changed({"network.layers": lively})
    whole, first, second = (start(digits, settings) for _ in range(3))
    expected = [plain(each) for each in whole.run()]
    assert [plain(each) for each in islice(first.run(), 3)] == expected[:3]
    second.restore(copied(first.state()))
    assert [plain(each) for each in second.run()] == expected[3:]
    assert_same_bits(dict(second.state().arrays), dict(whole.state().arrays))


def test_a_state_is_whole_while_images_go_through_the_network(digits: Dataset) -> None:
    """Saved at the end of each computation, when all but the step itself is done."""
    layers = [*LAYERS[:1], {"kind": "batch_norm"}, {"kind": "dropout"}, *LAYERS[2:]]
    settings = config(accumulate=2, average=0.9).changed({"network.layers": layers})
    training = start(digits, settings)
    saved: list[TrainingState] = []

    class Aside:
        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            saved.append(copied(training.state()))

    training.aside = Aside()
    before = copied(training.state())
    steps = 0
    for progress in training.run():
        for state in saved:
            assert_same_bits(state.arrays, before.arrays)
            assert state.position == before.position
        assert len(saved) == (0 if isinstance(progress, EpochDone) else 1)
        saved.clear()
        steps += isinstance(progress, BatchDone)
        before = copied(training.state())
    assert steps == 10


def test_what_is_dropped_changes_from_step_to_step_and_with_the_seed(digits: Dataset) -> None:
    def dropped(seed: int) -> list[Array]:
        layers = [{"kind": "dropout"}, {"kind": "flatten"}, LAYERS[-1]]
        settings = config(seed=seed, batch_size=150)
        training = start(digits, settings.changed({"network.layers": layers}))
        masks: list[Array] = []
        for progress in training.run():
            if isinstance(progress, BatchDone):
                (dropout,) = training.network.layers[0].operations
                assert isinstance(dropout, Local)
                ones = np.ones((28, 28, 1, 150), np.float32)
                masks.append(np.empty_like(ones))
                everything = Piece(0, slice(0, 28), slice(0, 28), slice(0, 1))
                dropout.backward_piece(ones, masks[-1], everything)
        return masks

    (first, second), (same, _), (other, _) = dropped(0), dropped(0), dropped(1)
    assert_array_equal(first, same)
    for mask in (second, other):
        assert 0.45 < (first == mask).mean() < 0.55


def test_resumed_is_uninterrupted_with_changed_images(digits: Dataset) -> None:
    strengths = {"shift": 2, "rotate": 10, "elastic": 1, "noise": 0.1, "erase": 0.5, "flip": 0.1}
    settings = config(augmentation=strengths)
    whole, first, second = (start(digits, settings) for _ in range(3))
    expected = [plain(each) for each in whole.run()]
    assert [plain(each) for each in islice(first.run(), 3)] == expected[:3]
    second.restore(copied(first.state()))
    assert [plain(each) for each in second.run()] == expected[3:]
    assert_same_bits(parameters(second), parameters(whole))


def test_training_images_change_at_every_step_and_others_never(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[Array] = []
    judged: list[Array] = []
    forward = Network.forward

    def watched(self: Network, images: Any, *, training: bool = False) -> Array:
        (learned if training else judged).append(images.copy())
        return forward(self, images, training=training)

    monkeypatch.setattr(Network, "forward", watched)
    training = start(digits, config(augmentation={"shift": 2}))
    list(training.run())
    first, second = (np.concatenate(learned[i : i + 5]) for i in (0, 5))
    assert first.dtype == np.float32
    assert first.shape == second.shape == (150, 28, 28, 1)
    as_learned = {image.tobytes() for image in (*first, *second)}
    assert len(as_learned) == 300
    assert training.validation is not None
    shown = {image.tobytes() for images in judged for image in images}
    assert shown == {i.tobytes() for i in (*training.validation.images, *training.test.images)}


def test_changing_images_may_begin_in_training(digits: Dataset) -> None:
    training = start(digits, config(epochs=1))
    happened = training.run()
    next(happened)
    training.change("training.augmentation.noise", 0.3)
    assert training.config.training.augmentation.noise == 0.3
    other = start(digits, config(epochs=1)).run()
    next(other)
    assert plain(next(happened)) != plain(next(other))


def test_a_state_of_another_network_is_refused(digits: Dataset) -> None:
    other = config().changed({"network.layers.0.filters": 4})
    with pytest.raises(InputError, match=r"parameters\.1\.conv2d\.weights has the shape \(4, 3, 3"):
        start(digits).restore(start(digits, other).state())
    with pytest.raises(InputError, match=r"^optimizer\.velocity\..* is missing"):
        start(digits, config(optimizer={"kind": "sgd"})).restore(start(digits).state())


def test_learning_rates_follow_the_schedule(digits: Dataset) -> None:
    schedule = {"kind": "step", "after": [1], "drop": 0.5}
    happened = start(digits, config(schedule=schedule)).run()
    rates = [each.learning_rate for each in happened if isinstance(each, BatchDone)]
    assert rates == [0.01] * 5 + [0.005] * 5


def test_a_cosine_sees_fractions_of_an_epoch(digits: Dataset) -> None:
    schedule = {"kind": "cosine", "warmup": 1, "floor": 0}
    happened = start(digits, config(schedule=schedule)).run()
    rates = [each.learning_rate for each in happened if isinstance(each, BatchDone)]
    rising = [0, 0.2, 0.4, 0.6, 0.8]
    falling = [(1 + np.cos(np.pi * part)) / 2 for part in rising]
    assert rates == pytest.approx([0.01 * factor for factor in rising + falling])


@pytest.mark.parametrize("validation", [30, 0])
def test_a_plateau_sees_what_each_epoch_is_judged_by(digits: Dataset, validation: int) -> None:
    """A loss that would have to become a hundredth is never better than the first."""
    schedule = {"kind": "plateau", "patience": 0, "threshold": 0.99, "drop": 0.5}
    settings = config(epochs=3, schedule=schedule).changed({"data.validation": validation})
    training = start(digits, settings)
    happened = list(training.run())
    rates = [each.learning_rate for each in happened if isinstance(each, BatchDone)]
    assert rates[:: training.batches_per_epoch] == [0.01, 0.01, 0.005]
    assert len(set(rates)) == 2
    judged = [each.validation or each.train for each in happened if isinstance(each, EpochDone)]
    assert training.position.losses == [each.loss for each in judged]


def test_a_position_from_before_there_were_losses_goes_on(digits: Dataset) -> None:
    training, second = start(digits), start(digits)
    expected = [plain(each) for each in training.run()]
    first = start(digits)
    list(islice(first.run(), 9))
    state = copied(first.state())
    del state.position["losses"]
    second.restore(state)
    assert [plain(each) for each in second.run()] == expected[9:]


def test_a_state_can_be_restored_twice(digits: Dataset) -> None:
    first = start(digits)
    list(islice(first.run(), 9))
    state = copied(first.state())
    one, other = start(digits), start(digits)
    for each in (one, other):
        each.restore(state)
        list(each.run())
    assert one.position == other.position
    assert len(one.position.losses) == 2


def test_a_changed_learning_rate_holds_from_the_next_step(digits: Dataset) -> None:
    training = start(digits, config(optimizer={"kind": "sgd", "momentum": 0}, epochs=1))
    happened = training.run()
    next(happened)
    training.change("training.learning_rate", "0.25")
    before = parameters(training)
    step = next(happened)
    assert isinstance(step, BatchDone)
    assert step.learning_rate == 0.25
    for name, value in training.network.parameters.items():
        assert_allclose(value, before[name] - 0.25 * training.network.gradients[name], atol=1e-7)


def test_epochs_can_be_added_and_taken_away(digits: Dataset) -> None:
    training = start(digits, config(epochs=1))
    happened = training.run()
    next(happened)
    training.change("training.epochs", 2)
    assert sum(isinstance(each, EpochDone) for each in happened) == 2
    training = start(digits, config(epochs=5))
    happened = training.run()
    next(happened)
    training.change("training.epochs", 1)
    assert sum(isinstance(each, EpochDone) for each in happened) == 1


@pytest.mark.parametrize(
    "path", ["training.batch_size", "network.layers.0.filters", "training.nonsense", "nonsense"]
)
def test_other_fields_cannot_change(digits: Dataset, path: str) -> None:
    training = start(digits)
    with pytest.raises(InputError, match=f"^{path}: is no field that can change in training, as"):
        training.change(path, 5)
    with pytest.raises(
        InputError, match=r"^training\.learning_rate: 'x' is not a number; write one such as 0\.5$"
    ):
        training.change("training.learning_rate", "x")
    assert training.config.training == config().training


def test_a_validation_set_is_at_most_a_fifth(digits: Dataset) -> None:
    training = start(digits, config().changed({"data.validation": 5000}), images=100)
    assert training.validation is not None
    assert (len(training.train), len(training.validation)) == (80, 20)


def test_without_validation_all_images_are_learned_and_the_newest_is_the_best(
    digits: Dataset,
) -> None:
    training = start(digits, config(epochs=3).changed({"data.validation": 0}))
    done = [each for each in training.run() if isinstance(each, EpochDone)]
    assert len(training.train) == 180
    assert [(each.validation, each.best) for each in done] == [(None, True)] * 3
    assert training.position.best_epoch == 2


def test_best_is_the_highest_validation_accuracy_and_then_the_lowest_loss(digits: Dataset) -> None:
    training = start(digits, config(epochs=8, learning_rate=0.03))
    best = (-1.0, 0.0)
    for each in training.run():
        if isinstance(each, EpochDone):
            assert each.validation is not None
            score = (each.validation.accuracy, -each.validation.loss)
            assert each.best == (score > best)
            if each.best:
                best, epoch, test = score, each.epoch, each.test
    assert training.position.best_epoch == epoch
    assert training.position.best_test == test


def test_a_huge_learning_rate_ends_in_a_sentence(digits: Dataset) -> None:
    linear = [{"kind": "flatten"}, {"kind": "dense", "units": 9}, {"kind": "dense", "units": 10}]
    settings = config(optimizer={"kind": "sgd"}, learning_rate=100, epochs=20)
    training = start(digits, settings.changed({"network.layers": linear}))
    sentence = r"the loss is (nan|inf); use a learning rate below 100$"
    with pytest.raises(DivergedError, match=rf"^training diverged at step \d+: {sentence}"):
        list(training.run())
    assert training.position.step >= 1


NORMED = [
    {"kind": "conv2d", "filters": 3, "kernel_size": 3, "stride": 2},
    {"kind": "batch_norm"},
    {"kind": "flatten"},
    {"kind": "dense", "units": 10},
]


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_the_average_by_hand(digits: Dataset, share: float) -> None:
    settings = config(average=share).changed({"network.layers": NORMED})
    training = start(digits, settings)
    expected = {k: v.astype(np.float64) for k, v in parameters(training).items()}
    for progress in training.run():
        if not isinstance(progress, BatchDone):
            continue
        kept = min(share, (1 + progress.step) / (10 + progress.step))
        for name, value in training.network.parameters.items():
            expected[name] = kept * expected[name] + (1 - kept) * value
        for name, value in training.judged.parameters.items():
            assert_allclose(value, expected[name], atol=1e-6)
            assert not np.array_equal(value, training.network.parameters[name])


def test_the_average_is_judged_with_the_running_statistics_of_training(digits: Dataset) -> None:
    training = start(digits, config(average=0.9).changed({"network.layers": NORMED}))
    done = list(training.run())[-1]
    assert isinstance(done, EpochDone)
    arrays = training.state().arrays
    other = Network(training.config.network.layers, (28, 28, 1), 10)
    for name, value in other.parameters.items():
        value[...] = arrays[f"average.{name}"]
    for name, value in other.state.items():
        value[...] = arrays[f"state.{name}"]
    assert_array_equal(done.evaluation.probabilities, other.predict(training.test.images))
    assert training.validation is not None
    assert done.validation is not None
    answers = other.predict(training.validation.images).argmax(axis=1)
    assert done.validation.accuracy == np.mean(answers == training.validation.labels)
    assert_same_bits(training.judged.stored, other.stored)
    raw = training.network.predict(training.test.images)
    assert not np.array_equal(done.evaluation.probabilities, raw)


def test_an_average_leaves_training_as_it_is(digits: Dataset) -> None:
    normed = {"network.layers": NORMED}
    averaged, plain_one = (
        start(digits, c.changed(normed)) for c in (config(average=0.9), config())
    )
    for training in (averaged, plain_one):
        list(training.run())
    assert_same_bits(parameters(averaged), parameters(plain_one))
    found, expected = averaged.state().arrays, plain_one.state().arrays
    assert {k for k in found if k not in expected} == {f"average.{k}" for k in parameters(averaged)}
    assert_same_bits({k: found[k] for k in expected}, dict(expected))
    assert plain_one.judged is plain_one.network


@pytest.mark.parametrize("taken", [3, 6])
def test_an_evaluation_that_is_left_halfway_leaves_no_trace(digits: Dataset, taken: int) -> None:
    whole, left = (start(digits, config(average=0.9)) for _ in range(2))
    expected = [plain(each) for each in whole.run()]
    happened = left.run()
    assert [plain(each) for each in islice(happened, taken)] == expected[:taken]
    before = copied(left.state())
    evaluation = left.evaluate("test")
    next(evaluation)
    assert_same_bits(dict(left.state().arrays), before.arrays)
    assert left.state().position == before.position
    assert [plain(each) for each in happened] == expected[taken:]
    assert_same_bits(dict(left.state().arrays), dict(whole.state().arrays))


def test_a_state_without_the_average_is_refused(digits: Dataset) -> None:
    with pytest.raises(InputError, match=r"^average\.1\.conv2d\.weights is missing"):
        start(digits, config(average=0.9)).restore(start(digits).state())


def test_steps_are_as_long_as_the_clipped_gradient(digits: Dataset) -> None:
    fields = {"optimizer": {"kind": "sgd", "momentum": 0}, "learning_rate": 0.5}
    free, clipped = start(digits, config(**fields)), start(digits, config(**fields, clip_norm=0.1))
    before = parameters(free)
    for training in (free, clipped):
        next(training.run())

    def moved(training: Training) -> Array:
        found = training.network.parameters
        return np.concatenate([(found[k] - v).ravel() for k, v in before.items()])

    far, near = moved(free).astype(np.float64), moved(clipped).astype(np.float64)
    assert np.linalg.norm(far) > 0.06
    assert np.linalg.norm(near) == pytest.approx(0.5 * 0.1, rel=1e-4)
    assert_allclose(near / np.linalg.norm(near), far / np.linalg.norm(far), atol=1e-4)


def test_clipping_may_begin_in_training(digits: Dataset) -> None:
    training = start(digits, config(optimizer={"kind": "sgd", "momentum": 0}, learning_rate=1))
    happened = training.run()
    next(happened)
    before = parameters(training)
    training.change("training.clip_norm", "1e-9")
    next(happened)
    for name, value in training.network.parameters.items():
        assert_allclose(value, before[name], atol=1e-8)


def test_a_gradient_out_of_range_is_not_clipped_but_told(digits: Dataset) -> None:
    """All logits are 0, so the loss is log 10; but the first layer's gradient is about 10⁴⁰."""
    dense = [{"kind": "dense", "units": units} for units in (9, 9, 10)]
    settings = config(clip_norm=1.0).changed({"network.layers": [{"kind": "flatten"}, *dense]})
    training = start(digits, settings)
    weights = [value for value in training.network.parameters.values() if value.ndim == 2]
    weights[0].fill(0)
    weights[1].fill(1e20)
    weights[2][...] = np.where(np.arange(10) % 2, 1e20, -1e20)[:, None]
    before = parameters(training)
    with pytest.raises(
        DivergedError, match=r"^training diverged at step 1: the norm of the gradient is (inf|nan);"
    ):
        next(training.run())
    assert_same_bits(parameters(training), before)
    assert training.position.step == 0


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("scale", [1e18, 1e25])
def test_numbers_out_of_range_give_no_warnings(
    digits: Dataset, optimizer: str, scale: float
) -> None:
    """With 1e18 Adam's squares overflow, with 1e25 the logits do."""
    training = start(digits, config(optimizer={"kind": optimizer}))
    for value in training.network.parameters.values():
        value *= scale
    try:
        happened = list(training.run())
    except DivergedError:
        return
    assert all(np.isfinite(each.loss) for each in happened if isinstance(each, BatchDone))


def test_a_network_that_diverged_in_the_last_step_is_found_in_the_evaluation(
    digits: Dataset,
) -> None:
    training = start(digits)
    for value in training.network.parameters.values():
        value *= 1e30
    with pytest.raises(DivergedError, match=r"^the network has diverged: its loss over 40 images"):
        list(evaluate(training.network, training.test))


def test_an_evaluation_leaves_training_as_it_was(digits: Dataset) -> None:
    disturbed, calm = start(digits, config(epochs=1)), start(digits, config(epochs=1))
    for _ in disturbed.run():
        list(disturbed.evaluate("test"))
        list(disturbed.evaluate("validation"))
    list(calm.run())
    assert_same_bits(parameters(disturbed), parameters(calm))


def test_a_hundred_real_digits_are_learned_by_heart(digits: Dataset) -> None:
    settings = config(epochs=30, learning_rate=0.02).changed({"data.validation": 0})
    training = start(digits, settings, images=100)
    list(training.run())
    answers = training.network.predict(training.train.images).argmax(axis=1)
    assert_array_equal(answers, training.train.labels)


@pytest.mark.parametrize("batch", [10, 8], ids=["whole groups", "a short last group"])
@pytest.mark.parametrize(
    "loss", [{}, {"label_smoothing": 0.1, "class_weights": "balanced"}], ids=["plain", "weighted"]
)
def test_a_group_of_batches_is_one_large_batch(
    digits: Dataset, batch: int, loss: dict[str, Any]
) -> None:
    """In float64, so that only a wrong sum could differ."""

    def trained(**fields: Any) -> tuple[dict[str, Array], list[float], int]:
        settings = config(optimizer={"kind": "sgd"}, learning_rate=0.1, loss=loss, **fields)
        training = start(digits, settings)
        shape, rng = (28, 28, 1), np.random.default_rng(0)
        training.network = Network(settings.network.layers, shape, 10, rng, np.float64)
        training.optimizer = settings.training.optimizer.build(training.network.parameters)
        if training._group is not None:
            training._group = Accumulation(training.network.gradients)
        rates = [each.learning_rate for each in training.run() if isinstance(each, BatchDone)]
        return parameters(training), rates, training.optimizer.steps

    groups = {"accumulate": 30 // batch if batch == 10 else 4, "batch_size": batch}
    in_groups, many, steps = trained(**groups)
    at_once, few, same_steps = trained(batch_size=30 if batch == 10 else 32)
    assert (len(many), len(few)) == (2 * -(-150 // batch), 10)
    assert steps == same_steps == 10
    for name, value in in_groups.items():
        assert_allclose(value, at_once[name], atol=1e-12)


def test_a_groups_step_has_the_rate_of_its_first_batch(digits: Dataset) -> None:
    settings = config(
        batch_size=10, accumulate=3, schedule={"kind": "cosine", "warmup": 0, "floor": 0}
    )
    happened = start(digits, settings).run()
    rates = [each.learning_rate for each in happened if isinstance(each, BatchDone)]
    falling = [(1 + np.cos(np.pi * group / 10)) / 2 for group in range(10)]
    assert rates == pytest.approx([0.01 * factor for factor in falling for _ in range(3)])


def test_parameters_wait_for_the_last_batch_of_a_group(digits: Dataset) -> None:
    training = start(digits, config(accumulate=2))
    happened = training.run()
    changed, before = [], parameters(training)
    for _ in range(5):
        next(happened)
        now = parameters(training)
        changed.append(any(not np.array_equal(value, before[name]) for name, value in now.items()))
        before = now
    assert changed == [False, True, False, True, True]
    assert training.position.step == 5


def test_the_gradient_is_of_the_chosen_loss_and_the_figures_of_the_plain_one(
    digits: Dataset,
) -> None:
    """A linear network's first step, against the definition written out for each image."""
    weights = [0.5 + label / 10 for label in range(10)]
    settings = RunConfig.parse(
        {
            "data": {"validation": 0},
            "network": {"layers": [{"kind": "flatten"}, {"kind": "dense", "units": 10}]},
            "training": {
                "batch_size": 100,
                "learning_rate": 0.5,
                "optimizer": {"kind": "sgd", "momentum": 0},
                "loss": {"label_smoothing": 0.2, "class_weights": weights},
            },
        }
    )
    training = start(digits, settings, images=100)
    w, b = (value.astype(np.float64) for value in parameters(training).values())
    x, labels = training.train.images.reshape(100, -1) / 255, training.train.labels
    answers = softmax(w @ x.T + b[:, None])
    change, counted = np.zeros(10), 0.0
    for n, label in enumerate(labels):
        for c in range(10):
            target = weights[c] * (0.8 * (c == label) + 0.02)
            change -= target * (np.arange(10) == c) - target * answers[:, n]
        counted += weights[label]
    step = next(training.run())
    assert isinstance(step, BatchDone)
    assert step.loss == pytest.approx(-np.log(answers[labels, np.arange(100)]).mean(), rel=1e-5)
    _, found_b = training.network.parameters.values()
    assert_allclose(found_b, b - 0.5 * change / counted, atol=1e-6)


def test_without_the_new_fields_nothing_has_changed(digits: Dataset) -> None:
    """What they mean when they are off gives the same bits as leaving them out."""
    plain_run, spelled_out = (
        start(digits),
        start(
            digits,
            config(
                loss={"label_smoothing": 0, "class_weights": [1] * 10}, accumulate=1, patience=99
            ),
        ),
    )
    assert [plain(each) for each in plain_run.run()] == [plain(each) for each in spelled_out.run()]
    assert_same_bits(dict(plain_run.state().arrays), dict(spelled_out.state().arrays))


STANDSTILL = {"optimizer": {"kind": "sgd", "momentum": 0}, "learning_rate": 1e-30}
"""So small a rate changes nothing: only the first epoch is better than all before it."""


@pytest.mark.parametrize("patience", [1, 3])
def test_training_ends_after_so_many_epochs_without_a_better_one(
    digits: Dataset, patience: int
) -> None:
    training = start(digits, config(epochs=9, patience=patience, **STANDSTILL))
    done = [each for each in training.run() if isinstance(each, EpochDone)]
    assert [each.best for each in done] == [True] + [False] * patience
    assert training.over == "patience"


def test_a_better_epoch_renews_the_patience(digits: Dataset) -> None:
    training = start(digits, config(epochs=30, learning_rate=0.03, patience=2))
    best = [each.best for each in training.run() if isinstance(each, EpochDone)]
    assert best[-3:] == [True, False, False]
    assert (False, False) not in pairwise(best[:-1])
    assert len(best) > 3


def test_all_epochs_are_taken_where_the_patience_lasts(digits: Dataset) -> None:
    training = start(digits, config(epochs=3, patience=3, **STANDSTILL))
    assert sum(isinstance(each, EpochDone) for each in training.run()) == 3
    assert training.over == "epochs"


def test_an_early_end_goes_on_with_more_patience(digits: Dataset) -> None:
    whole = start(digits, config(epochs=9, patience=4, **STANDSTILL))
    expected = [plain(each) for each in whole.run()]
    training = start(digits, config(epochs=9, patience=2, **STANDSTILL))
    happened = [plain(each) for each in training.run()]
    again = start(digits, config(epochs=9, patience=2, **STANDSTILL))
    again.restore(copied(training.state()))
    assert list(again.run()) == []
    again.change("training.epochs", 20)
    assert again.over == "patience"
    again.change("training.patience", 4)
    assert happened + [plain(each) for each in again.run()] == expected


def test_less_patience_lets_the_epoch_under_way_finish(digits: Dataset) -> None:
    training = start(digits, config(epochs=9, **STANDSTILL))
    happened = training.run()
    list(islice(happened, 3 * 8 + 1))
    training.change("training.patience", 1)
    resumed = start(digits, config(epochs=9, patience=1, **STANDSTILL))
    resumed.restore(copied(training.state()))
    rest = [plain(each) for each in happened]
    assert [plain(each) for each in resumed.run()] == rest
    assert len(rest) == 7


def test_patience_needs_validation_images_also_when_it_changes(digits: Dataset) -> None:
    training = start(digits, config().changed({"data.validation": 0}))
    with pytest.raises(
        InputError, match=r"^training\.patience: without validation images no epoch"
    ):
        training.change("training.patience", 3)
    assert training.config.training.patience is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epoch": "x"}, "position.epoch: 'x' is not a whole number; write one such as 10"),
        ({"step": -1}, "position.step: -1 is too small; give 0 or more"),
        ({"step": None}, "position.step: None is not a whole number; write one such as 10"),
        ({"loss_sum": float("nan")}, "position.loss_sum: nan is not a number; write one such as 0"),
        ({"best_test": {"loss": 1.0}}, "position.best_test.accuracy: a value is needed"),
        ({"mood": "good"}, "position.mood: there is no such field"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_broken_position_is_refused(
    digits: Dataset, change: dict[str, Any], sentence: str
) -> None:
    training = start(digits)
    state = start(digits).state()
    before = training.position
    with pytest.raises(InputError) as caught:
        training.restore(TrainingState(state.arrays, state.position | change))
    assert str(caught.value).startswith(sentence)
    assert training.position is before


def test_a_position_of_before_loads_and_one_that_lacks_more_does_not(digits: Dataset) -> None:
    """The fields that checkpoints had before any was added."""
    state = start(digits).state()
    first = ["epoch", "batch", "step", "loss_sum", "correct", "images", "optimizer_steps"]
    first += ["best_epoch", "best_validation", "best_test"]
    old = {name: state.position[name] for name in first}
    start(digits).restore(TrainingState(state.arrays, old))
    for name in first:
        less = {each: value for each, value in old.items() if each != name}
        with pytest.raises(InputError, match=rf"^position\.{name}: a value is needed$"):
            start(digits).restore(TrainingState(state.arrays, less))
