import dataclasses

import numpy as np
import pytest
from rich.color import Color

from tui.render.maps import Look, Tiling, fitted, map_text, page_text, tiling

INK, BELOW, PAPER = (255, 255, 255), (0, 0, 255), (0, 0, 0)
LOOK = Look("half", "#ffffff", "#0000ff", "#000000", "#808080", "#00ff00", "#000000")
PLAIN = {name: dataclasses.replace(LOOK, drawing=name) for name in ("ascii", "quadrant")}


def pixels_of(text):
    """The colours of the upper and the lower half of every cell; -1 where there is no picture."""
    lines = text.split("\n")
    shown = np.full((2 * len(lines), max(map(len, lines)), 3), -1)
    for row, line in enumerate(lines):
        for span in line.spans:
            for column in range(span.start, span.end):
                if line.plain[column] not in " ▀" or span.style.bgcolor is None:
                    continue
                lower = span.style.bgcolor.triplet
                upper = lower if line.plain[column] == " " else span.style.color.triplet
                shown[2 * row : 2 * row + 2, column] = upper, lower
    return shown


def test_signs_are_colours_and_sizes_are_shades():
    values = np.array([[1.0, 0.0], [-1.0, 0.5]])
    shown = pixels_of(map_text(values, (2, 1), LOOK))
    assert shown[0].tolist() == [list(INK), list(PAPER)]
    assert shown[1, 0].tolist() == list(BELOW)
    assert abs(shown[1, 1] - 127.5).max() <= 255 / 31 / 2 + 1


def test_on_light_paper_ink_is_dark():
    light = dataclasses.replace(LOOK, ink="#000000", paper="#ffffff")
    shown = pixels_of(map_text(np.array([[1.0], [0.0]]), (1, 1), light))
    assert shown[:, 0].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_a_smaller_map_shows_means_and_keeps_what_is_farthest_from_zero():
    values = np.zeros((4, 4))
    values[0, 0] = -1.0
    shown = pixels_of(map_text(values, (2, 1), LOOK))
    assert shown[0, 0].tolist() == list(BELOW)
    assert shown.sum() == 255


def test_without_colours_zero_is_a_middle_shade_only_where_something_is_below():
    above = map_text(np.array([[0.0, 1.0]]), (2, 1), PLAIN["ascii"])
    assert above.plain == " @"
    both = map_text(np.array([[-1.0, 0.0, 1.0]]), (3, 1), PLAIN["ascii"])
    assert both.plain[0] + both.plain[2] == " @"
    assert both.plain[1] in "=+"
    assert map_text(np.array([[1.0, 0.0], [0.0, 1.0]]), (1, 1), PLAIN["quadrant"]).plain == "▚"


def test_in_greys_zero_is_the_middle_one_where_something_is_below():
    grey = dataclasses.replace(LOOK, coloured=False)
    shown = pixels_of(map_text(np.array([[-1.0, 0.0, 1.0]] * 2), (3, 1), grey))
    assert shown[0, 0].tolist() == list(PAPER)
    assert abs(shown[0, 1] - 127.5).max() < 6
    assert shown[0, 2].tolist() == list(INK)
    above = pixels_of(map_text(np.array([[0.0, 1.0]] * 2), (2, 1), grey))
    assert above[0].tolist() == [list(PAPER), list(INK)]


@pytest.mark.parametrize("drawing", ["half", "ascii", "quadrant"])
def test_pictures_stand_beside_each_other_with_numbers_below(drawing):
    look = dataclasses.replace(LOOK, drawing=drawing)
    values = np.random.default_rng(0).uniform(-1, 1, (4, 4, 5))
    at = Tiling(columns=3, rows=2, width=4, lines=2)
    lines = page_text(values, [str(n) for n in range(1, 6)], 4, at, look).split("\n")
    assert [len(line) for line in lines] == [15, 15, 15, 10, 10, 10]
    assert lines[2].plain.split() == ["1", "2", "3"]
    assert lines[5].plain.split() == ["4", "5"]
    mark = "|" if drawing == "ascii" else "▌"
    marked = [line.plain[5] == mark for line in lines]
    assert marked == [False] * 3 + [True, True, False]
    (label,) = [span.style for span in lines[5].spans if span.style.bold]
    assert label.bgcolor == Color.parse("#00ff00")


def test_each_picture_of_a_page_is_that_map():
    values = np.random.default_rng(0).uniform(-1, 1, (4, 4, 3))
    page = pixels_of(page_text(values, "abc", None, Tiling(2, 2, 4, 2), LOOK))
    for n, (row, column) in enumerate(((0, 1), (0, 6), (6, 1))):
        alone = pixels_of(map_text(values[:, :, n], (4, 2), LOOK))
        assert (page[row : row + 4, column : column + 4] == alone).all()
    assert (page[6:10, 6:] == -1).all()


def test_a_label_that_is_too_long_is_left_out():
    at = Tiling(columns=2, rows=1, width=3, lines=1)
    text = page_text(np.zeros((1, 1, 2)), ["boot", "cat"], None, at, LOOK)
    assert text.split("\n")[1].plain == "     cat"


@pytest.mark.parametrize("room", [(1, 1), (2, 2), (38, 4), (48, 15), (78, 27), (200, 80)])
@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (5, 5), (3, 7), (96, 64)])
@pytest.mark.parametrize("count", [1, 6, 64, 1000])
def test_pictures_keep_to_their_room(room, shape, count):
    at = tiling(*shape, count, room)
    assert at.columns >= 1
    assert at.rows >= 1
    if min(room) > 2:
        assert at.columns * (at.width + 1) <= room[0]
        assert at.rows * (at.lines + 1) <= room[1]


def test_pictures_are_as_large_as_lets_all_of_them_in():
    assert tiling(28, 28, 1, (78, 27)) == Tiling(2, 1, 28, 14)
    assert tiling(28, 28, 6, (48, 27)) == Tiling(3, 3, 14, 7)
    assert tiling(5, 5, 6, (78, 27)) == Tiling(3, 2, 20, 10)
    assert tiling(1, 1, 84, (78, 15)) == Tiling(19, 7, 3, 1)


def test_where_not_all_fit_they_are_as_small_as_can_still_be_read():
    at = tiling(28, 28, 500, (48, 15))
    assert (at.width, at.lines) == (9, 4)
    assert at.count < 500


def test_one_map_is_enlarged_by_a_whole_factor_if_one_fits():
    assert fitted(14, 14, (78, 27)) == (42, 21)
    assert fitted(28, 28, (78, 27)) == (28, 14)
    assert fitted(28, 28, (78, 7)) == (14, 7)
    assert fitted(28, 28, (3, 1)) == (2, 1)
