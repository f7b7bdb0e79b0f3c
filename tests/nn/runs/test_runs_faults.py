"""What a trainer does when there is no more room, when it is told to go, and for many masters."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nn.checkpoint import load_checkpoint, read_card, save_checkpoint
from nn.config import RunConfig
from nn.data import load
from nn.runs import messages as m
from nn.runs import trainer, training_run
from nn.runs.client import follow, send, start_trainer, wait_for_answer, wait_until
from nn.runs.folder import Library, RunFolder
from nn.runs.journal import append
from nn.schema import InputError
from tui.session import Session

PATIENCE = 60.0


@pytest.fixture
def long(tiny: RunConfig) -> RunConfig:
    return tiny.changed({"training.epochs": 10_000})


def start_paused(library: Library, config: RunConfig) -> tuple[RunFolder, int]:
    """A run that waits with a checkpoint, and its trainer's process id."""
    run = library.create_run(config)
    start_trainer(run)
    tell(run, m.Pause())
    (started,) = (event for event in run.events().read_all() if isinstance(event, m.Started))
    return run, started.process


def tell(run: RunFolder, command: m.Command) -> m.Acknowledged:
    answer = wait_for_answer(run, send(run, command), PATIENCE)
    assert answer is not None
    return answer


def last_event(run: RunFolder) -> m.Event:
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    return run.events().read_all()[-1]


def limit(process: int, what: int, amount: int) -> None:
    hard = resource.prlimit(process, what)[1]
    resource.prlimit(process, what, (amount, hard))


def require_it_goes_on(run: RunFolder, step: int) -> None:
    start_trainer(run)
    tell(run, m.Stop())
    *_, started = (event for event in run.events().read_all() if isinstance(event, m.Started))
    assert started.step == step


def test_a_disk_without_room_for_a_checkpoint_ends_the_run_with_a_sentence(
    library: Library, long: RunConfig
) -> None:
    """Linux keeps a file of a process from growing beyond a limit: the error is that of a disk."""
    run, process = start_paused(library, long)
    before = load_checkpoint(run.checkpoint_file)[0].position
    limit(process, resource.RLIMIT_FSIZE, run.checkpoint_file.stat().st_size // 2)
    send(run, m.Step())
    failed = last_event(run)
    assert isinstance(failed, m.Failed)
    assert failed.kind == "disk"
    assert failed.message == (
        f"{run.checkpoint_file}: File too large; "
        f"make room, then `cnn-tui resume {run.id}` goes on from the last checkpoint"
    )
    assert load_checkpoint(run.checkpoint_file)[0].position == before
    assert not list(run.path.glob(".*.tmp"))
    require_it_goes_on(run, before["step"])


def test_a_disk_without_room_for_the_journal_is_told_of_on_standard_error(
    library: Library, long: RunConfig
) -> None:
    run, process = start_paused(library, long)
    step = load_checkpoint(run.checkpoint_file)[0].position["step"]
    limit(process, resource.RLIMIT_FSIZE, run.events_file.stat().st_size + 20)
    send(run, m.Evaluate())
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    told = run.log_file.read_text()
    assert "File too large; make room" in told
    assert f"{run.events_file}: File too large" in told
    assert "Traceback" not in told
    assert not list(run.path.glob(".*.tmp"))
    require_it_goes_on(run, step)


def test_the_last_evaluation_makes_room_for_the_sentence(
    library: Library, tiny: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = library.create_run(tiny)
    run.evaluation_file.write_bytes(b"what fills the disk")

    def append_if_there_is_room(path: Path, message: m.Failed) -> None:
        if run.evaluation_file.exists():
            raise OSError(28, "No space left on device")
        append(path, message)

    monkeypatch.setattr(trainer, "append", append_if_there_is_room)
    failing = training_run.TrainingRun(run, run.commands(), [])
    assert trainer._fail(failing, "disk", "the disk is full") == 1
    (failed,) = run.events().read_all()
    assert isinstance(failed, m.Failed)
    assert (failed.kind, failed.message) == ("disk", "the disk is full")


def test_a_command_that_cannot_be_written_is_a_sentence(library: Library, tiny: RunConfig) -> None:
    run = library.create_run(tiny)
    run.commands_file.mkdir()
    with pytest.raises(InputError, match=r"commands\.jsonl: cannot be written \(Is a directory\)"):
        send(run, m.Pause())


def test_a_network_that_does_not_fit_into_memory_ends_with_a_sentence(
    library: Library, tiny: RunConfig
) -> None:
    wide = {"kind": "dense", "units": 65_536}
    layers = [{"kind": "flatten"}, wide, wide, {"kind": "dense", "units": 10}]
    run = library.create_run(tiny.changed({"network.layers": layers}))
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, hard))
    try:
        start_trainer(run)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    failed = last_event(run)
    assert isinstance(failed, m.Failed)
    assert failed.kind == "memory"
    assert failed.message == "there is not enough memory; use a smaller batch or network"


