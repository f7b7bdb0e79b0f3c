"""Files that earlier versions saved are read, and runs that they began are taken to their end.

`tests/saved_formats/write.py` has made them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from numpy.testing import assert_allclose

from nn.checkpoint import load_checkpoint, load_model
from nn.config import read_config
from nn.data import load
from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from nn.schema import Schema
from tui.run_state import Phase, RunState

FOLDERS = sorted((Path(__file__).parent / "saved_formats").glob("schema-*"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    """A copy of what one version saved."""
    copy = tmp_path / "saved_models"
    shutil.copytree(request.param, copy)
    return Library(copy)


@pytest.fixture
def run(library: Library) -> RunFolder:
    (only,) = library.runs()
    return only


def expected(library: Library) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((library.path / "expected.json").read_text())
    return found


def cnn_tui(library: Library, *words: str) -> list[dict[str, Any]]:
    """What the command prints as JSON."""
    line = [sys.executable, "-P", "-m", "tui.cli", *words, "--json", "--models", str(library.path)]
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(printed) for printed in done.stdout.splitlines()]


def assert_keeps(found: Schema, written: dict[str, Any]) -> None:
    """Nothing that was written is lost or changed; fields that are newer come on top."""

    def assert_within(inner: Any, outer: Any, path: str) -> None:
        if isinstance(inner, dict):
            for key, value in inner.items():
                assert_within(value, outer[key], f"{path}.{key}")
        elif isinstance(inner, list):
            assert len(inner) == len(outer), path
            for number, value in enumerate(inner):
                assert_within(value, outer[number], f"{path}.{number}")
        else:
            assert inner == outer, path

    assert_within(written, found.model_dump(mode="json"), "")


def test_there_are_files_of_every_schema() -> None:
    assert FOLDERS


def test_configurations_are_read_from_both_languages(library: Library) -> None:
    path = library.path / "configuration.json"
    config = read_config(path)
    assert read_config(path.with_suffix(".toml")) == config
    assert_keeps(config, json.loads(path.read_text()))
    config.check()


def test_the_model_answers_as_it_did(library: Library) -> None:
    model = load_model(library.find_model("model"))
    answers = expected(library)["probabilities"]
    images = load("mnist", "test").images[: len(answers)]
    assert_allclose(model.network.predict(images), answers, rtol=0, atol=1e-5)
    assert model.card.test_count == 10_000
    (listed,) = cnn_tui(library, "models")
    assert listed["name"] == "model"


def test_the_journals_are_read_whole(run: RunFolder) -> None:
    config = run.config()
    assert_keeps(config, json.loads(run.config_file.read_text()))
    for journal in (run.events(), run.commands()):
        lines = journal.path.read_text().splitlines()
        messages = journal.read_all()
        assert journal.warnings == []
        for message, line in zip(messages, lines, strict=True):
            assert_keeps(message, json.loads(line))


def test_the_run_is_listed_and_shown(library: Library, run: RunFolder) -> None:
    (listed,) = cnn_tui(library, "runs")
    assert (listed["id"], listed["phase"]) == (run.id, "failed")
    state = RunState(run.id, run.config())
    for event in run.events().read_all():
        state.apply(event)
    assert state.phase is Phase.FAILED
    assert state.checkpoint_step == load_checkpoint(run.checkpoint_file)[0].position["step"]
    assert len(state.losses) == state.checkpoint_step
    assert state.best_epoch is not None
    assert state.best_epoch.test_accuracy == listed["best_accuracy"]


def test_the_run_goes_on_to_the_end_that_it_had(library: Library, run: RunFolder) -> None:
    state, _ = load_checkpoint(run.checkpoint_file)
    assert state.position["batch"] > 0, "it stopped inside of an epoch"
    printed = cnn_tui(library, "train", "--resume", run.id)[-1]
    figures = expected(library)["finished"]
    assert printed["event"] == "finished"
    assert printed["epochs"] == figures["epochs"]
    assert printed["test_loss"] == pytest.approx(figures["test_loss"], abs=1e-5)
    # One of 10,000 images may lie so near to the edge that rounding decides.
    assert printed["test_accuracy"] == pytest.approx(figures["test_accuracy"], abs=2e-4)
    finished = run.events().read_all()[-1]
    assert isinstance(finished, m.Finished)
    assert (finished.step, finished.best_epoch) == (figures["step"], figures["best_epoch"])
