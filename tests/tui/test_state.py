"""Folding a run's journal, a network's answers, and the lines of tables."""

from __future__ import annotations

import subprocess
import sys
import time
from math import log
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from nn.checkpoint import ModelCard, save_model
from nn.config import RunConfig, preset
from nn.layers import Layer, LayerConfig
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.residual import Residual
from nn.layers.shape import Flatten
from nn.network import Network
from nn.runs import messages as m
from nn.runs.folder import Library
from nn.runs.journal import append
from nn.schema import InputError
from tui.run_state import MOST_STEPS
from tui.state import (
    Answers,
    Growing,
    Notice,
    Phase,
    RunState,
    View,
    model_row,
    network_summary,
    row_of,
    run_row,
)

NEXT = "4 shows the mistakes, 5 the runs."


@pytest.fixture
def config() -> RunConfig:
    """Three epochs; of ten batches with the event below."""
    return preset("small").changed({"training.epochs": 3, "training.learning_rate": 0.01})


@pytest.fixture
def run(config: RunConfig) -> RunState:
    return RunState("a3f91c", config)


def started(step: int = 0) -> m.Started:
    return m.Started(
        step=step,
        process=1,
        threads=2,
        train_count=640,
        validation_count=64,
        test_count=100,
        batches_per_epoch=10,
    )


def batches(first: int, last: int, rate: float = 0.01, offset: float = 0.0) -> m.BatchesFinished:
    """Steps whose loss is 1 / step and whose accuracy is step / 100."""
    steps = range(first, last + 1)
    return m.BatchesFinished(
        step=last,
        epoch=(last - 1) // 10,
        losses=tuple(1 / step + offset for step in steps),
        accuracies=tuple(step / 100 for step in steps),
        learning_rate=rate,
        images_per_second=64.0,
    )


def epoch(number: int, *, best: bool = True, test_accuracy: float = 0.9) -> m.EpochFinished:
    return m.EpochFinished(
        epoch=number,
        step=10 * number,
        train_loss=0.3,
        train_accuracy=0.8,
        validation_loss=None,
        validation_accuracy=None,
        test_loss=0.25,
        test_accuracy=test_accuracy,
        best=best,
        elapsed=12.0,
    )


def finished() -> m.Finished:
    return m.Finished(
        step=30,
        epochs=3,
        best_epoch=2,
        test_accuracy=0.9871,
        test_loss=0.04,
        seconds=60.0,
        images_per_second=32.0,
        model="best.safetensors",
    )


def saved() -> m.Saved:
    return m.Saved(step=8, name="x", model="x.safetensors", test_accuracy=0.9871)


def changed(step: int, field: str, value: object) -> m.Changed:
    return m.Changed.parse({"step": step, "field": field, "value": value})


ONE_OF_EACH: dict[type[m.Message], m.Event] = {
    type(event): event
    for event in (
        started(),
        batches(1, 4),
        m.EvaluationAdvanced(step=10, done=50, total=100),
        epoch(1),
        m.Evaluated(step=10, test_loss=0.25, test_accuracy=0.9),
        m.Paused(step=812),
        m.Resumed(step=812),
        m.Acknowledged(command="1f", step=3, error="no trainer was running"),
        changed(812, "training.learning_rate", 0.0005),
        m.Checkpointed(step=10, elapsed=3.0),
        saved(),
        finished(),
        m.Stopped(step=812, reason="asked"),
        m.Failed(step=9, kind="diverged", message="training diverged at step 9: the loss is nan"),
    )
}


def apply(run: RunState, *events: m.Event) -> None:
    for event in events:
        run.apply(event)


def test_every_kind_of_event_is_tried_here() -> None:
    assert set(ONE_OF_EACH) == set(get_args(m.Event))


@pytest.mark.parametrize("kind", ONE_OF_EACH, ids=lambda kind: kind.__name__)
def test_every_event_makes_a_new_version(kind: type[m.Message], run: RunState) -> None:
    run.apply(ONE_OF_EACH[kind])
    assert run.version == 1


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        (m.Started, Phase.TRAINING),
        (m.BatchesFinished, Phase.TRAINING),
        (m.EvaluationAdvanced, Phase.EVALUATING),
        (m.EpochFinished, Phase.STARTING),
        (m.Evaluated, Phase.STARTING),
        (m.Paused, Phase.PAUSED),
        (m.Resumed, Phase.TRAINING),
        (m.Acknowledged, Phase.STARTING),
        (m.Changed, Phase.STARTING),
        (m.Checkpointed, Phase.STARTING),
        (m.Saved, Phase.STARTING),
        (m.Finished, Phase.FINISHED),
        (m.Stopped, Phase.STOPPED),
        (m.Failed, Phase.FAILED),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_phase_after_each_event(kind: type[m.Message], phase: Phase, run: RunState) -> None:
    assert run.phase is Phase.STARTING
    run.apply(ONE_OF_EACH[kind])
    assert run.phase is phase


