from __future__ import annotations

import pytest

from nn.metrics import Bin, Calibration
from tui.render.reliability import error, filled, reliability_bar, sentence, verdict

SURE = Bin(low=0.6, high=0.8, count=100, confidence=0.75, accuracy=0.5)
UNSURE = Bin(low=0.2, high=0.4, count=100, confidence=0.25, accuracy=0.5)
EMPTY = Bin(low=0.4, high=0.6, count=0, confidence=0.0, accuracy=0.0)
RARE = Bin(low=0.8, high=1.0, count=1, confidence=0.9, accuracy=0.0)


def test_words_of_a_calibration() -> None:
    """The bin told of is the one that weighs most, not the one that is furthest off."""
    calibration = Calibration(0.1234, (EMPTY, RARE, SURE))
    assert error(calibration) == "calibration error 12.34 %"
    assert sentence(calibration) == "when it says 75.0 %, it is right 50.0 % of the time"
    assert filled(calibration) == [RARE, SURE]


def test_verdicts() -> None:
    assert verdict(SURE) == "25.0 too sure"
    assert verdict(UNSURE) == "25.0 too unsure"
    assert verdict(Bin(0.8, 1.0, 3, 0.9004, 0.9)) == "as it should be"


@pytest.mark.parametrize(
    ("each", "drawn"),
    [(SURE, "####  | "), (UNSURE, "##|#    "), (RARE, "         |")],
)
def test_bars_show_accuracy_and_a_mark_for_what_was_said(each: Bin, drawn: str) -> None:
    assert reliability_bar(each, len(drawn), ascii=True) == drawn


def test_the_mark_stays_within_the_bar() -> None:
    certain = Bin(0.8, 1.0, 2, 1.0, 1.0)
    assert reliability_bar(certain, 4) == "━━━│"
    assert reliability_bar(certain, 1) == "│"
    assert reliability_bar(certain, 0) == ""
