"""`cnn-tui export`: a saved model as a file that other programs run."""

from __future__ import annotations

import json
from pathlib import Path

from nn.checkpoint import load_model
from nn.export import Format, export, find_format
from nn.export.base import INPUT, OUTPUT
from nn.files import write_atomically
from nn.schema import InputError
from tui.commands.saying import say
from tui.writing import ELSEWHERE, written


def export_model(
    path: Path, format_name: str, output: Path | None, *, force: bool, as_json: bool
) -> None:
    """Write a model in another format, and say what its file takes and gives.

    Raises:
        InputError: if the model cannot be read or exported, or the file cannot be written.
    """
    wanted = find_format(format_name)
    target = output or Path(f"{path.stem}{wanted.suffix}")
    _require_free(target, wanted, force=force)
    model = load_model(path)
    content = export(model, wanted)
    with written(target, ELSEWHERE, "output: "):
        write_atomically(target, content)
    card = model.card
    inputs, outputs = ("N", *card.input_shape), ("N", len(card.class_names))
    if as_json:
        description = {
            "path": str(target),
            "format": wanted.name,
            "input": {"name": INPUT, "shape": inputs, "range": [0, 1]},
            "output": {"name": OUTPUT, "shape": outputs},
            "class_names": card.class_names,
        }
        print(json.dumps(description))
        return
    say(f"{target}: {INPUT} {_show(inputs)}, floats from 0 to 1, become {OUTPUT} {_show(outputs)}")


def _require_free(target: Path, wanted: Format, *, force: bool) -> None:
    if target.suffix != wanted.suffix:
        raise InputError(
            f"output: {target} will not do for {wanted.name}; end the name in {wanted.suffix}"
        )
    if target.is_dir():
        raise InputError(f"output: {target} is a folder; name a file in it")
    if target.exists() and not force:
        raise InputError(f"output: {target} exists; name another file, or add --force")


def _show(shape: tuple[str | int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
