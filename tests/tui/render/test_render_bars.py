import math

import pytest

from tui.render.bars import bar, sparkline


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


def test_sparkline_goes_from_the_lowest_to_the_highest_value():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([3, -1], 2, ascii=True) == "#_"


def test_sparkline_averages_what_does_not_fit():
    assert sparkline([0, 0, 6, 8], 2) == "▁█"
    assert sparkline([0, math.nan, 5, 9], 2) == "▁█"


def test_sparkline_leaves_gaps_and_pads():
    assert sparkline([0, math.nan, 1], 5) == "▁ █  "
    assert sparkline([math.inf, 0, 1], 3) == " ▁█"


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, math.nan]])
def test_sparkline_of_nothing_is_blank(values):
    assert sparkline(values, 4) == "    "


def test_sparkline_of_a_constant_is_level():
    line = sparkline([2, 2, 2], 3)
    assert line == line[0] * 3
    assert line != "   "


def test_sparkline_without_room_is_empty():
    assert sparkline([1, 2], 0) == ""
