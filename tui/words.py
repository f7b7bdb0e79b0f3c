"""Sentences of the dashboard about its design and its run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.binding import Binding, BindingType

from nn import presets
from nn.checkpoint import Model
from nn.config import RunConfig, preset
from nn.data import describe, short_name
from nn.data.picture_folder import COLOUR, GREY
from nn.runs.folder import Library
from nn.schema import InputError
from tui import drawings
from tui.form import LIST, Draft
from tui.key_names import key_name
from tui.mistake_files import MOST_PICTURES
from tui.recognition import Known
from tui.render import formats
from tui.session import Session
from tui.state import Answers, Phase, RunState

ENDS_OF_HISTORY = {
    "undo": "There is nothing more to take back.",
    "redo": "There is nothing more to do again.",
}
"""Why an edit of the design cannot be taken back, or done again."""


def farewell(run_id: str) -> str:
    """What a person should know who leaves while a run trains."""
    return f"run {run_id} goes on: cnn-tui attach {run_id}; cnn-tui stop {run_id}"


def design_problem(draft: Draft) -> str:
    """What is wrong with a design, in one sentence; empty if nothing is."""
    if draft.plan.problem:
        return draft.plan.problem
    for path, sentence in draft.errors.items():
        name = path.partition(".")[2].replace("_", " ").replace(".", " ")
        return sentence if path == LIST else f"{name}: {sentence}"
    return ""


def design_note(draft: Draft, session: Session) -> str:
    """How a design stands to the run that is looked at, and what to press."""
    run = session.run
    if draft.errors:
        return f"cannot start: {design_problem(draft)}"
    if run is None:
        return ""
    if session.alive:
        edited = draft.needs_new_run(run.config)
        return "edited for the next run: x stops this one, then space starts" if edited else ""
    if run.is_gone:
        return "space starts a new run"
    if changes_for(draft, run):
        return f"edited: r goes on with run {run.run_id} so, space asks"
    if draft.differing(run.config):
        return "edited: space starts a new run"
    if run.phase is Phase.FINISHED:
        return "space starts a new run"
    return f"r resumes run {run.run_id}, space asks"


def changes_for(draft: Draft, run: RunState) -> dict[str, Any]:
    """What a run that ended can take over of a design, if that is all in which they differ."""
    return {} if draft.needs_new_run(run.config) else draft.live_changes(run.config)


def start_label(session: Session) -> str:
    """What the start button does now."""
    if not session.alive:
        return "start"
    paused = session.run is not None and session.run.phase is Phase.PAUSED
    return "go on" if paused else "pause"


def is_unsaved(draft: Draft, session: Session, first: RunConfig | None) -> bool:
    """Whether a design was edited, and is not that of the run or the model that is looked at.

    `first` is the one that the dashboard was opened with; presets are no edits either.
    """
    known = [] if first is None else [first]
    known += [] if session.run is None else [session.run.config]
    known += [] if session.model is None else [session.model.card.config]
    if not all(draft.differing(config) for config in known):
        return False
    return all(_edits(draft, preset(name)) for name in presets.names())


def _edits(draft: Draft, config: RunConfig) -> list[str]:
    """Where a design is another one, whichever data it is for."""
    return [path for path in draft.differing(config) if not path.startswith("data.")]


def why_not(action: str, session: Session) -> str:
    """Why what a key does means nothing now; empty for all but some actions."""
    run = session.run
    if action in ENDS_OF_HISTORY:
        return ENDS_OF_HISTORY[action]
    if run is None:
        return {
            "stop": "There is nothing to stop: no run is open. 5 lists all runs.",
            "evaluate": "No run is open that could be tested; ctrl+o loads and tests a model.",
            "revive": "There is no run to resume: 5 lists all runs, enter opens one.",
        }.get(action, "")
    more = " already" if session.alive else "; with more epochs in the form r goes on with it"
    more = ": its folder is gone" if run.is_gone else more
    return {
        "stop": f"There is nothing to stop: run {run.run_id} is {run.phase}.",
        "evaluate": f"Run {run.run_id} is {run.phase}; ctrl+o loads and tests a saved model.",
        "revive": f"Run {run.run_id} is {run.phase}{more}.",
    }.get(action, "")


def data_line(draft: Draft, run: RunState | None) -> str:
    """What is learned from, and how many images to learn from and to test with."""
    if run is not None:
        name, counts = short_name(run.config.data.dataset), run.counts
        if counts.train:
            learned = counts.train + counts.validation
            return f"{name} {formats.count(learned)} + {formats.count(counts.test)}"
        return name
    try:
        info = describe(draft.texts["data.dataset"].strip())
    except InputError:
        return ""
    name = short_name(info.name)
    return f"{name} {formats.count(info.train_count)} + {formats.count(info.test_count)}"


def alarm(session: Session) -> str:
    """What a person must know at once of a run that ended badly or stands still; mostly empty."""
    run = session.run
    if run is None or session.launching:
        return ""
    if session.is_silent:
        return (
            f"Run {run.run_id} has said nothing for half a minute: it is at something long, "
            f"or its trainer, process {run.process}, is stopped"
        )
    match run.phase:
        case Phase.LOST:
            return f"Run {run.run_id} is lost: {run.problem}"
        case Phase.FAILED:
            return f"Run {run.run_id} failed: {run.problem}"
        case _:
            return ""


def rate_used(rate: float, session: Session) -> str:
    """That a suggested learning rate is in the form now, and what makes it take effect."""
    then = "enter in its field changes the run" if session.alive else "space starts a run with it"
    return f"The learning rate in the form is {rate:g} now: {then}."


def model_name(draft: Draft, run: RunState | None) -> str:
    """A name to suggest for a model: its dataset, and its run."""
    dataset = draft.texts["data.dataset"] if run is None else run.config.data.dataset
    parts = [short_name(dataset), "" if run is None else run.run_id]
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(part for part in parts if part)).strip("-.")


def model_tested(model: Model, answers: Answers) -> str:
    """What a loaded model is worth, and where there is more to see of it."""
    share = 1 - len(answers.wrong) / len(answers.labels)
    return (
        f"{model.path.stem}: {formats.percent(share)} on the test set. "
        "4 shows the mistakes, 8 looks inside, 9 lets it read what you draw."
    )


def drawing_kept(picture: Path, model: Known, library: Library) -> str:
    """Where a drawing is now, and how the network is tested with all of them."""
    kept = f"Kept as {picture}."
    if model.card.input_shape not in (GREY, COLOUR):
        return kept
    name = model.path.stem if model.path.parent == library.path else model.path
    return f"{kept} To test: cnn-tui evaluate {name} --data {drawings.dataset_of(picture)}"


def mistakes_written(files: Sequence[Path], count: int) -> str:
    """Where the files of mistakes are now, and whether the sheet has all of them."""
    names = " and ".join(file.name for file in files)
    cut = f"; the sheet has the first {MOST_PICTURES}" if count > MOST_PICTURES else ""
    images = f"{formats.count(count)} image{'' if count == 1 else 's'}"
    return f"{images} written to {files[0].parent}: {names}{cut}."


def key_table(bindings: Sequence[BindingType]) -> list[tuple[str, str]]:
    """The keys with what they do, for the help; each key once."""
    table: dict[str, str] = {}
    for binding in bindings:
        if isinstance(binding, Binding) and binding.description:
            key = key_name(binding)
            meaning = binding.tooltip or binding.description
            table[key] = f"{table[key]}; {meaning}" if key in table else meaning
    return list(table.items())