def test_memory_that_ends_in_mid_training_leaves_the_last_checkpoint(
    library: Library, long: RunConfig
) -> None:
    """So long an epoch that nothing was tested yet: what a test needs is still to be had."""
    run, process = start_paused(library, long.changed({"data.limit": None}))
    before = load_checkpoint(run.checkpoint_file)[0].position
    status = Path(f"/proc/{process}/status").read_text()
    size = next(line for line in status.splitlines() if line.startswith("VmSize:")).split()[1]
    limit(process, resource.RLIMIT_AS, int(size) * 1024)
    send(run, m.Evaluate())
    failed = last_event(run)
    assert isinstance(failed, m.Failed)
    assert failed.kind == "memory"
    assert load_checkpoint(run.checkpoint_file)[0].position == before
    require_it_goes_on(run, before["step"])


def test_a_terminal_that_hangs_up_does_not_end_the_trainer(
    library: Library, long: RunConfig
) -> None:
    run, process = start_paused(library, long)
    os.kill(process, signal.SIGHUP)
    assert tell(run, m.Evaluate()).error is None, "it still answers"
    assert run.has_trainer()


def test_a_trainer_whose_folder_is_removed_while_it_waits_ends(
    library: Library, long: RunConfig
) -> None:
    run = library.create_run(long)
    child = start_trainer(run)
    tell(run, m.Pause())
    rmtree(run.path)
    assert child.wait(PATIENCE) == 1
    assert not run.path.exists()


def test_sigterm_ends_a_test_that_is_under_way(library: Library, long: RunConfig) -> None:
    run, process = start_paused(library, long)
    asked = send(run, m.Evaluate())
    assert wait_until(
        lambda: any(isinstance(e, m.EvaluationAdvanced) for e in run.events().read_all()), PATIENCE
    )
    os.kill(process, signal.SIGTERM)
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    events = run.events().read_all()
    (answer,) = (e for e in events if isinstance(e, m.Acknowledged) and e.command == asked)
    assert answer.error in (None, "the trainer was told to end before the test was over")
    assert isinstance(events[-1], m.Stopped)
    assert events[-1].reason == "terminated"


LONG_STEP = {
    "network.layers": [
        {"kind": "conv2d", "filters": 64, "kernel_size": 27, "algorithm": "gemm"},
        {"kind": "conv2d", "filters": 64, "kernel_size": 27, "algorithm": "gemm"},
        {"kind": "flatten"},
        {"kind": "dense", "units": 10},
    ]
}
"""A step of 200 images, or a test of 256, takes this network most of a minute."""


