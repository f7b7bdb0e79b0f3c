"""`cnn-tui pause`, `resume` and `stop`: steer a run from the shell."""

from __future__ import annotations

import json

from nn.runs.client import send, start_trainer, wait_for_answer
from nn.runs.folder import RunFolder
from nn.runs.messages import Command, Pause, Resume, Stop
from nn.schema import InputError
from tui.commands.saying import say
from tui.state import run_row

PATIENCE = 60.0
"""Seconds to wait for an answer: a step of a large network on a slow machine takes a while."""


def pause(run: RunFolder, *, as_json: bool) -> None:
    """Let a living run wait after its current step."""
    _tell(run, Pause(), "paused", as_json=as_json)


def stop(run: RunFolder, *, as_json: bool) -> None:
    """Let a living run write a checkpoint and end."""
    _tell(run, Stop(), "stopped", as_json=as_json)


def resume(run: RunFolder, *, as_json: bool) -> None:
    """Let a paused run go on, or start a trainer where there is none.

    Raises:
        InputError: if that is not possible, as with a broken configuration.
    """
    if run.has_trainer():
        _tell(run, Resume(), "training", as_json=as_json)
        return
    run.config()
    start_trainer(run)
    _say(run, "training", None, as_json=as_json)


def _tell(run: RunFolder, command: Command, outcome: str, *, as_json: bool) -> None:
    if not run.has_trainer():
        raise InputError(
            f"run {run.id}: is not training, it is {run_row(run).phase}; "
            f"`cnn-tui resume {run.id}` continues it"
        )
    answer = wait_for_answer(run, send(run, command), PATIENCE)
    if answer is None:
        raise InputError(f"run {run.id}: its trainer did not answer; see {run.log_file}")
    if answer.error is not None:
        raise InputError(f"run {run.id}: {answer.error}")
    _say(run, outcome, answer.step, as_json=as_json)


def _say(run: RunFolder, outcome: str, step: int | None, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"run": run.id, "state": outcome, "step": step}))
    else:
        say(f"run {run.id}: {outcome}" + ("" if step is None else f" at step {step}"))
