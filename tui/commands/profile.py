"""`cnn-tui profile`: where the time of training goes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from nn.checkpoint import read_card
from nn.config import RunConfig
from nn.profiling import Profile, ProfileTest
from nn.profiling import profile as measure
from nn.schema import InputError
from nn.types import Shape
from tui.commands.saying import complain, say, tell
from tui.commands.train import Wish
from tui.exits import Exit
from tui.render.profile_table import COLUMNS_SAID, conditions, profile_table, result


@dataclass(frozen=True)
class Subject:
    """What is measured: a configuration, for images of a shape and so many classes."""

    config: RunConfig
    input_shape: Shape
    classes: int


def subject(wish: Wish, model: Path | None) -> Subject:
    """What was typed, or the network and the training of a saved model, with what was typed.

    A model may come from a machine with more processors: it is measured on those of this one.

    Raises:
        InputError: if it will not do.
    """
    if model is None:
        config = wish.config()
        config.check()
        data = config.dataset()
        return Subject(config, data.input_shape, len(data.class_names))
    given = wish.preset, wish.config_file, wish.fields.get("data.dataset")
    if any(each is not None for each in given):
        raise InputError(
            "a model brings its own configuration and size of images; "
            "leave --preset, --config and --data out"
        )
    card = read_card(model)
    config = card.config.changed({"training.threads": None} | wish.changes())
    return Subject(config, card.input_shape, len(card.class_names))


def profile(what: Subject, test: ProfileTest, *, as_json: bool) -> Exit:
    """Measure, and print what was found.

    Raises:
        InputError: if the network cannot be built.
    """
    try:
        found = _follow(what, test)
    except KeyboardInterrupt:
        tell("interrupted: nothing was found")
        return Exit.INTERRUPTED
    except MemoryError:
        complain("there is not enough memory; use a smaller batch or network")
        return Exit.FAILED
    if as_json:
        print(found.model_dump_json(exclude={"event"}))
    else:
        _print_table(found)
    return Exit.DONE


def _follow(what: Subject, test: ProfileTest) -> Profile:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("taking steps")
        for event in measure(what.config, what.input_shape, what.classes, test):
            if isinstance(event, Profile):
                return event
            progress.update(task, completed=event.done, total=event.total)
    raise AssertionError("measuring ends with its result")


def _print_table(found: Profile) -> None:
    console = Console()
    ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
    say(f"{conditions(found)}\n")
    console.print(profile_table(found, width=console.width, ascii=ascii))
    for sentence in (result(found), COLUMNS_SAID):
        say(f"\n{sentence}")