@pytest.mark.parametrize(
    ("kind", "notice"),
    [
        (m.Started, None),
        (m.BatchesFinished, None),
        (m.EvaluationAdvanced, None),
        (m.EpochFinished, None),
        (m.Evaluated, None),
        (m.Paused, None),
        (m.Resumed, None),
        (m.Acknowledged, Notice("no trainer was running.", "warning")),
        (m.Changed, Notice("learning rate is 0.0005 from step 813 on.")),
        (m.Checkpointed, None),
        (m.Saved, Notice("Saved as 'x' (98.71 % on the test set).")),
        (m.Finished, Notice(f"Finished: 98.71 % on the test set, in epoch 2. {NEXT}")),
        (m.Stopped, Notice("Stopped at step 812; r goes on from there.")),
        (m.Failed, Notice("training diverged at step 9: the loss is nan.", "error")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_people_are_told(kind: type[m.Message], notice: Notice | None, run: RunState) -> None:
    run.apply(ONE_OF_EACH[kind])
    assert run.take_notices() == ([] if notice is None else [notice])
    assert run.take_notices() == []


def test_an_early_end_is_told_with_its_reason(run: RunState) -> None:
    run.apply(finished().model_copy(update={"reason": "patience"}))
    assert run.phase is Phase.FINISHED
    assert run.progress == 1
    told = [notice.text for notice in run.take_notices()]
    assert told == [
        "Finished, after an epoch without a better one: 98.71 % on the test set, in epoch 2. "
        + NEXT
    ]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("training.schedule", {"kind": "cosine"}, "schedule is cosine from step 2 on."),
        ("training.schedule", "cosine", "schedule is cosine from step 2 on."),
        ("training.epochs", 20, "epochs is 20 from step 2 on."),
        ("training.checkpoint_seconds", 5, "checkpoint seconds is 5 from step 2 on."),
    ],
)
def test_a_change_is_told_in_words(run: RunState, field: str, value: object, sentence: str) -> None:
    run.apply(changed(1, field, value))
    assert [notice.text for notice in run.take_notices()] == [sentence]


def test_a_change_of_a_list_is_told_as_it_is_typed(run: RunState) -> None:
    apply(
        run, changed(0, "training.schedule", "step"), changed(0, "training.schedule.after", [1, 2])
    )
    assert run.take_notices()[-1].text == "schedule after is 1, 2 from step 1 on."
    assert run.config.training.schedule.model_dump() == {
        "kind": "step",
        "drop": 0.1,
        "after": (1, 2),
    }


def test_a_command_that_was_obeyed_is_not_told(run: RunState) -> None:
    run.apply(m.Acknowledged(command="1f", step=3))
    assert run.take_notices() == []


def test_alive_are_the_phases_with_a_trainer() -> None:
    assert [phase.value for phase in Phase if phase.alive] == [
        "starting",
        "training",
        "evaluating",
        "paused",
    ]


def test_series_hold_every_step(run: RunState) -> None:
    apply(run, started(), batches(1, 3), batches(4, 4, rate=0.002), batches(5, 12))
    expected = list(range(1, 13))
    assert run.steps.tolist() == expected
    np.testing.assert_allclose(run.losses, [1 / step for step in expected])
    np.testing.assert_allclose(run.accuracies, [step / 100 for step in expected])
    assert run.rates.tolist() == [0.01] * 3 + [0.002] + [0.01] * 8
    assert (run.step, run.epoch, run.learning_rate, run.images_per_second) == (12, 1, 0.01, 64.0)


def test_steps_missing_from_the_journal_leave_a_gap(run: RunState) -> None:
    apply(run, started(), batches(1, 2), batches(5, 6))
    assert run.steps.tolist() == [1, 2, 5, 6]


def test_counts_and_progress(run: RunState) -> None:
    assert (run.total_steps, run.progress, run.seconds_left) == (0, 0.0, None)
    run.apply(started())
    assert run.counts == (640, 64, 100)
    assert run.total_steps == 30
    assert run.seconds_left is None
    run.apply(batches(1, 6))
    assert run.progress == pytest.approx(0.2)
    assert run.seconds_left == pytest.approx(24 * 64 / 64.0)
    run.apply(changed(6, "training.epochs", 6))
    assert run.progress == pytest.approx(0.1)


def test_fewer_epochs_than_are_over_do_not_break_progress(run: RunState) -> None:
    apply(run, started(), batches(1, 15), changed(15, "training.epochs", 1))
    assert run.progress == 1.0
    assert run.seconds_left == 0.0


def test_a_finished_run_is_whole_and_has_nothing_left(run: RunState) -> None:
    end = finished()
    apply(run, started(), batches(1, 20), epoch(2), end)
    assert (run.progress, run.seconds_left) == (1.0, None)
    assert run.finished is end


def test_evaluation_of_an_epoch_goes_back_to_training(run: RunState) -> None:
    apply(run, started(), batches(1, 10), m.EvaluationAdvanced(step=10, done=30, total=100))
    assert (run.phase, run.evaluating) == (Phase.EVALUATING, (30, 100))
    run.apply(epoch(1))
    assert (run.phase, run.evaluating, run.epoch) == (Phase.TRAINING, None, 1)


def test_evaluation_on_demand_goes_back_to_the_pause(run: RunState) -> None:
    apply(run, started(), batches(1, 2), m.Paused(step=2))
    for done in (50, 100):
        run.apply(m.EvaluationAdvanced(step=2, done=done, total=100))
    assert run.phase is Phase.EVALUATING
    assert run.evaluation_version == 0
    evaluated = m.Evaluated(step=2, test_loss=0.5, test_accuracy=0.8)
    run.apply(evaluated)
    assert (run.phase, run.evaluating) == (Phase.PAUSED, None)
    assert (run.evaluation, run.evaluation_version) == (evaluated, 1)


def test_best_epoch_is_the_last_that_was_the_best(run: RunState) -> None:
    assert run.best_epoch is None
    apply(run, started(), epoch(1), epoch(2), epoch(3, best=False))
    assert run.best_epoch is not None
    assert run.best_epoch.epoch == 2


def test_a_killed_run_repeats_what_came_after_its_checkpoint(run: RunState) -> None:
    apply(
        run,
        started(),
        batches(1, 5),
        changed(5, "training.learning_rate", 0.02),
        m.Checkpointed(step=5, elapsed=1.0),
        batches(6, 10, rate=0.02),
        epoch(1),
        batches(11, 12, rate=0.02),
        changed(12, "training.learning_rate", 0.5),
        batches(13, 14, rate=0.5),
    )
    assert run.config.training.learning_rate == 0.5
    run.trainer_gone()
    run.take_notices()

    run.apply(started(step=5))
    assert run.phase is Phase.TRAINING
    assert run.problem == ""
    assert run.steps.tolist() == [1, 2, 3, 4, 5]
    assert len(run.losses) == len(run.accuracies) == len(run.rates) == 5
    assert (run.step, run.epoch, run.epochs) == (5, 0, [])
    assert [change.step for change in run.changes] == [5]
    assert run.config.training.learning_rate == 0.02
    assert [notice.text for notice in run.take_notices()] == ["Training continues from step 5."]

    apply(run, batches(6, 7, offset=100.0))
    assert run.steps.tolist() == [1, 2, 3, 4, 5, 6, 7]
    np.testing.assert_allclose(run.losses[4:], [1 / 5, 100 + 1 / 6, 100 + 1 / 7])


def test_sizes_after_a_checkpoint_are_measured_again(run: RunState) -> None:
    def sized(first: int, last: int, gradient: float) -> m.BatchesFinished:
        sizes = {"1.dense.weights": (gradient, 0.0, 1.0)}
        return batches(first, last).model_copy(update={"sizes": sizes})

    apply(run, started(), sized(1, 5, 1.0), m.Checkpointed(step=5, elapsed=1.0), sized(6, 9, 2.0))
    assert run.sizes.steps.tolist() == [5, 9]
    apply(run, started(step=5), batches(6, 7), sized(8, 9, 3.0))
    assert run.sizes.steps.tolist() == [5, 9]
    assert run.sizes.gradients("1 dense").tolist() == [1.0, 3.0]


def test_a_run_killed_before_its_first_checkpoint_begins_anew(
    run: RunState, config: RunConfig
) -> None:
    apply(run, started(), batches(1, 3), changed(3, "training.epochs", 9), started())
    assert len(run.steps) == 0
    assert (run.step, run.epoch, run.changes, run.config) == (0, 0, [], config)


def test_an_epoch_that_is_finished_twice_is_kept_once(run: RunState) -> None:
    """The checkpoint was of the epoch's last step, before its end was written down."""
    apply(run, started(), batches(1, 10), m.Checkpointed(step=10, elapsed=1.0), epoch(1))
    apply(run, started(step=10), epoch(1, test_accuracy=0.91), batches(11, 20), epoch(2))
    assert [each.epoch for each in run.epochs] == [1, 2]
    assert run.epochs[0].test_accuracy == 0.91


def test_a_finished_run_with_more_epochs_goes_on(run: RunState) -> None:
    apply(run, started(), batches(1, 30), m.Checkpointed(step=30, elapsed=1.0), finished())
    apply(run, started(step=30), changed(30, "training.epochs", 4))
    assert (run.phase, run.finished) == (Phase.TRAINING, None)
    assert len(run.steps) == 30
    assert run.progress == pytest.approx(0.75)


def test_a_run_without_its_trainer_is_lost(run: RunState) -> None:
    apply(run, started(), batches(1, 1500), m.Checkpointed(step=1200, elapsed=1.0))
    apply(run, m.EvaluationAdvanced(step=1500, done=1, total=100))
    before = run.version
    run.trainer_gone()
    assert (run.phase, run.evaluating) == (Phase.LOST, None)
    assert run.problem == "its trainer is gone; r resumes it from step 1,200"
    assert run.take_notices() == [Notice(f"Run a3f91c: {run.problem}.", "error")]
    assert run.version == before + 1
    run.trainer_gone()
    assert run.take_notices() == []


def test_a_run_lost_before_any_checkpoint_can_only_start_again(run: RunState) -> None:
    apply(run, started(), batches(1, 2))
    run.trainer_gone()
    assert run.problem == "its trainer is gone; r starts it again"


@pytest.mark.parametrize("end", [m.Finished, m.Stopped, m.Failed])
def test_a_run_that_ended_is_not_lost(run: RunState, end: type[m.Message]) -> None:
    apply(run, started(), ONE_OF_EACH[end])
    ended = run.phase
    run.trainer_gone()
    assert run.phase is ended


def test_a_failure_keeps_its_sentence_and_the_step(run: RunState) -> None:
    apply(run, started(), batches(1, 9))
    run.apply(m.Failed(step=0, kind="memory", message="there is not enough memory"))
    assert run.problem == "there is not enough memory"
    assert run.step == 9


def test_a_long_journal_folds_quickly(run: RunState) -> None:
    losses, accuracies = (0.5,) * 100, (0.25,) * 100
    events = [
        m.BatchesFinished.model_construct(
            step=100 * (number + 1),
            epoch=0,
            losses=losses,
            accuracies=accuracies,
            learning_rate=0.01,
            images_per_second=1.0,
        )
        for number in range(10_000)
    ]
    begin = time.process_time()
    apply(run, *events)
    assert time.process_time() - begin < 1.0
    assert run.step == 1_000_000
    assert run.steps.tolist() == list(range(8, 1_000_001, 8)), "every eighth is kept"
    assert len(run.steps) <= MOST_STEPS
    assert len(run.losses) == len(run.accuracies) == len(run.rates) == len(run.steps)


def test_growing_keeps_what_was_added() -> None:
    series, plain = Growing(), list[float]()
    rng = np.random.default_rng(1)
    for _ in range(50):
        piece = rng.random(int(rng.integers(0, 200)))
        series.extend(piece)
        plain += piece.tolist()
    assert series.values.tolist() == plain
    series.truncate(7)
    series.truncate(100)
    series.extend([1.5])
    assert series.values.tolist() == [*plain[:7], 1.5]
    assert len(series) == 8


def test_growing_keeps_what_is_marked() -> None:
    series = Growing()
    series.extend([1.0, 2.0, 3.0])
    series.keep(np.array([True, False, True]))
    series.extend([4.0])
    assert series.values.tolist() == [1.0, 3.0, 4.0]


def test_growing_cannot_be_written_through_its_view() -> None:
    series = Growing()
    series.extend([1.0])
    with pytest.raises(ValueError, match="read-only"):
        series.values[0] = 2.0
    series.extend([3.0])
    assert series.values.tolist() == [1.0, 3.0]


@pytest.fixture
def answers() -> Answers:
    """Six images of three classes: 0 is right, 1 and 2 and 4 are wrong, 3 and 5 right."""
    return Answers(
        source="by hand",
        images=np.zeros((6, 2, 2, 1), np.uint8),
        labels=np.array([0, 0, 1, 2, 0, 0]),
        probabilities=np.array(
            [
                [0.6, 0.3, 0.1],
                [0.2, 0.7, 0.1],
                [0.0, 0.1, 0.9],
                [0.1, 0.0, 0.9],
                [0.05, 0.95, 0.0],
                [0.8, 0.1, 0.1],
            ],
            np.float32,
        ),
        class_names=("a", "b", "c"),
    )


def test_answers_against_counting_by_hand(answers: Answers) -> None:
    assert answers.predictions.tolist() == [0, 1, 2, 2, 1, 0]
    assert answers.wrong.tolist() == [1, 2, 4]
    assert answers.confusion.tolist() == [[2, 2, 0], [0, 0, 1], [0, 0, 1]]
    np.testing.assert_allclose(answers.confidence, [0.6, 0.7, 0.9, 0.9, 0.95, 0.8])
    margins = [0.3, -0.5, -0.8, 0.8, -0.9, 0.7]
    np.testing.assert_allclose(answers.margins, margins, rtol=1e-6)
    expected = [-log(p) for p in (0.6, 0.2, 0.1, 0.9, 0.05, 0.8)]
    np.testing.assert_allclose(answers.losses, expected, rtol=1e-6)
    a, b, c = answers.scores
    assert (a.name, a.precision, a.recall, a.support) == ("a", 1.0, 0.5, 4)
    assert (b.precision, b.recall, b.f1) == (0.0, 0.0, 0.0)
    assert (c.precision, c.recall) == (0.5, 1.0)


def test_a_probability_of_zero_has_a_finite_loss() -> None:
    images, sure = np.zeros((1, 1, 1, 1), np.uint8), np.array([[1.0, 0.0]], np.float32)
    answers = Answers("by hand", images, np.array([1]), sure, ("a", "b"))
    assert 80 < float(answers.losses[0]) < 1000


def test_mistakes_in_each_order(answers: Answers) -> None:
    assert answers.mistakes(None, None, "confidence").tolist() == [4, 2, 1]
    assert answers.mistakes(None, None, "loss").tolist() == [4, 2, 1]
    assert answers.mistakes(None, None, "margin").tolist() == [4, 2, 1]
    assert answers.mistakes(None, None, "index").tolist() == [1, 2, 4]
    assert answers.wrong.tolist() == [1, 2, 4]


def test_mistakes_of_a_cell_of_the_confusion_matrix(answers: Answers) -> None:
    assert answers.mistakes(0, None, "index").tolist() == [1, 4]
    assert answers.mistakes(None, 2, "index").tolist() == [2]
    assert answers.mistakes(0, 1, "confidence").tolist() == [4, 1]
    assert answers.mistakes(1, 0, "index").tolist() == []
    assert answers.mistakes(0, 0, "confidence").tolist() == [5, 0]
    assert answers.mistakes(0, 0, "loss").tolist() == [0, 5]
    assert answers.mistakes(0, 0, "margin").tolist() == [0, 5]


def test_mistakes_of_many_answers_against_counting() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.full(4, 0.5), 500).astype(np.float32)
    labels = rng.integers(0, 4, 500)
    names = tuple("abcd")
    answers = Answers("drawn", np.zeros((500, 1, 1, 1), np.uint8), labels, probabilities, names)
    for true in range(4):
        for predicted in range(4):
            plain = [
                index
                for index in range(500)
                if labels[index] == true
                and max(range(4), key=probabilities[index].__getitem__) == predicted
            ]
            assert answers.mistakes(true, predicted, "index").tolist() == plain
            assert answers.confusion[true, predicted] == len(plain)
            by_loss = answers.mistakes(true, predicted, "loss").tolist()
            assert by_loss == sorted(plain, key=lambda i: probabilities[i, labels[i]])


