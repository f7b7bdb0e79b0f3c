"""`cnn-tui evaluate`: how a model does on a test set."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from nn.checkpoint import Model, load_model
from nn.data import Dataset, load
from nn.layers import show_shape
from nn.metrics import ClassScore, Evaluation, class_scores
from nn.schema import InputError
from nn.training import evaluate as go_over
from tui.render.formats import count, percent


def evaluate(path: Path, dataset: str | None, *, as_json: bool) -> None:
    """Print a model's figures on a test set, its own unless another is named.

    Raises:
        InputError: if the model cannot be read or does not fit the dataset.
    """
    model = load_model(path)
    data = load(dataset or model.card.config.data.dataset, "test")
    _require_fit(model, data)
    result = _go_over(model, data)
    confusion = result.confusion
    scores = class_scores(confusion, data.class_names)
    if as_json:
        print(
            json.dumps(
                {
                    "accuracy": result.accuracy,
                    "loss": result.loss,
                    "count": len(data),
                    "classes": [asdict(score) for score in scores],
                    "confusion": confusion.tolist(),
                }
            )
        )
        return
    console = Console()
    console.print(
        f"{path.stem} on {count(len(data))} test images of {data.name}: "
        f"accuracy {percent(result.accuracy)}, loss {result.loss:.4f}\n",
        markup=False,
    )
    console.print(_class_table(scores))
    console.print("\nRows are true classes, columns what the model said:\n")
    console.print(_confusion_table(result, data.class_names))


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


def _class_table(scores: list[ClassScore]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("class")
    for name in ("precision", "recall", "F1", "images"):
        table.add_column(name, justify="right")
    for score in scores:
        shares = (f"{share:.4f}" for share in (score.precision, score.recall, score.f1))
        table.add_row(escape(score.name), *shares, count(score.support))
    return table


def _confusion_table(result: Evaluation, names: tuple[str, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in names:
        table.add_column(escape(name), justify="right")
    for name, row in zip(names, result.confusion.tolist(), strict=True):
        table.add_row(escape(name), *(str(value) if value else "·" for value in row))
    return table
