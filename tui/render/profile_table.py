"""Where the time of training goes, as a table with bars."""

from __future__ import annotations

from rich.table import Table

from nn.profiling import Part, Profile, Work
from tui.render.bars import bar
from tui.render.formats import count, percent

BAR = 8
"""Cells of a bar."""

DIRECTIONS, RATES, BARS, INFERENCE = 50, 60, 70, 86
"""The widths from which on there is room for these columns."""

COLUMNS_SAID = (
    "Times are in milliseconds a batch. G/s: billions of multiply-adds a second, as the layers' "
    "definitions count them. Layers joined by + are carried out together."
)


def conditions(profile: Profile) -> str:
    """What the figures depend on, besides the network."""
    threads = "1 thread" if profile.threads == 1 else f"{profile.threads} threads"
    return (
        f"batches of {count(profile.batch_size)}, {threads}, {profile.processor} "
        f"({profile.processors} usable), {profile.blas}, NumPy {profile.numpy}"
    )


def result(profile: Profile) -> str:
    """The whole step in a sentence."""
    return (
        f"A step takes {_time(profile.milliseconds)} ms, {profile.images_per_second:,.0f} images/s;"
        f" inference {_time(profile.inference_milliseconds)} ms, "
        f"{profile.inference_images_per_second:,.0f} images/s."
    )


def profile_table(profile: Profile, *, width: int, ascii: bool, bars: str = "") -> Table:
    """A row for each part of a step; a narrow one leaves columns out. `bars` is their colour."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("part of a step", overflow="fold")
    table.add_column("by", no_wrap=True)
    if width >= DIRECTIONS:
        for name in ("forward", "backward"):
            table.add_column(name, justify="right", no_wrap=True)
            if width >= RATES:
                table.add_column("G/s", justify="right", no_wrap=True)
    if width >= INFERENCE:
        table.add_column("inference", justify="right", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    if width >= BARS:
        table.add_column("", no_wrap=True, width=BAR, style=bars)
    most = max(part.share for part in profile.parts)
    for part in profile.parts:
        table.add_row(*_cells(part, most, width, ascii=ascii))
    return table


def _cells(part: Part, most: float, width: int, *, ascii: bool) -> list[str]:
    cells = [part.name, part.algorithm or ""]
    if width >= DIRECTIONS:
        for work in (part.forward, part.backward):
            cells.append("" if work is None else _time(work.milliseconds))
            if width >= RATES:
                cells.append(_rate(work))
    if width >= INFERENCE:
        time = part.inference_milliseconds
        cells.append(_time(time) if time else "")
    cells += [_time(part.milliseconds), percent(part.share, 1)]
    if width >= BARS:
        cells.append(bar(part.share / most, BAR, ascii=ascii))
    return cells


def _rate(work: Work | None) -> str:
    return f"{work.rate:.1f}" if work is not None and work.multiply_adds else ""


def _time(milliseconds: float) -> str:
    """Three digits, as far as they are behind the point."""
    return f"{milliseconds:.{2 if milliseconds < 10 else 1 if milliseconds < 100 else 0}f}"