def test_pairs_of_classes_take_turns() -> None:
    """Six mistakes of one pair and one each of two others, sure in this order."""
    pairs = [(0, 1), (0, 1), (0, 1), (1, 2), (0, 1), (2, 0), (0, 1), (0, 1)]
    probabilities = np.zeros((8, 3))
    for index, (_, called) in enumerate(pairs):
        probabilities[index] = (0.1 + index / 100) / 2
        probabilities[index, called] = 0.9 - index / 100
    labels = np.array([true for true, _ in pairs])
    answers = Answers("mixed", np.zeros((8, 1, 1, 1), np.uint8), labels, probabilities, ("a",) * 3)
    assert answers.mistakes().tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert answers.mistakes(mixed=True).tolist() == [0, 3, 5, 1, 2, 4, 6, 7]
    assert answers.mistakes(true=0, mixed=True).tolist() == [0, 1, 2, 4, 6, 7]
    assert answers.mistakes(true=2, predicted=1, mixed=True).tolist() == []


class Widening(LayerConfig):
    """A kind of layer that nobody knew when the summary was written."""

    kind: str = "widening"
    channels: int = 7

    def output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return input_shape

    def build(self, input_shape: tuple[int, ...], dtype: object) -> Layer:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("layers", "text"),
    [
        (preset("original").network.layers, "conv 32·64, dense 1024·10"),
        (preset("mlp").network.layers, "dense 256·128·10"),
        ((Dense(units=3), Conv2D(filters=2), Dense(units=4)), "dense 3, conv 2, dense 4"),
        ((Widening(), Flatten()), "widening 7"),
        (
            (Conv2D(filters=8), Residual(layers=(Conv2D(filters=9), ReLU())), Dense(units=4)),
            "conv 8·9, dense 4",
        ),
        ((Flatten(),), ""),
    ],
    ids=["original", "mlp", "mixed", "unknown", "block", "no width"],
)
def test_a_network_in_a_few_words(layers: tuple[LayerConfig, ...], text: str) -> None:
    assert network_summary(layers) == text


