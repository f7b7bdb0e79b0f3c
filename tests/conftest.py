"""What tests of every package share."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from nn.data import Dataset, load
from nn.ops.threads import set_threads
from nn.runs import client

# Tests run beside each other: several threads in each would mostly wait for one another.
os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
set_threads(1)

# No test reads or writes what its user has set, or is shown the tour.
os.environ["CNN_TUI_SETTINGS"] = ""

# With oneDNN, TensorFlow 2.21 dies in the gradient of a 1×1 convolution with a stride.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--peers",
        action="store_true",
        help="fail, not skip, where a library of the extra `peers` is missing",
    )


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A file that asks for a missing library skips itself as a whole."""
    report = yield
    if _lacks_a_library(report) and collector.config.getoption("peers"):
        report.outcome = "failed"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """So does a single test."""
    report = yield
    if _lacks_a_library(report) and item.config.getoption("peers"):
        report.outcome = "failed"
    return report


def _lacks_a_library(report: pytest.CollectReport | pytest.TestReport) -> bool:
    """Whether it was skipped by `importorskip`, not because a program of the system is missing."""
    return report.skipped and "could not import" in str(report.longrepr)


@pytest.fixture(scope="session", autouse=True)
def trainers_end() -> Iterator[None]:
    """No test leaves a trainer behind."""
    yield
    for trainer in client._children:
        trainer.wait(60)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """The first 600 real handwritten digits."""
    return load("mnist", "train", 600)
