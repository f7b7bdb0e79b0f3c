"""Sentences that the dashboard says about its design and its run."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from nn.data import describe
from nn.schema import InputError
from tui.form import Draft
from tui.form_fields import is_live
from tui.render import formats
from tui.state import Phase, RunState


def farewell(run_id: str) -> str:
    """What a person should know who leaves while a run trains."""
    return f"run {run_id} goes on: cnn-tui attach {run_id}; cnn-tui stop {run_id}"


def first_problem(draft: Draft) -> str:
    """What is wrong with a design, in one sentence; empty if nothing is."""
    for path, sentence in draft.errors.items():
        name = path.partition(".")[2].replace("_", " ").replace(".", " ")
        return sentence if path == "network.layers" else f"{name}: {sentence}"
    return ""