def computing_seconds(process: int) -> float:
    """The processor time that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def require_it_computes(process: int) -> None:
    began = computing_seconds(process)
    assert wait_until(lambda: computing_seconds(process) > began + 0.3, PATIENCE)


def test_sigterm_does_not_wait_for_a_long_step(library: Library, tiny: RunConfig) -> None:
    run = library.create_run(tiny.changed(LONG_STEP | {"training.batch_size": 200}))
    start_trainer(run)
    assert wait_until(lambda: bool(run.events().read_all()), PATIENCE)
    (started,) = run.events().read_all()
    assert isinstance(started, m.Started)
    require_it_computes(started.process)
    os.kill(started.process, signal.SIGTERM)
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    _, saved, stopped = run.events().read_all()
    assert isinstance(saved, m.Checkpointed)
    assert isinstance(stopped, m.Stopped)
    assert (saved.step, stopped.step, stopped.reason) == (0, 0, "terminated")
    assert load_checkpoint(run.checkpoint_file)[0].position["step"] == 0
    assert run.log_file.read_text() == ""


def test_sigterm_does_not_wait_for_a_long_test(library: Library, tiny: RunConfig) -> None:
    config = tiny.changed(LONG_STEP | {"training.batch_size": 1, "training.epochs": 100})
    run, process = start_paused(library, config)
    asked = send(run, m.Evaluate())
    require_it_computes(process)
    os.kill(process, signal.SIGTERM)
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)
    *_, answer, stopped = run.events().read_all()
    assert isinstance(answer, m.Acknowledged)
    told = "the trainer was told to end before the test was over"
    assert (answer.command, answer.error) == (asked, told)
    assert isinstance(stopped, m.Stopped)
    assert load_checkpoint(run.checkpoint_file)[0].position["step"] == stopped.step


def test_sigterm_while_data_are_loaded(library: Library, tiny: RunConfig, tmp_path: Path) -> None:
    pixels = "label," + ",".join(map(str, range(784)))
    rows = "".join(f"{label}{',0' * 784}\n" for label in range(10)) * 5000
    (tmp_path / "digits.csv").write_text(f"{pixels}\n{rows}")
    run = library.create_run(tiny.changed({"data.dataset": str(tmp_path / "digits.csv")}))
    trainer = start_trainer(run)
    trainer.terminate()
    assert trainer.wait(PATIENCE) == 0
    (stopped,) = run.events().read_all()
    assert isinstance(stopped, m.Stopped)
    assert (stopped.step, stopped.reason) == (0, "terminated")


def test_many_masters_get_one_answer_each_in_order_and_see_the_same(
    library: Library, long: RunConfig
) -> None:
    run, _ = start_paused(library, long)

    def ask(rates: list[float]) -> None:
        for rate in rates:
            send(run, m.Set(field="training.learning_rate", value=rate))

    masters = [
        threading.Thread(target=ask, args=([0.001 * (10 * i + k + 1) for k in range(10)],))
        for i in range(3)
    ]
    for master in masters:
        master.start()
    for master in masters:
        master.join()
    tell(run, m.Stop())
    events = last_event(run), run.events().read_all()
    asked = [command.id for command in run.commands().read_all()]
    answered = [e.command for e in events[1] if isinstance(e, m.Acknowledged)]
    assert len(asked) == 32
    assert answered == asked
    screens = []
    for _ in range(2):
        session = Session()
        session.follow(run, run.config())
        assert not session.read(PATIENCE)
        assert session.run is not None
        screens.append(session.run)
    first, second = screens
    assert (first.step, first.phase, first.config) == (second.step, second.phase, second.config)
    *_, newest = (c for c in run.commands().read_all() if isinstance(c, m.Set))
    assert first.config.training.learning_rate == newest.value


def test_of_two_trainers_that_start_together_one_is_refused(
    library: Library, long: RunConfig
) -> None:
    run = library.create_run(long)
    line = [sys.executable, "-P", "-m", "nn.runs.trainer", str(run.path)]
    trainers = [subprocess.Popen(line, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert wait_until(lambda: any(each.poll() is not None for each in trainers), PATIENCE)
    refused, holder = sorted(trainers, key=lambda each: each.poll() is None)
    assert refused.communicate()[1] == f"run {run.id}: has a living trainer already\n"
    assert refused.returncode == 1
    tell(run, m.Stop())
    assert holder.communicate(timeout=PATIENCE)[1] == ""
    assert holder.returncode == 0
    assert isinstance(last_event(run), m.Stopped)
    started = [e for e in run.events().read_all() if isinstance(e, m.Started)]
    assert len(started) == 1, "only one of them has trained"


def test_a_clock_that_jumps_back_does_not_disturb_those_who_follow(
    library: Library, tiny: RunConfig
) -> None:
    run = library.create_run(tiny)
    for now in (2e9, 1e9, 0.0):
        append(run.events_file, m.Paused(step=1, time=now))
    assert [len(events) for events in follow(run, run.events())] == [3, 0]


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> SlowDisk:
    """A clock on which a checkpoint takes as long as it says, and all else a moment a look."""
    disk = SlowDisk([], [], itertools.repeat(0.0))

    def look() -> float:
        disk.now += disk.look
        return disk.now

    def save_slowly(*args: Any) -> None:
        disk.costs.append(next(disk.to_come))
        disk.now += disk.costs[-1]
        disk.moments.append(disk.now)
        save_checkpoint(*args)

    monkeypatch.setattr(training_run, "time", SimpleNamespace(monotonic=look))
    monkeypatch.setattr(training_run, "save_checkpoint", save_slowly)
    return disk


@dataclass
class SlowDisk:
    """When checkpoints were written, what each has cost, and what those to come will; in seconds,
    as is how long everything takes from one look at the clock to the next.
    """

    moments: list[float]
    costs: list[float]
    to_come: Iterator[float]
    look: float = 1.0
    now: float = 0.0

    @property
    def waits(self) -> list[float]:
        """From one checkpoint to the next, but for the last, which is written anyway."""
        return [later - earlier for earlier, later in itertools.pairwise(self.moments[:-1])]


def test_one_slow_checkpoint_does_not_put_off_the_next(
    library: Library, tiny: RunConfig, slow_disk: SlowDisk, tmp_path: Path
) -> None:
    """One is written at the end of each epoch of some 10 s."""
    digits = load("mnist", "test", 100)
    data = {"x_train": digits.images, "y_train": digits.labels}
    data |= {"x_test": digits.images, "y_test": digits.labels}
    np.savez(tmp_path / "digits.npz", **data)
    changes = {"data.dataset": str(tmp_path / "digits.npz"), "training.batch_size": 1}
    run = library.create_run(tiny.changed(changes | {"training.epochs": 16}))
    slow_disk.look, slow_disk.to_come = 0.05, itertools.chain([0.0] * 10, [1.0], [0.0] * 99)
    with run.hold():
        training_run.TrainingRun(run, run.commands(), []).work()
    before, after = slow_disk.waits[:9], slow_disk.waits[10:]
    assert len(after) >= 3
    assert max(after) < max(before) + 2
    assert sum(slow_disk.costs) <= 0.02 * slow_disk.now


def test_slow_checkpoints_become_rare(
    library: Library, tiny: RunConfig, slow_disk: SlowDisk
) -> None:
    slow_disk.to_come = itertools.repeat(5.0)
    config = tiny.changed({"training.epochs": 8, "training.checkpoint_seconds": 1})
    run = library.create_run(config)
    with run.hold():
        training_run.TrainingRun(run, run.commands(), []).work()
    least, waits = 5.0 / 0.02, slow_disk.waits
    assert len(waits) >= 3
    assert min(waits) >= least
    assert max(waits) < 2 * least, "they are no rarer than they must be"
    done = run.events().read_all()[-1]
    assert isinstance(done, m.Finished)
    position = load_checkpoint(run.checkpoint_file)[0].position
    assert (position["epoch"], position["batch"]) == (8, 0), "the end is always kept"
    assert read_card(run.best_file).test_accuracy == done.test_accuracy
