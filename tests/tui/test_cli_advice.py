"""`cnn-tui advice`, as a script and as a person meet it; and remarks on real trainings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nn.config import RunConfig, preset
from nn.runs.folder import Library, RunFolder

SMALL = preset("small").changed({"training.threads": 1, "training.schedule": "constant"})
PATIENCE = 120.0


def trained(folder: Path, config: RunConfig) -> RunFolder:
    run = Library(folder).create_run(config)
    subprocess.run(
        [sys.executable, "-P", "-m", "nn.runs.trainer", str(run.path)],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return run


def advice(run: RunFolder, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-P", "-m", "tui.cli", "advice", run.id),
            *("--models", str(run.path.parent.parent), *words),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        stdin=subprocess.DEVNULL,
    )


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "rate too high": (
        {
            "data.limit": 3000,
            "training.epochs": 2,
            "training.optimizer": "sgd",
            "training.learning_rate": 2.0,
        },
        "rate too high",
    ),
    "rate too low": (
        {"data.limit": 4000, "training.epochs": 2, "training.learning_rate": 3e-6},
        "rate too low",
    ),
}


@pytest.mark.parametrize(("changes", "kind"), FAULTS.values(), ids=FAULTS.keys())
def test_a_real_training_with_a_fault_gets_its_remark(
    tmp_path: Path, changes: dict[str, Any], kind: str
) -> None:
    run = trained(tmp_path, SMALL.changed(changes))
    done = advice(run, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["run"] == run.id
    remarks = {each["kind"]: each for each in found["remarks"]}
    assert kind in remarks, found
    others = {"small validation set", "suffering class", "dead units", "saturated outputs"}
    assert set(remarks) <= {kind, *others}, found
    for each in remarks[kind]["try"]:
        run.config().changed(each["set"])
    words = advice(run)
    assert words.returncode == 0
    assert remarks[kind]["title"] in words.stdout
    assert "--set training." in words.stdout


def test_a_run_without_a_trainer_yet_has_nothing_to_tell(tmp_path: Path) -> None:
    run = Library(tmp_path).create_run(SMALL)
    assert "Too early to tell" in advice(run).stdout
    found = json.loads(advice(run, "--json").stdout)
    assert (found["remarks"], found["passed"]) == ([], [])


def test_a_run_that_is_not_known_is_wrong_input(tmp_path: Path) -> None:
    run = Library(tmp_path).create_run(SMALL)
    missing = RunFolder(run.path.with_name("zzz"))
    done = advice(missing)
    assert done.returncode == 2
    assert "'zzz' is not known" in done.stderr
