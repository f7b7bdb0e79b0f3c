"""`cnn-tui advice`: what a run's own figures say about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress

from nn.metrics import Evaluation
from nn.runs.advice import Advice, Remark
from nn.runs.evaluations import read_evaluation
from nn.runs.folder import RunFolder
from nn.schema import InputError
from tui import advising
from tui.commands.saying import folded, say, together
from tui.run_state import RunState

SAMPLE = 1 << 21
"""Bytes of mere progress that are read of a long journal."""


def advise_on(run: RunFolder, *, as_json: bool) -> None:
    """Print the remarks, or why there are none.

    Raises:
        InputError: if the run cannot be read.
    """
    state = RunState(run.id, run.config())
    for event in run.events(SAMPLE).read_all():
        state.apply(event)
    evaluation = None
    if state.evaluation is not None:
        with suppress(InputError):
            evaluation = read_evaluation(run.evaluation_file).evaluation
    found = advising.advice(state, evaluation, _class_names(state, evaluation))
    if as_json:
        print(json.dumps({"run": run.id, "step": state.step} | _plain(found)))
    else:
        _print(run.id, found)


def _class_names(state: RunState, evaluation: Evaluation | None) -> tuple[str, ...]:
    """Numbers where the dataset is not there any more."""
    if evaluation is None:
        return ()
    classes = evaluation.probabilities.shape[1]
    with suppress(InputError):
        names = state.config.dataset().class_names
        if len(names) == classes:
            return names
    return tuple(map(str, range(classes)))


def _plain(found: Advice) -> dict[str, object]:
    remarks = [
        {
            "kind": remark.kind,
            "title": remark.title,
            "evidence": remark.evidence,
            "sure": remark.sure,
            "because": remark.because,
            "try": [{"words": each.words, "set": dict(each.changes)} for each in remark.tries],
        }
        for remark in found.remarks
    ]
    return {
        "remarks": remarks,
        "passed": list(found.passed),
        "waiting": dict(found.waiting),
        "sentence": found.silence,
    }


def _print(run_id: str, found: Advice) -> None:
    for number, remark in enumerate(found.remarks, 1):
        for line in _lines(number, remark):
            print(folded(line, sys.stdout, "   "))
        print()
    if found.silence:
        say(f"run {run_id}: {found.silence}")
    for name, missing in found.waiting.items():
        say(f"Cannot be told: {name} (needs {missing}).")


def _lines(number: int, remark: Remark) -> Iterator[str]:
    yield f"{number}. {remark.title} ({remark.sure})"
    yield f"   {remark.evidence}"
    yield f"   How sure: {remark.because}."
    for each in remark.tries:
        fields = " ".join(
            together(f"--set {path}={_shown(value)}") for path, value in each.changes.items()
        )
        yield f"   Try {each.words}{f': {fields}' if fields else ''}"


def _shown(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
