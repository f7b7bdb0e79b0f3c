"""A library of runs whose trainers do not outlive the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nn.config import RunConfig, preset
from nn.runs.client import send, wait_until
from nn.runs.folder import Library
from nn.runs.messages import Stop


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "saved_models")
    yield library
    for run in library.runs():
        if run.has_trainer():
            send(run, Stop())
            assert wait_until(lambda run=run: not run.has_trainer(), 60)


@pytest.fixture
def tiny() -> RunConfig:
    """A run of a second on a few hundred real digits."""
    return preset("small").changed(
        {
            "data.limit": 500,
            "training.batch_size": 20,
            "training.epochs": 2,
            "training.threads": 1,
        }
    )
