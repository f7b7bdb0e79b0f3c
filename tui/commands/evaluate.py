"""`cnn-tui evaluate`: how a model does on a test set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import Progress
from rich.table import Table

from nn.checkpoint import Model, load_model
from nn.data import Dataset, load, short_name
from nn.evaluation import DivergedError
from nn.evaluation import evaluate as go_over
from nn.layers import show_shape
from nn.metrics import Average, Calibration, ClassScore, Evaluation, class_scores, weighted_average
from nn.schema import InputError
from tui.answers import Answers
from tui.commands.saying import complain, say, tell, together
from tui.exits import Exit
from tui.mistake_files import require_writable, write_mistakes
from tui.render.formats import count, loss, percent
from tui.render.reliability import error, filled, sentence, verdict

MISTAKES = 20
"""How many kinds of mistakes are listed where the matrix of all is too wide."""


def evaluate(
    path: Path, dataset: str | None, mistake_files: Sequence[Path] = (), *, as_json: bool
) -> Exit:
    """Print a model's figures on a test set, its own unless another is named.

    What it got wrong is written to files, the most confident first, the pairs of classes in turn.

    Raises:
        InputError: if the model cannot be read, does not fit the dataset, or a file cannot be
            written.
    """
    for file in mistake_files:
        require_writable(file)
    model = load_model(path)
    data = load(dataset or model.card.config.data.dataset, "test")
    _require_fit(model, data)
    try:
        result = _go_over(model, data)
    except DivergedError as error:
        complain(str(error))
        return Exit.FAILED
    if as_json:
        _print_json(data, result)
    else:
        _print_tables(path.stem, data, result)
    _write_mistakes(mistake_files, path.stem, data, result)
    return Exit.DONE


def _write_mistakes(files: Sequence[Path], model: str, data: Dataset, result: Evaluation) -> None:
    parts = (data.images, data.labels, result.probabilities, data.class_names)
    answers = Answers(f"model {model}", *parts)
    indices = answers.mistakes(mixed=True)
    for file in files:
        write_mistakes(file, answers, indices)
        tell(f"{count(len(indices))} mistakes: {file}")


def _averages(result: Evaluation) -> dict[str, Average]:
    return {"macro": result.macro_average, "weighted": weighted_average(result.confusion)}


def _print_json(data: Dataset, result: Evaluation) -> None:
    document = {
        "accuracy": result.accuracy,
        "top_5_accuracy": result.top_5_accuracy,
        "loss": result.loss,
        "count": len(data),
        "averages": {name: asdict(each) for name, each in _averages(result).items()},
        "calibration": asdict(result.calibration),
        "classes": [asdict(score) for score in class_scores(result.confusion, data.class_names)],
        "confusion": result.confusion.tolist(),
    }
    print(json.dumps(document))


def _print_tables(model: str, data: Dataset, result: Evaluation) -> None:
    console, calibration, names = Console(), result.calibration, data.class_names
    figures = [f"accuracy {percent(result.accuracy)}"]
    if result.top_5_accuracy is not None:
        figures.append(f"top-5 {percent(result.top_5_accuracy)}")
    figures.append(f"loss {loss(result.loss)}")
    say(
        f"{model} on {count(len(data))} test images of {short_name(data.name)}:\n"
        f"{', '.join(map(together, figures))}\n"
    )
    console.print(_class_table(class_scores(result.confusion, names), _averages(result)))
    say(f"\n{error(calibration).capitalize()}:\n{sentence(calibration)}\n")
    console.print(_reliability_table(calibration))
    table = _confusion_table(result, names)
    if _width(console, table) <= console.width:
        say("\nRows are true classes, columns what the model said:\n")
        console.print(table)
    elif result.accuracy < 1:
        say("\nThe most frequent mistakes (--json has the whole matrix):\n")
        console.print(_mistakes_table(result, names))
    else:
        say("\nNot one mistake.")


def _require_fit(model: Model, data: Dataset) -> None:
    wanted, found = model.card.input_shape, data.images.shape[1:]
    if wanted != found:
        raise InputError(
            f"data: {data.name} has images of {show_shape(found)}, "
            f"but {model.path} expects {show_shape(wanted)}"
        )
    known, named = model.card.class_names, data.class_names
    if known != named and sorted(known) == sorted(named):
        raise InputError(
            f"data: {data.name} has the classes in another order than {model.path}; "
            "number them as its training data did"
        )
    if len(model.card.class_names) != len(data.class_names):
        raise InputError(
            f"data: {data.name} has {len(data.class_names)} classes, "
            f"but {model.path} knows {len(model.card.class_names)}"
        )


def _go_over(model: Model, data: Dataset) -> Evaluation:
    result = None
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("evaluating", total=len(data))
        for each in go_over(model.network, data):
            if isinstance(each, Evaluation):
                result = each
            else:
                progress.update(task, completed=each.done)
    assert result is not None, "an evaluation ends with its result"
    return result


def _class_table(scores: list[ClassScore], averages: dict[str, Average]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    for name in ("precision", "recall", "F1", "images"):
        table.add_column(name, justify="right")
    for score in scores:
        table.add_row(escape(score.name), *_shares(score), count(score.support))
    table.add_section()
    images = count(sum(score.support for score in scores))
    for name, average in averages.items():
        table.add_row(f"{name} average", *_shares(average), images, style="bold")
    return table


def _shares(of: ClassScore | Average) -> Iterator[str]:
    return (f"{share:.4f}" for share in (of.precision, of.recall, of.f1))


def _reliability_table(calibration: Calibration) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("it says", "it is right", "images"):
        table.add_column(name, justify="right")
    table.add_column("so it is", no_wrap=True)
    for each in filled(calibration):
        shares = (percent(share, 1) for share in (each.confidence, each.accuracy))
        table.add_row(*shares, count(each.count), verdict(each))
    return table


def _confusion_table(result: Evaluation, names: tuple[str, ...]) -> Table:
    """Columns are as wide as the numbers need; long names above them go on in the next line."""
    confusion = result.confusion
    digits = len(str(confusion.max()))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True, max_width=20)
    for name in names:
        width = max(digits, min(cell_len(name), 5))
        table.add_column(escape(name), justify="right", width=width, overflow="fold")
    for name, row in zip(names, confusion.tolist(), strict=True):
        table.add_row(escape(name), *(str(value) if value else "·" for value in row))
    return table


def _width(console: Console, table: Table) -> int:
    """How many cells a table would like to have."""
    endless = console.options.update(max_width=100_000)
    return Measurement.get(console, endless, table).maximum


def _mistakes_table(result: Evaluation, names: tuple[str, ...]) -> Table:
    """What of a matrix too wide for the terminal a person would look for."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    table.add_column("taken for")
    table.add_column("times", justify="right")
    mistakes = result.confusion.copy()
    np.fill_diagonal(mistakes, 0)
    for place in np.argsort(-mistakes, axis=None, kind="stable")[:MISTAKES]:
        true, called = np.unravel_index(place, mistakes.shape)
        if mistakes[true, called]:
            times = count(int(mistakes[true, called]))
            table.add_row(escape(names[true]), escape(names[called]), times)
    return table
