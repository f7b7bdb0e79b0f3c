"""Mistakes as files: a table of figures, and a sheet of pictures with what they were taken for."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nn.files import write_atomically
from nn.schema import InputError
from nn.types import Bytes, Integers
from tui.state import Answers
from tui.writing import ELSEWHERE, written

FOLDER = "mistakes"

MOST_PICTURES = 400
"""A sheet of more pictures is too large to look at."""

SIDE = 84
"""Pixels of a picture's longer side on a sheet, at least: smaller pictures are enlarged."""

LARGEST_SIDE = 168
GAP, LINE = 8, 14
SHEET_RATIO = 1.5
"""How much wider than high a sheet is, about."""


def write_mistakes(path: Path, answers: Answers, indices: Integers) -> None:
    """Write these of the images as a table or a sheet, by the file's ending; it is replaced.

    Raises:
        InputError: if the file's name ends in neither .csv nor .png, or it cannot be written.
    """
    content = _format_of(path)(answers, indices)
    with written(path, ELSEWHERE, "mistakes: "):
        write_atomically(path, content)


def require_writable(path: Path) -> None:
    """Refuse a file that mistakes cannot be written to, before there are any.

    Raises:
        InputError: if its name ends in neither .csv nor .png, or there is no such folder.
    """
    _format_of(path)
    if not path.parent.is_dir():
        raise InputError(f"mistakes: there is no folder {path.parent}; {ELSEWHERE}")


def _format_of(path: Path) -> Callable[[Answers, Integers], bytes]:
    known = {".csv": table, ".png": sheet}
    found = known.get(path.suffix.lower())
    if found is None:
        raise InputError(f"mistakes: {path} will not do; end the name in .csv or .png")
    return found


def export(library: Path, answers: Answers, indices: Integers, selection: str) -> list[Path]:
    """Write both files beside the models; their names tell whose answers, and which of them.

    Raises:
        InputError: if they cannot be written.
    """
    folder = library / FOLDER
    with written(folder, "it has to be a folder where you may write"):
        folder.mkdir(parents=True, exist_ok=True)
    name = "-".join(re.findall(r"\w+", f"{answers.source} {selection}"))
    files = [folder / f"{name}{ending}" for ending in (".csv", ".png")]
    for file in files:
        write_mistakes(file, answers, indices)
    return files


def table(answers: Answers, indices: Integers) -> bytes:
    """A line an image: its number in the test set, both classes, the figures, all probabilities.

    Loss is in nats; margin is the true class's probability less the highest other one.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = ("index", "true", "predicted", "probability", "loss", "margin")
    writer.writerow([*figures, *(f"p({name})" for name in answers.class_names)])
    for index in indices.tolist():
        shares = answers.probabilities[index]
        true, called = answers.labels[index], answers.predictions[index]
        measured = (answers.confidence[index], answers.losses[index], answers.margins[index])
        names = (answers.class_names[true], answers.class_names[called])
        writer.writerow([index, *names, *(f"{value:.6g}" for value in (*measured, *shares))])
    return text.getvalue().encode()


def sheet(answers: Answers, indices: Integers) -> bytes:
    """The first pictures as a PNG, each with its number, what it is and what it was taken for."""
    shown = indices[:MOST_PICTURES].tolist()
    font = ImageFont.load_default()
    height, width = _size(*answers.images.shape[1:3])
    tile = max(width, SIDE) + GAP, height + 3 * LINE + GAP
    across = round(np.sqrt(len(shown) * SHEET_RATIO * tile[1] / tile[0]))
    columns = min(max(across, 1), max(len(shown), 1))
    rows = max(-(-len(shown) // columns), 1)
    paper = Image.new("RGB", (columns * tile[0] + GAP, rows * tile[1] + GAP), "white")
    pen = ImageDraw.Draw(paper)
    for place, index in enumerate(shown):
        left = GAP + place % columns * tile[0]
        top = GAP + place // columns * tile[1]
        paper.paste(_picture(answers.images[index], width, height), (left, top))
        true, called = (
            answers.class_names[int(classes[index])]
            for classes in (answers.labels, answers.predictions)
        )
        percent = f"{100 * float(answers.confidence[index]):.0f} %"
        lines = (f"#{index}", f"is {true}", f"{percent} {called}")
        for line, text in enumerate(lines):
            place_below = (left, top + height + line * LINE)
            pen.text(place_below, _cut(text, font, tile[0] - GAP), fill="black", font=font)
    content = io.BytesIO()
    paper.save(content, "PNG")
    return content.getvalue()


def _size(height: int, width: int) -> tuple[int, int]:
    """The size on a sheet: a whole multiple, as pixels stay sharp so, or made smaller."""
    longer = max(height, width)
    scale = max(-(-SIDE // longer), 1) if longer <= LARGEST_SIDE else LARGEST_SIDE / longer
    return max(round(height * scale), 1), max(round(width * scale), 1)


def _picture(image: Bytes, width: int, height: int) -> Image.Image:
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    enlarged = width >= image.shape[1]
    way = Image.Resampling.NEAREST if enlarged else Image.Resampling.BOX
    return picture.resize((width, height), way)


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """As much of a text as there is room for."""
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-1]
    return text
