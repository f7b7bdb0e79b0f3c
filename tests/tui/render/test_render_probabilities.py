import numpy as np
import pytest
from rich.text import Text

from tui.render.probabilities import probability_bars

SHARES = np.array([0.05, 0.6, 0.0, 0.05, 0.3])
NAMES = ("ant", "bee", "cow", "dog", "eel")
COLORS = {"color": "#0000ff", "best_color": "#00ff00"}


def bars(width: int, height: int, names=NAMES, shares=SHARES, ascii: bool = False) -> Text:
    return probability_bars(names, shares, width=width, height=height, ascii=ascii, **COLORS)


def test_bars_are_as_long_as_the_probabilities():
    lines = bars(112, 5, ascii=True).plain.split("\n")
    assert [line.count("#") for line in lines] == [5, 60, 0, 5, 30]
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert [line.split()[-2] for line in lines] == ["5.0", "60.0", "0.0", "5.0", "30.0"]


def test_classes_go_into_as_many_columns_as_they_need():
    lines = bars(60, 3).plain.split("\n")
    assert [line.split()[0] for line in lines] == ["ant", "bee", "cow"]
    assert "dog" in lines[0]
    assert "eel" in lines[1]
    assert all(len(line) <= 60 for line in lines)


def test_where_there_is_no_room_for_all_the_most_probable_come_first():
    lines = bars(20, 3).plain.split("\n")
    assert [line.split()[0] for line in lines] == ["bee", "eel", "ant"]


def test_the_best_one_is_marked_without_colour_too():
    text = bars(30, 5)
    lines = text.split("\n")
    bold = ["bold" in str([span.style for span in line.spans]) for line in lines]
    assert bold == [False, True, False, False, False]


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [1, 3, 8, 14, 21, 40, 100])
@pytest.mark.parametrize("height", [1, 2, 7, 30])
def test_it_stays_in_its_room(width, height, ascii):
    names = tuple(f"number {i} of many" for i in range(30))
    shares = np.random.default_rng(0).dirichlet(np.ones(30))
    lines = bars(width, height, names, shares, ascii).split("\n")
    assert len(lines) <= height
    assert max(line.cell_len for line in lines) <= width
    assert not ascii or all(line.plain.isascii() for line in lines)


def test_wide_characters_keep_the_columns_straight():
    lines = bars(30, 2, ("鳥", "b"), np.array([0.5, 0.5])).split("\n")
    assert len({line.cell_len for line in lines}) == 1


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0)])
def test_without_room_there_is_nothing(width, height):
    assert bars(width, height).plain == ""


def test_one_that_is_no_number_is_drawn_empty():
    shares = np.array([np.nan, np.nan])
    lines = bars(30, 2, ("a", "b"), shares, ascii=True).plain.split("\n")
    assert all("#" not in line for line in lines)
