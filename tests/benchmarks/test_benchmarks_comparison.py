"""The comparison itself, of little: that it runs, and that it refuses unlike networks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from comparison import compare
from contenders import ORIGINAL, available

SCRIPT = Path(__file__).with_name("comparison.py")


def test_all_that_is_installed_learns_the_same_network_and_is_measured() -> None:
    few = ["--networks", "depthwise", "--batches", "8", "--rounds", "1", "--threads", "1"]
    command = [sys.executable, SCRIPT, *few, "--race", "--json"]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    [cell] = json.loads(told.stdout)["results"]["cells"]
    assert (cell["network"], cell["batch"]) == ("depthwise", 8)
    assert set(cell["contenders"]) == set(available()) - {ORIGINAL}
    for found in cell["contenders"].values():
        assert len(found["losses"]) == 2
        assert found["training"]["median"] > 0
        assert found["inference"]["median"] > 0


def test_networks_with_other_losses_are_not_compared() -> None:
    with pytest.raises(SystemExit, match="not the same network: b has losses"):
        compare("some", 8, {"a": [2.5, 2.4], "b": [2.5, 2.41]})