def test_row_of_a_run(tmp_path: Path, config: RunConfig) -> None:
    folder = Library(tmp_path).create_run(config)
    for event in (
        started(),
        batches(1, 10),
        epoch(1, test_accuracy=0.95),
        epoch(2, best=False, test_accuracy=0.97),
        m.Stopped(step=20, reason="asked"),
    ):
        append(folder.events_file, event)
    row = run_row(folder)
    assert (row.id, row.phase, row.dataset) == (folder.id, Phase.STOPPED, "mnist")
    assert (row.network, row.best_accuracy) == ("conv 8·16, dense 64·10", 0.95)
    assert row.progress == pytest.approx(1 / 3)
    assert row.started == folder.config_file.stat().st_mtime

    for event in (started(step=10), batches(11, 15)):
        append(folder.events_file, event)
    row = run_row(folder)
    assert row.phase is Phase.LOST
    assert row.progress == pytest.approx(0.5)


def test_row_of_a_run_follows_its_lock(tmp_path: Path, config: RunConfig) -> None:
    folder = Library(tmp_path).create_run(config)
    append(folder.events_file, started())
    with folder.hold():
        assert run_row(folder).phase is Phase.TRAINING
    assert run_row(folder).phase is Phase.LOST


def test_row_of_a_run_whose_configuration_is_broken(tmp_path: Path, config: RunConfig) -> None:
    folder = Library(tmp_path).create_run(config)
    folder.config_file.write_text("{", "utf-8")
    with pytest.raises(InputError, match=r"run\.json"):
        run_row(folder)


