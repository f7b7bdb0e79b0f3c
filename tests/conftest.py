"""What tests of every package share."""

from __future__ import annotations

import pytest

from nn.data import Dataset, load


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """The first 600 real handwritten digits."""
    return load("mnist", "train", 600)
