"""The rate test's process: it says what happens, and ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.config import RunConfig
from nn.data import load
from nn.rate_finder import RateTest, RateTested, RateTried, find_rate
from nn.runs import rate_process
from nn.runs.rate_process import RateProcess, Wanted
from nn.runs.side_process import WorkError, WorkFailed
from nn.schema import InputError

PATIENCE = 60.0
ENDLESS = RateTest(end=2e-6, steps=10_000)


def exit_code(process: RateProcess) -> int:
    return process._process.wait(PATIENCE)


def test_it_says_what_the_same_test_says_here(tiny: RunConfig) -> None:
    test = RateTest(end=0.01, steps=30)
    with RateProcess(tiny, test) as process:
        *tried, result = process.events()
        assert exit_code(process) == 0
    *expected, _ = find_rate(tiny, test, load("mnist", "train", 500))
    assert isinstance(result, RateTested)
    assert [type(each) for each in tried] == [RateTried] * 30
    for there, here in zip(tried, expected, strict=True):
        assert isinstance(there, RateTried)
        assert isinstance(here, RateTried)
        assert (there.step, there.learning_rate) == (here.step, here.learning_rate)
        assert_allclose(there.smoothed, here.smoothed, rtol=1e-3)


def test_it_does_not_outlive_its_context(tiny: RunConfig) -> None:
    with RateProcess(tiny, ENDLESS) as process:
        next(process.events())
    assert exit_code(process) == -signal.SIGKILL


def test_it_does_not_outlive_it_either_where_somebody_has_stopped_it(tiny: RunConfig) -> None:
    with RateProcess(tiny, ENDLESS) as process:
        next(process.events())
        os.kill(process._process.pid, signal.SIGSTOP)
    assert exit_code(process) == -signal.SIGKILL


def test_what_comes_after_its_end_is_no_error(tiny: RunConfig) -> None:
    with RateProcess(tiny, ENDLESS) as process:
        events = process.events()
        next(events)
        process.end()
        list(events)


def test_it_ends_when_nobody_reads_it_any_more(tiny: RunConfig) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "nn.runs.rate_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stderr is not None
        worker.stdin.write(Wanted(config=tiny, test=ENDLESS).model_dump_json().encode())
        worker.stdin.close()
        worker.stdout.readline()
        worker.stdout.close()
        assert worker.wait(PATIENCE) == 1
        assert worker.stderr.read() == b""


def test_one_that_dies_is_told_of(tiny: RunConfig) -> None:
    with RateProcess(tiny, ENDLESS) as process:
        events = process.events()
        next(events)
        os.kill(process._process.pid, signal.SIGKILL)
        with pytest.raises(WorkError, match="the rate test ended by itself, with code -9"):
            list(events)


def test_a_configuration_that_cannot_run_starts_nothing(tiny: RunConfig) -> None:
    wrong = tiny.changed({"network.layers.9.units": 9})
    with pytest.raises(InputError, match="end with a dense layer of 10 units"):
        RateProcess(wrong, RateTest())


def test_data_that_cannot_be_read_are_a_sentence(tiny: RunConfig, tmp_path: Path) -> None:
    images, labels = np.zeros((40, 28, 28), np.uint8), np.arange(40) % 10
    np.savez(tmp_path / "gone.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    config = tiny.changed({"data.dataset": str(tmp_path / "gone.npz")})
    (tmp_path / "gone.npz").unlink()
    (event,) = rate_process.events(Wanted(config=config, test=RateTest()))
    assert isinstance(event, WorkFailed)
    assert event.kind == "input"
    assert "gone.npz" in event.message


def test_what_nobody_foresaw_is_a_sentence(
    tiny: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(rate_process, "find_rate", fail)
    (event,) = rate_process.events(Wanted(config=tiny, test=RateTest()))
    assert event == WorkFailed(
        kind="unexpected", message="the rate test failed: ZeroDivisionError: by nothing"
    )
