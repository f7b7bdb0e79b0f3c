import dataclasses
from itertools import product

import numpy as np
import pytest
from rich.style import Style
from textual.widgets import DataTable, Static

from tui.answers import Before
from tui.panels import Palette
from tui.panels.confusion import ConfusionPanel, HeatMap
from tui.state import View

COLORS = Palette(
    **dict.fromkeys(Palette.__annotations__, "#808080")
    | {"ground": "#000000", "heat": "#ff0000", "good": "#00ff00"}
)


@pytest.fixture
def heat(pets):
    return HeatMap(pets, False, COLORS, False)


def below(panel):
    """The lines below the table: the cell, and what its numbers are."""
    return str(panel.query_one(".line", Static).content).splitlines()


def text(heat_map, row, column):
    return heat_map.look(row, column)[0].strip()


def test_cells_are_counts_with_the_right_answers_in_brackets(heat):
    """Rows are true: 3 of 4 cats right and one called dog; 2 dogs right, 2 called eel."""
    table = [[text(heat, row, column) for column in range(4)] for row in range(4)]
    assert table == [
        ["[3]", "1", "·", "4"],
        ["·", "[2]", "2", "4"],
        ["·", "·", "[2]", "2"],
        ["3", "3", "4", "10"],
    ]


def test_cells_are_per_cent_of_their_row(pets):
    heat = HeatMap(pets, True, COLORS, True)
    table = [[text(heat, row, column) for column in range(3)] for row in range(3)]
    assert table == [["[75.0]", "25.0", "."], [".", "[50.0]", "50.0"], [".", ".", "[100.0]"]]


def test_the_more_frequent_mistake_is_the_hotter_one(heat):
    grounds = [heat.look(*place)[1].bgcolor for place in ((0, 1), (1, 2))]
    weak, strong = (ground.get_truecolor() for ground in grounds)
    assert 0 < weak.red < strong.red
    assert heat.look(0, 0)[1].bgcolor is None


def test_every_cell_is_told_in_words(heat):
    assert heat.words(0, 1) == "true cat, called dog: 1 of 4 (25.0 %)"
    assert heat.words(1, 1) == "true dog, called dog: 2 of 4 (50.0 %), right"
    assert heat.words(3, 2) == "called eel: 4 in all, 2 of them wrongly"
    assert heat.words(1, 3) == "true dog: 4 in all, 2 of them called otherwise"
    assert heat.words(3, 3) == "10 images in all"


def test_a_class_without_images_divides_by_nothing(answers_of):
    heat = HeatMap(answers_of([0, 0], [1, 1], 3), True, COLORS, False)
    assert text(heat, 2, 2) == "[0.0]"
    assert "0 of 0 (0.0 %)" in heat.words(2, 0)


@pytest.fixture
def later(pets):
    """In epoch 1 a cat more was called dog, and both dogs that are called eel were right."""
    before = np.array([[2, 2, 0], [0, 4, 0], [0, 0, 2]])
    return dataclasses.replace(pets, before=Before("epoch 1", before))


def test_a_change_is_told_with_its_sign(later):
    heat = HeatMap(later, False, COLORS, False, change=True)
    table = [[text(heat, row, column) for column in range(4)] for row in range(4)]
    assert table == [
        ["[+1]", "-1", "·", "·"],
        ["·", "[-2]", "+2", "·"],
        ["·", "·", "[=]", "·"],
        ["+1", "-3", "+2", "·"],
    ]
    percent = HeatMap(later, True, COLORS, True, change=True)
    assert [text(percent, 0, column) for column in range(3)] == ["[+25.0]", "-25.0", "."]


def test_a_change_is_told_in_words(later):
    heat = HeatMap(later, False, COLORS, False)
    assert heat.news(0, 1) == " · ▼ 1 fewer than in epoch 1"
    assert heat.news(1, 2) == " · ▲ 2 more than in epoch 1"
    assert heat.news(2, 2) == " · as many as in epoch 1"
    assert heat.news(3, 2) == " · ▲ 2 more than in epoch 1"
    assert heat.news(1, 3) == ""
    assert HeatMap(later, False, COLORS, True).news(0, 1) == " · v 1 fewer than in epoch 1"


def test_without_an_epoch_before_there_is_no_change(pets):
    heat = HeatMap(pets, False, COLORS, False, change=True)
    assert text(heat, 0, 0) == "[3]"
    assert heat.news(0, 0) == ""


def test_what_the_numbers_are_and_whose_is_told(later, pets):
    """Nobody need know which way round the matrix lies, or see by the numbers what they are."""
    told = [
        HeatMap(answers, percent, COLORS, False, change=change).legend
        for answers, percent, change in product((pets, later), (False, True), (False, True))
    ]
    assert all(each.startswith("row: true, column: called · ") for each in told)
    assert all(each.endswith(f" · {pets.source}") for each in told)
    of_pets, of_later = told[:4], told[4:]
    assert ["counts" in each for each in of_pets] == [True, True, False, False]
    assert ["% of the row" in each for each in of_pets] == [False, False, True, True]
    assert ["change since epoch 1" in each for each in of_later] == [False, True, False, True]
    assert ["%" in each for each in of_later] == [False, False, True, True]


async def test_keys_change_what_is_told_below(app_of, later):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, later))
        panel.focus()
        await pilot.pause()
        assert "counts" in below(panel)[1]
        await pilot.press("c", "d")
        await pilot.pause()
        assert "change since epoch 1, %" in below(panel)[1]


