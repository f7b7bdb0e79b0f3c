"""`cnn-tui lr-find` as a script meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.config import preset
from nn.rate_finder import RateTest, RateTested, RateTried
from nn.runs.rate_process import RateProcess
from tui.commands.lr_find import lr_find
from tui.exits import Exit

QUICK = ["--preset", "mlp", "--limit", "1000", "--threads", "1"]
LEARNS = [*QUICK, "--start", "1e-5", "--end", "0.1", "--steps", "40", "--batch-size", "50"]
LEARNS_NOTHING = [*QUICK, "--start", "1e-12", "--end", "1e-11", "--steps", "20"]


def command(*words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tui.cli", "lr-find", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=folder,
    )


def test_json_is_one_document_with_the_curve_and_the_suggestion(tmp_path: Path) -> None:
    done = command(*LEARNS, "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"rates", "losses", "smoothed", "suggestion", "sentence"} <= found.keys()
    count = len(found["rates"])
    assert len(found["losses"]) == len(found["smoothed"]) == count <= 40
    factor = (0.1 / 1e-5) ** (1 / 39)
    assert_allclose(found["rates"], [1e-5 * factor**k for k in range(count)])
    assert found["losses"][0] == pytest.approx(np.log(10), abs=0.5)
    assert 1e-5 < found["suggestion"] < found["lowest"] <= 0.1
    assert list(tmp_path.iterdir()) == []


def test_it_prints_a_curve_and_what_can_be_typed_next() -> None:
    done = command(*LEARNS)
    assert done.returncode == 0, done.stderr
    chart, words = (part.splitlines() for part in done.stdout.split("\n\n"))
    *sentence, setting = words
    assert "smoothed loss" in chart[0]
    assert chart[-1].split() == ["1e-5", "1e-4", "0.001", "0.01", "0.1"]
    field, _, rate = setting.removeprefix("--set ").partition("=")
    assert preset("mlp").changed({field: float(rate)}).training.learning_rate == float(rate)
    assert rate in " ".join(sentence)


@pytest.mark.parametrize(("locale", "ascii"), [("C", True), ("C.UTF-8", False)])
def test_the_chart_is_of_ascii_where_the_locale_is(
    locale: str, ascii: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PYTHONUTF8", "1")
    chart = command(*LEARNS).stdout.partition("\n\n")[0]
    assert "smoothed loss" in chart
    assert chart.isascii() == ascii


def test_where_nothing_is_learned_it_fails_with_a_sentence() -> None:
    done = command(*LEARNS_NOTHING, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["suggestion"] is None
    assert done.stderr.startswith("cnn-tui: no rate was found, as the loss never fell by 20%")
    assert len(done.stderr.splitlines()) == 1
    done = command(*LEARNS_NOTHING)
    assert done.returncode == 1
    assert "--set" not in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--start", "1", "--end", "0.5"], "--end: 0.5 is not above the start, 1"),
        (["--start", "-1"], "--start: -1.0 is too small; give a number greater than 0"),
        (["--steps", "3"], "--steps: 3 is too small; give 20 or more"),
        (["--preset", "smal"], "preset: 'smal' is not known; choose one of"),
        (["--config", "missing.toml"], "missing.toml: there is no such file"),
        (["--data", "minst"], "'minst' is not known"),
        (["--set", "network.layers.5.units=9"], "end with a dense layer of 10 units"),
    ],
)
def test_wrong_input_ends_with_its_sentence(words: list[str], sentence: str) -> None:
    done = command(*([] if words[0] in ("--preset", "--config") else QUICK), *words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("cnn-tui: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_ctrl_c_ends_it_and_its_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started = []
    events = RateProcess.events

    def interrupted(self: RateProcess) -> Iterator[RateTried | RateTested]:
        started.append(self)
        yield next(events(self))
        raise KeyboardInterrupt

    monkeypatch.setattr(RateProcess, "events", interrupted)
    ended = lr_find(preset("mlp"), RateTest(), as_json=False)
    assert ended is Exit.INTERRUPTED
    assert started[0]._process.poll() is not None
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "interrupted: no rate was found\n"
