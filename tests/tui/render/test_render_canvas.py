import numpy as np
import pytest

from tui.render.canvas import arrange, sheet_text

SQUARE = np.zeros((40, 40), np.uint8)
SQUARE[20:, :20] = 255


def sheet(height, pen=(0.999, 0.0), style="ascii", ink=SQUARE):
    return sheet_text(
        ink,
        height=height,
        style=style,
        ink_color="#ffffff",
        paper_color="#000000",
        pen=pen,
        mark="x",
        mark_style="bold",
    )


def test_ink_is_where_it_was_drawn_and_the_pen_on_top():
    assert sheet(4).plain.split("\n") == ["       x", "        ", "@@@@    ", "@@@@    "]
    assert sheet(4, (0.13, 0.6)).plain.split("\n")[2] == "@x@@    "


@pytest.mark.parametrize("style", ["half", "quadrant", "ascii"])
@pytest.mark.parametrize("pen", [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (1.0, 0.0)])
@pytest.mark.parametrize("height", [1, 2, 7, 30])
def test_it_is_a_square_of_cells_with_one_mark(style, pen, height):
    lines = sheet(height, pen, style).split("\n", allow_blank=True)
    assert [line.cell_len for line in lines] == [2 * height] * height
    assert "\n".join(line.plain for line in lines).count("x") == 1
    row = min(int(pen[1] * height), height - 1)
    column = min(int(pen[0] * 2 * height), 2 * height - 1)
    assert lines[row].plain[column] == "x"


def test_an_empty_sheet_is_empty():
    text = sheet(5, style="quadrant", ink=np.zeros((40, 40), np.uint8)).plain
    assert text.replace("x", " ").strip() == ""


@pytest.mark.parametrize("width", [1, 5, 20, 38, 62, 78, 118, 300])
@pytest.mark.parametrize("height", [1, 3, 9, 21, 33, 98])
@pytest.mark.parametrize("picture", [(28, 28), (32, 32), (8, 100), (100, 8)])
def test_all_parts_fit_beside_each_other(width, height, picture):
    at = arrange(width, height, picture, 3)
    assert at.sheet_height >= 1
    if width >= 20 and height >= 3:
        assert at.sheet_height + 2 <= height
        assert 2 * at.sheet_height + 2 + 1 + at.side_width == width
    assert at.seen_width <= at.side_width
    if at.seen_width:
        assert 1 + at.seen_height + 1 + 3 <= height


@pytest.mark.parametrize(
    ("size", "sheet_height", "seen"),
    [((78, 21), 19, (28, 14)), ((78, 33), 22, (28, 14)), ((38, 9), 7, (0, 0))],
)
def test_usual_terminals_have_room_for_what_matters(size, sheet_height, seen):
    at = arrange(*size, (28, 28))
    assert at.sheet_height == sheet_height
    assert (at.seen_width, at.seen_height) == seen
    assert at.side_width >= 19
