"""How far a network's probabilities can be believed, in words and as bars."""

from __future__ import annotations

from nn.metrics import Bin, Calibration
from tui.render import formats
from tui.render.bars import bar


def error(calibration: Calibration) -> str:
    """The calibration error: "calibration error 1.32 %"."""
    return f"calibration error {formats.percent(calibration.error)}"


def sentence(calibration: Calibration) -> str:
    """The confidence that adds most to the calibration error, and what it is worth."""
    worst = calibration.worst
    says, right = (formats.percent(share, 1) for share in (worst.confidence, worst.accuracy))
    return f"when it says {says}, it is right {right} of the time"


def filled(calibration: Calibration) -> list[Bin]:
    """The bins that have answers: a network of ten classes never says less than 10 %."""
    return [each for each in calibration.bins if each.count]


def verdict(each: Bin) -> str:
    """How many percentage points a bin's answers are too sure, or too unsure: "3.1 too sure"."""
    points = f"{100 * each.gap:.1f}"
    if float(points) == 0:
        return "as it should be"
    return f"{points} too {'sure' if each.confidence > each.accuracy else 'unsure'}"


def mark(*, ascii: bool = False) -> str:
    """The sign that stands in a bar where it should end."""
    return "|" if ascii else "│"


def reliability_bar(each: Bin, width: int, *, ascii: bool = False) -> str:
    """How often a bin's answers are right, as a bar of exactly `width` cells, with a mark.

    The mark stands where the bar would end if they were right as often as the network says.
    """
    cells = list(bar(each.accuracy, width, ascii=ascii))
    if cells:
        cells[min(int(each.confidence * width), width - 1)] = mark(ascii=ascii)
    return "".join(cells)