def test_row_of_a_followed_run_needs_no_file(run: RunState) -> None:
    apply(run, started(), batches(1, 15))
    row = row_of(run, started=5.0)
    assert (row.id, row.started, row.best_accuracy) == ("a3f91c", 5.0, None)
    assert row.progress == pytest.approx(0.5)


def test_row_of_a_model(tmp_path: Path) -> None:
    config = preset("small").changed(
        {"network.layers": [{"kind": "flatten"}, {"kind": "dense", "units": 10}]}
    )
    network = Network(config.network.layers, (28, 28, 1), 10)
    path = tmp_path / "digits.safetensors"
    card = ModelCard(
        config=config,
        input_shape=(28, 28, 1),
        class_names=tuple("0123456789"),
        created="2025-01-02T03:04:05+00:00",
        test_accuracy=0.5,
    )
    save_model(path, network.parameters, card)
    row = model_row(path)
    assert (row.name, row.path, row.network) == ("digits", path, "dense 10")
    assert row.parameters == 28 * 28 * 10 + 10
    assert (row.test_accuracy, row.dataset) == (0.5, "mnist")
    assert row.created == "2025-01-02T03:04:05+00:00"


def test_a_view_starts_empty() -> None:
    view = View()
    assert (view.run, view.answers, view.runs, view.models) == (None, None, (), ())


@pytest.mark.parametrize("module", ["tui.state", "tui.form"])
def test_textual_is_never_loaded(module: str) -> None:
    check = f"import sys, {module}; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
