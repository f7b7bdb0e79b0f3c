import math

import pytest

from tui.render.bars import bar


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0, "    "),
        (1, "━━━━"),
        (0.5, "━━  "),
        (0.25 + 1 / 8, "━╸  "),
        (7 / 32, "━   "),
        (-2, "    "),
        (7, "━━━━"),
        (math.nan, "    "),
        (math.inf, "━━━━"),
    ],
)
def test_bar_counts_halves_of_a_cell(fraction, text):
    assert bar(fraction, 4) == text


def test_bar_shows_its_track_without_a_gap():
    assert bar(0.6, 5, track=True) == "━━━──"
    assert bar(0.5, 5, track=True) == "━━╾──"
    assert bar(0.6, 5, track=True, ascii=True) == "###--"
    assert bar(0.6, 5, ascii=True) == "###  "


@pytest.mark.parametrize("width", [0, 1, 2, 17])
@pytest.mark.parametrize("ascii", [False, True])
def test_bar_fills_its_width_exactly(width, ascii):
    assert all(len(bar(i / 100, width, track=True, ascii=ascii)) == width for i in range(101))
