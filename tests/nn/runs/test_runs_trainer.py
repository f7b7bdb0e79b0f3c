"""The trainer as a real process: steered, killed, continued."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from nn.checkpoint import load_checkpoint, load_model, read_card
from nn.config import RunConfig
from nn.data import load
from nn.evaluation import evaluate
from nn.metrics import Evaluation
from nn.runs import messages as m
from nn.runs.client import follow, send, start_trainer, wait_for_answer, wait_until
from nn.runs.folder import Library, RunFolder
from nn.schema import InputError

PATIENCE = 60.0


def tell(run: RunFolder, command: m.Command) -> m.Acknowledged:
    answer = wait_for_answer(run, send(run, command), PATIENCE)
    assert answer is not None
    return answer


def to_the_end(run: RunFolder) -> list[m.Event]:
    return [event for events in follow(run, run.events()) for event in events]


def events_of(run: RunFolder, kind: type[m.Event]) -> list[m.Event]:
    return [event for event in run.events().read_all() if isinstance(event, kind)]


def kill(run: RunFolder) -> None:
    started = events_of(run, m.Started)[-1]
    assert isinstance(started, m.Started)
    os.kill(started.process, signal.SIGKILL)
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)


def arrays(path: Path) -> dict[str, np.ndarray]:
    return load_file(path)


def assert_same_arrays(left: Path, right: Path) -> None:
    a, b = arrays(left), arrays(right)
    assert a.keys() == b.keys()
    assert all(np.array_equal(a[name], b[name]) for name in a)


def averages(run: RunFolder) -> dict[str, np.ndarray]:
    start = "average."
    found = arrays(run.checkpoint_file)
    return {k.removeprefix(start): v for k, v in found.items() if k.startswith(start)}


@pytest.fixture
def long(tiny: RunConfig) -> RunConfig:
    return tiny.changed({"training.epochs": 10_000})


def test_a_run_trains_to_its_end_and_keeps_the_best_model(
    library: Library, tiny: RunConfig
) -> None:
    run = library.create_run(tiny.changed({"save_as": "mine"}))
    start_trainer(run)
    events = to_the_end(run)
    done = events[-1]
    assert isinstance(done, m.Finished)
    epochs = [event for event in events if isinstance(event, m.EpochFinished)]
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    assert done.test_accuracy == epochs[done.best_epoch - 1].test_accuracy
    assert done.test_accuracy > 0.5, "two epochs on 400 digits beat guessing by far"
    batches = [event for event in events if isinstance(event, m.BatchesFinished)]
    assert sum(len(event.losses) for event in batches) == 2 * 20
    parameters = load_model(run.best_file).network.parameters
    for sizes in [event.sizes for event in batches if event.sizes]:
        assert sizes.keys() == parameters.keys()
        assert all(update > 0 for _, update, _ in sizes.values())
    assert batches[0].sizes, "the first steps are measured"
    with np.load(run.evaluation_file) as answers:
        result = Evaluation(answers["probabilities"], answers["labels"], done.test_loss)
    card = read_card(library.model_path("mine"))
    for told in (done, card):
        assert told.test_accuracy == result.accuracy
        assert told.test_loss == result.loss
        assert told.test_top_5_accuracy == result.top_5_accuracy
        assert told.test_macro_f1 == result.macro_average.f1
        assert told.test_calibration_error == result.calibration.error
    assert card.test_count == 10_000
    assert done.model == str(library.model_path("mine"))


def test_pause_step_change_resume_and_stop(library: Library, long: RunConfig) -> None:
    run = library.create_run(long)
    start_trainer(run)
    paused = tell(run, m.Pause()).step
    assert load_checkpoint(run.checkpoint_file)[0].position["step"] == paused

    tell(run, m.Step())
    assert wait_until(
        lambda: [e.step for e in events_of(run, m.Paused)] == [paused, paused + 1], PATIENCE
    )
    assert tell(run, m.Set(field="training.learning_rate", value=0.0005)).error is None
    refused = tell(run, m.Set(field="training.seed", value=3))
    assert refused.error == "training.seed: cannot change while a run trains; start a new run"
    wrong = tell(run, m.Set(field="training.learning_rate", value=-1))
    assert wrong.error is not None
    assert "training.learning_rate: -1" in wrong.error

    resumed = tell(run, m.Resume()).step
    assert resumed == paused + 1
    assert wait_until(
        lambda: any(e.step > resumed for e in events_of(run, m.BatchesFinished)), PATIENCE
    )
    changed = next(e for e in events_of(run, m.BatchesFinished) if e.step > resumed)
    assert isinstance(changed, m.BatchesFinished)
    assert changed.learning_rate == pytest.approx(0.0005, rel=1e-3)

    stopped = tell(run, m.Stop()).step
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    assert [e.step for e in events_of(run, m.Stopped)] == [stopped]
    state, config = load_checkpoint(run.checkpoint_file)
    assert state.position["step"] == stopped
    assert config.training.learning_rate == 0.0005


def test_a_killed_run_continues_and_equals_the_uninterrupted_one(
    library: Library, tiny: RunConfig
) -> None:
    config = tiny.changed({"training.epochs": 3})
    whole = library.create_run(config)
    start_trainer(whole)
    expected = to_the_end(whole)[-1]
    assert isinstance(expected, m.Finished)

    broken = library.create_run(config.changed({"training.checkpoint_seconds": 0.01}))
    start_trainer(broken)
    tell(broken, m.Pause())
    for _ in range(25):
        send(broken, m.Step())
    assert wait_until(lambda: any(e.step >= 25 for e in events_of(broken, m.Paused)), PATIENCE), (
        "steps that are asked for together are all taken"
    )
    kill(broken)
    assert not any(events_of(broken, kind) for kind in (m.Stopped, m.Failed, m.Finished))

    start_trainer(broken)
    actual = to_the_end(broken)[-1]
    assert isinstance(actual, m.Finished)
    assert events_of(broken, m.Started)[-1].step > 0, "it went on from its checkpoint"
    assert (actual.test_accuracy, actual.test_loss) == (
        expected.test_accuracy,
        expected.test_loss,
    )
    assert_same_arrays(broken.checkpoint_file, whole.checkpoint_file)
    assert_same_arrays(broken.best_file, whole.best_file)


def test_a_kill_in_full_flight_leaves_a_folder_that_continues(
    library: Library, long: RunConfig
) -> None:
    run = library.create_run(long.changed({"training.checkpoint_seconds": 0.01}))
    start_trainer(run)
    assert wait_until(lambda: len(events_of(run, m.Checkpointed)) >= 3, PATIENCE)
    kill(run)
    state, _ = load_checkpoint(run.checkpoint_file)
    left = run.path / ".checkpoint.safetensors.1.tmp"
    left.write_bytes(b"half a checkpoint")
    start_trainer(run)
    assert wait_until(lambda: len(events_of(run, m.Started)) == 2, PATIENCE)
    assert not left.exists()
    assert events_of(run, m.Started)[-1].step == state.position["step"]
    assert run.events().warnings == []


def test_sigterm_writes_a_checkpoint_first(library: Library, long: RunConfig) -> None:
    run = library.create_run(long)
    start_trainer(run)
    assert wait_until(lambda: bool(events_of(run, m.BatchesFinished)), PATIENCE)
    started = events_of(run, m.Started)[0]
    assert isinstance(started, m.Started)
    os.kill(started.process, signal.SIGTERM)
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    stopped = run.events().read_all()[-1]
    assert isinstance(stopped, m.Stopped)
    assert stopped.reason == "terminated"
    assert load_checkpoint(run.checkpoint_file)[0].position["step"] == stopped.step


def test_a_living_run_gets_no_second_trainer(library: Library, long: RunConfig) -> None:
    run = library.create_run(long)
    start_trainer(run)
    with pytest.raises(InputError, match="has a living trainer already"):
        start_trainer(run)


def test_what_was_asked_of_nobody_is_answered_and_only_changes_count(
    library: Library, tiny: RunConfig
) -> None:
    run = library.create_run(tiny.changed({"training.epochs": 1}))
    stop = send(run, m.Stop())
    change = send(run, m.Set(field="training.epochs", value=2))
    start_trainer(run)
    events = to_the_end(run)
    answers = {e.command: e.error for e in events if isinstance(e, m.Acknowledged)}
    assert answers == {stop: "no trainer was running", change: None}
    done = events[-1]
    assert isinstance(done, m.Finished)
    assert done.epochs == 2


def test_a_finished_run_continues_with_more_epochs(library: Library, tiny: RunConfig) -> None:
    run = library.create_run(tiny.changed({"training.epochs": 1}))
    start_trainer(run)
    to_the_end(run)
    send(run, m.Set(field="training.epochs", value=2))
    start_trainer(run)
    done = to_the_end(run)[-1]
    assert isinstance(done, m.Finished)
    assert [e.epoch for e in events_of(run, m.EpochFinished)] == [1, 2]


def test_divergence_ends_with_a_sentence_and_keeps_the_last_checkpoint(
    library: Library, long: RunConfig
) -> None:
    without_relu = [{"kind": "flatten"}, {"kind": "dense"}, {"kind": "dense", "units": 10}]
    run = library.create_run(
        long.changed({"training.optimizer": "sgd", "network.layers": without_relu})
    )
    start_trainer(run)
    tell(run, m.Pause())
    tell(run, m.Set(field="training.learning_rate", value=100.0))
    good = load_checkpoint(run.checkpoint_file)[0]
    send(run, m.Resume())
    failed = to_the_end(run)[-1]
    assert isinstance(failed, m.Failed)
    assert failed.kind == "diverged"
    assert "use a learning rate below 100" in failed.message
    after = load_checkpoint(run.checkpoint_file)[0]
    assert after.position == good.position
    assert all(np.isfinite(value).all() for value in after.arrays.values())


def test_saving_a_living_run_tells_its_true_accuracy(library: Library, long: RunConfig) -> None:
    run = library.create_run(long)
    start_trainer(run)
    tell(run, m.Pause())
    assert tell(run, m.Save(name="now")).error is None
    saved = events_of(run, m.Saved)[0]
    assert isinstance(saved, m.Saved)
    card = read_card(library.model_path("now"))
    assert card.test_accuracy == saved.test_accuracy
    assert card.run == run.id
    refused = tell(run, m.Save(name="../now")).error
    assert refused is not None
    assert "will not do" in refused


def test_a_dataset_that_cannot_be_loaded_ends_the_run_with_its_sentence(
    library: Library, tiny: RunConfig
) -> None:
    run = library.create_run(tiny)
    config = run.config_file.read_text().replace('"mnist"', '"keras:nothing"')
    run.config_file.write_text(config)
    start_trainer(run)
    failed = to_the_end(run)[-1]
    assert isinstance(failed, m.Failed)
    assert failed.kind == "input"
    assert "keras:nothing" in failed.message


def test_the_average_is_what_is_saved_and_kept(library: Library, long: RunConfig) -> None:
    settings = {"training.average": 0.9, "data.validation": 0, "training.schedule": "constant"}
    run = library.create_run(long.changed(settings))
    start_trainer(run)
    assert tell(run, m.Pause()).error is None
    assert tell(run, m.Step()).error is None
    assert wait_until(lambda: len(events_of(run, m.Paused)) == 2, PATIENCE)
    assert tell(run, m.Save(name="mine")).error is None
    model = load_model(library.model_path("mine"))
    raw = arrays(run.checkpoint_file)
    for name, value in averages(run).items():
        assert np.array_equal(value, model.network.parameters[name])
        assert not np.array_equal(value, raw[f"parameters.{name}"])
    *_, result = evaluate(model.network, load("mnist", "test"))
    assert isinstance(result, Evaluation)
    assert model.card.test_accuracy == result.accuracy
    assert tell(run, m.Set(field="training.epochs", value=1)).error is None
    assert tell(run, m.Resume()).error is None
    assert isinstance(to_the_end(run)[-1], m.Finished)
    best = load_model(run.best_file).network.parameters
    assert best.keys() == averages(run).keys()
    for name, value in averages(run).items():
        assert np.array_equal(value, best[name])


def test_a_run_without_a_better_epoch_ends_early_and_goes_on_with_more_patience(
    library: Library, tiny: RunConfig
) -> None:
    """At so small a rate nothing changes, and so only the first epoch is the best so far."""
    standstill = {
        "training.optimizer": {"kind": "sgd", "momentum": 0},
        "training.learning_rate": 1e-30,
        "training.epochs": 4,
        "training.patience": 1,
    }
    run = library.create_run(tiny.changed(standstill))
    start_trainer(run)
    early = to_the_end(run)[-1]
    assert isinstance(early, m.Finished)
    assert (early.reason, early.epochs, early.best_epoch) == ("patience", 2, 1)
    assert early.early == "after an epoch without a better one"

    send(run, m.Set(field="training.patience", value=2))
    start_trainer(run)
    later = to_the_end(run)[-1]
    assert isinstance(later, m.Finished)
    assert (later.reason, later.epochs, later.best_epoch) == ("patience", 3, 1)
    assert later.early == "after 2 epochs without a better one"

    send(run, m.Set(field="training.patience", value=None))
    start_trainer(run)
    whole = to_the_end(run)[-1]
    assert isinstance(whole, m.Finished)
    assert (whole.reason, whole.epochs, whole.best_epoch) == ("epochs", 4, 1)
    assert whole.early == ""
    assert [e.epoch for e in events_of(run, m.EpochFinished)] == [1, 2, 3, 4]


def test_a_run_killed_inside_a_group_of_batches_equals_the_uninterrupted_one(
    library: Library, tiny: RunConfig
) -> None:
    config = tiny.changed(
        {
            "training.accumulate": 3,
            "training.loss": {"label_smoothing": 0.1, "class_weights": "balanced"},
        }
    )
    whole, killed = library.create_run(config), library.create_run(config)
    start_trainer(whole)
    to_the_end(whole)
    send(killed, m.Pause())
    start_trainer(killed)
    paused = tell(killed, m.Pause()).step
    while load_checkpoint(killed.checkpoint_file)[0].position["gathered"] == 0:
        paused += 1
        tell(killed, m.Step())
        assert wait_until(
            lambda at=paused: any(e.step == at for e in events_of(killed, m.Paused)), PATIENCE
        )
    kill(killed)
    start_trainer(killed)
    to_the_end(killed)
    assert_same_arrays(killed.checkpoint_file, whole.checkpoint_file)
    assert_same_arrays(killed.best_file, whole.best_file)


def end_after_more(run: RunFolder, kind: type[m.Event]) -> None:
    """Let a trainer go on until there is a further event of a kind, and tell it to end."""
    before = len(events_of(run, kind))
    trainer = start_trainer(run)
    assert wait_until(lambda: len(events_of(run, kind)) > before, PATIENCE)
    trainer.terminate()
    assert trainer.wait(PATIENCE) == 0


def test_a_run_told_to_end_again_and_again_equals_the_uninterrupted_one(
    library: Library, tiny: RunConfig
) -> None:
    """Each time inside a step or a test: what was begun of it leaves no trace."""
    layers = [
        {"kind": "conv2d", "filters": 8},
        {"kind": "batch_norm"},
        {"kind": "flatten"},
        {"kind": "dropout"},
        {"kind": "dense", "units": 10},
    ]
    changes = {"training.accumulate": 3, "training.average": 0.9, "training.epochs": 4}
    config = tiny.changed({"network.layers": layers} | changes)
    whole, broken = library.create_run(config), library.create_run(config)
    start_trainer(whole)
    to_the_end(whole)
    for kind in (m.BatchesFinished, m.EvaluationAdvanced, m.BatchesFinished, m.EvaluationAdvanced):
        end_after_more(broken, kind)
    assert [e.reason for e in events_of(broken, m.Stopped)] == ["terminated"] * 4
    start_trainer(broken)
    to_the_end(broken)
    assert_same_arrays(broken.checkpoint_file, whole.checkpoint_file)
    assert_same_arrays(broken.best_file, whole.best_file)


def write_digits(path: Path, count: int) -> None:
    train, test = load("mnist", "train", count), load("mnist", "test", 50)
    np.savez(
        path,
        x_train=train.images,
        y_train=train.labels,
        x_test=test.images,
        y_test=test.labels,
    )


def test_a_resumed_run_notices_that_its_data_have_changed(
    library: Library, tiny: RunConfig, tmp_path: Path
) -> None:
    path = tmp_path / "mine.npz"
    write_digits(path, 200)
    config = tiny.changed({"data.dataset": str(path), "data.limit": None, "training.epochs": 1})
    run = library.create_run(config)
    start_trainer(run)
    assert isinstance(to_the_end(run)[-1], m.Finished)

    write_digits(path, 199)
    send(run, m.Set(field="training.epochs", value=2))
    start_trainer(run)
    failed = to_the_end(run)[-1]
    assert isinstance(failed, m.Failed)
    assert failed.kind == "input"
    assert failed.message == (
        f"data.dataset: {path} has changed since the run began: "
        "it gives 199 training images, not 200; put it back as it was, or start a new run"
    )

    write_digits(path, 200)
    start_trainer(run)
    assert isinstance(to_the_end(run)[-1], m.Finished)


def rewrite(file: Path, **changed: str | None) -> None:
    """Change or (None) leave out what a checkpoint says besides its arrays."""
    with safe_open(file, framework="np") as opened:
        metadata = opened.metadata() | changed
    told = {name: text for name, text in metadata.items() if text is not None}
    save_file(load_file(file), file, told)


def test_checkpoints_of_before_go_on_and_broken_ones_are_refused(
    library: Library, tiny: RunConfig
) -> None:
    run = library.create_run(tiny.changed({"training.epochs": 1}))
    start_trainer(run)
    to_the_end(run)
    position = load_checkpoint(run.checkpoint_file)[0].position
    send(run, m.Set(field="training.epochs", value=2))

    rewrite(run.checkpoint_file, position=json.dumps(position | {"batch": "third"}))
    start_trainer(run)
    failed = to_the_end(run)[-1]
    assert isinstance(failed, m.Failed)
    assert failed.kind == "input"
    assert failed.message == (
        f"{run.checkpoint_file}: is a checkpoint that this run cannot go on from "
        "(position.batch: 'third' is not a whole number; write one such as 10); start a new run"
    )

    del position["gathered"]
    rewrite(run.checkpoint_file, position=json.dumps(position), data=None)
    start_trainer(run)
    done = to_the_end(run)[-1]
    assert isinstance(done, m.Finished)
    assert done.epochs == 2