async def test_d_shows_the_change_and_o_the_worst_first(app_of, painted, later, pets):
    """Dog and eel take part in the most mistakes: 3 (2 + 1) and 2; cat in one."""
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, later))
        panel.focus()
        await pilot.press("d")
        await pilot.pause()
        assert painted(panel.table).splitlines()[1].split()[:3] == ["cat", "[+1]", "-1"]
        await pilot.press("d", "right", "o")
        await pilot.pause()
        assert [line.split()[0] for line in painted(panel.table).splitlines()[1:4]] == [
            "dog",
            "eel",
            "cat",
        ]
        told = below(panel)
        assert told[0].startswith("true cat, called dog: 1 of 4"), "the cursor stays on its cell"
        await pilot.press("o")
        await pilot.pause()
        assert below(panel) == told
        panel.show(View(None, pets))
        await pilot.press("d")
        await pilot.pause()
        assert "[3]" in painted(panel.table), "d means nothing there"


async def test_enter_asks_for_the_images_of_the_cell(app_of, pets):
    seen = []
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20), message_hook=seen.append) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("down", "right", "right", "enter", "down", "down", "enter")
        await pilot.pause()
    chosen = {(one.true, one.predicted) for one in seen if isinstance(one, panel.CellChosen)}
    assert chosen == {(1, 2)}


async def test_the_line_below_follows_the_cursor(app_of, pets):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("right")
        await pilot.pause()
        assert below(panel)[0] == "true cat, called dog: 1 of 4 (25.0 %)"


async def test_c_changes_to_per_cent_and_back(app_of, painted, pets):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.pause()
        assert "[3]" in painted(panel.table)
        await pilot.press("c")
        assert "[75.0]" in painted(panel.table)
        await pilot.press("c")
        assert "[3]" in painted(panel.table)


async def test_new_answers_replace_the_numbers_under_a_cursor_that_stays(
    app_of, painted, answers_of
):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, answers_of([0, 1, 2, 2], [0, 1, 2, 1], 3)))
        panel.focus()
        await pilot.press("down", "down", "right")
        panel.show(View(None, answers_of([0, 1, 2, 2], [0, 1, 1, 1], 3)))
        await pilot.pause()
        assert tuple(panel.table.cursor_coordinate) == (2, 1)
        assert below(panel)[0] == "true 2, called 1: 2 of 2 (100.0 %)"
        assert painted(panel.table).splitlines()[3].split()[:4] == ["2", "·", "2", "[0]"]


async def test_ten_classes_fit_78_columns(app_of, painted, answers_of):
    labels = np.repeat(np.arange(10), 1000)
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(78, 17)) as pilot:
        panel.show(View(None, answers_of(labels, labels, 10)))
        await pilot.pause()
        assert panel.table.virtual_size.width <= 78
        assert panel.table.max_scroll_x == panel.table.max_scroll_y == 0
        assert painted(panel.table).count("[1000]") == 10


@pytest.mark.parametrize("size", [(20, 5), (250, 80)])
@pytest.mark.parametrize("classes", [2, 100])
async def test_every_size_and_number_of_classes_will_do(size, classes, app_of, painted, answers_of):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=size) as pilot:
        panel.show(View(None, answers_of(range(classes), range(classes), classes)))
        panel.focus()
        await pilot.press("pagedown", "end", "up", "left")
        await pilot.press(*["down"] * 3)
        await pilot.pause()
        assert panel.table.row_count == classes + 1
        assert str(panel.query_one(".line").content)


async def test_without_answers_it_says_when_they_come(app_of):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View())
        await pilot.press("c")
        assert panel.query_one(".nothing").display


async def test_of_a_thousand_classes_the_worst_are_shown(app_of, answers_of):
    """Two pictures of 640 are called 641, the others are right: the first 98 are as good as any."""
    right = list(range(1000))
    answers = answers_of([*right, 640, 640], [*right, 641, 641], 1000, shape=(1, 1, 1))
    seen = []
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 20), message_hook=seen.append) as pilot:
        panel.show(View(None, answers))
        assert panel.heat_map.places == (*range(98), 640, 641, 1000)
        assert (panel.table.row_count, len(panel.table.columns)) == (101, 101)
        panel.focus()
        panel.table.move_cursor(row=98, column=99)
        await pilot.pause()
        assert below(panel)[0] == "true 640, called 641: 2 of 3 (66.7 %) · the worst 100 of 1,000"
        await pilot.press("enter")
        await pilot.pause()
    chosen = {(one.true, one.predicted) for one in seen if isinstance(one, panel.CellChosen)}
    assert chosen == {(640, 641)}
    assert panel.heat_map.words(640, 1000) == "true 640: 3 in all, 2 of them called otherwise"


def cells_of(lines):
    return [[(sign, part.style) for part in line for sign in part.text] for line in lines]


async def test_places_look_as_textual_would_paint_them(pets, app_of):
    panel = ConfusionPanel()
    async with app_of(panel).run_test(size=(80, 24)) as pilot:
        panel.show(View(answers=pets))
        await pilot.pause()
        table, ground, width = panel.table, Style.parse("red on blue"), panel.heat_map.width
        on_off = (False, True)
        for row, column, cursor, hover in product(range(4), range(4), on_off, on_off):
            place = (row, column, ground, width, cursor, hover)
            mine, textuals = table._render_cell(*place), DataTable._render_cell(table, *place)
            assert cells_of(mine) == cells_of(textuals)
