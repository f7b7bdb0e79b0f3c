"""What stands on the screen, as a text that can be compared, read in a diff and drawn again.

It has three parts: the lines of the screen; the styles that occur, numbered; and for each line how
many signs have which style, as in `12x0 3x4`.

python tests/tui/pictures.py FOLDER FILE.txt ...       draws such texts, as SVG files for the eye
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual._compositor import LayoutUpdate
from textual.app import App

STYLES, RUNS = "\n--- styles\n", "\n--- runs\n"


def picture_of(app: App[str]) -> str:
    """The whole screen, with what shines through a dialog."""
    stack = app._background_screens
    update = app.screen._compositor.render_update(full=True, screen_stack=stack)
    assert isinstance(update, LayoutUpdate)
    return to_text([[each for strip in line for each in strip] for line in update.strips])


def to_text(lines: list[list[Segment]]) -> str:
    """The segments of each line as a text."""
    numbers: dict[str, int] = {}
    texts, runs = [], []
    for line in lines:
        texts.append("".join(segment.text for segment in line).rstrip(" "))
        signs = [_name(segment.style) for segment in line for _ in segment.text]
        found = [(name, sum(1 for _ in same)) for name, same in groupby(signs)]
        runs.append(" ".join(f"{n}x{numbers.setdefault(name, len(numbers))}" for name, n in found))
    styles = [f"{number} {name}" for name, number in numbers.items()]
    return "\n".join(texts) + STYLES + "\n".join(styles) + RUNS + "\n".join(runs) + "\n"


def to_lines(text: str) -> list[list[Segment]]:
    """The other way round."""
    texts, _, rest = text.partition(STYLES)
    names, _, runs = rest.partition(RUNS)
    styles = [Style.parse(line.partition(" ")[2]) for line in names.split("\n")]
    lines = zip(texts.split("\n"), runs.rstrip("\n").split("\n"), strict=True)
    return [list(_segments(signs, run, styles)) for signs, run in lines]


def to_svg(text: str) -> str:
    """The picture for the eye."""
    lines = to_lines(text)
    width = max(sum(segment.cell_length for segment in line) for line in lines)
    console = Console(
        width=width,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
        record=True,
    )
    for line in lines:
        console.print(Segments(line), soft_wrap=True)
    return console.export_svg(title="cnn-tui")


class Picture(SingleFileSnapshotExtension):
    """Keeps such a text as a file; one that differs is drawn beside what was expected."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT

    def diff_lines(self, serialized_data: object, snapshot_data: object) -> Iterator[str]:
        """The lines that differ, and where the drawings are."""
        yield from super().diff_lines(serialized_data, snapshot_data)
        folder = Path(tempfile.mkdtemp(prefix="pictures-"))
        for name, text in (("expected", str(snapshot_data)), ("now", str(serialized_data))):
            if text:
                (folder / f"{name}.svg").write_text(to_svg(text), "utf-8")
        yield f"drawn as {folder}/expected.svg and now.svg"


def _name(style: Style | None) -> str:
    return "none" if style is None else str(style.clear_meta_and_links())


def _segments(signs: str, runs: str, styles: list[Style]) -> Iterator[Segment]:
    start = 0
    for run in runs.split():
        count, _, number = run.partition("x")
        end = start + int(count)
        yield Segment(signs[start:end].ljust(int(count)), styles[int(number)])
        start = end


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file in map(Path, sys.argv[2:]):
        drawn = folder / f"{file.stem}.svg"
        drawn.write_text(to_svg(file.read_text("utf-8")), "utf-8")
