import dataclasses
import re

import numpy as np
import pytest

from nn.config import preset
from tui.dialogs import Help
from tui.panels.mistakes import MistakesPanel
from tui.panels.mistakes.grid import looks
from tui.panels.mistakes.large import LargePicture, arrange, picture_lines
from tui.panels.mistakes.tiling import tiling
from tui.panels.mistakes.words import Selection, label, pairs_of
from tui.state import RunState, View


def headline(panel):
    return str(panel.query_one("#line").content)


def listed(panel):
    return panel.grid.indices.tolist()


@pytest.fixture
def numbers(answers_of):
    """Image i of 40 is truly i mod 10; those of 5 to 9 are each taken for one less."""
    labels = [i % 10 for i in range(40)]
    return answers_of(labels, [c - 1 if c >= 5 else c for c in labels], 10)


async def test_the_most_confident_mistake_of_each_pair_comes_first(app_of, pets):
    """Images 3, 6 and 7 are wrong, with 60, 95 and 70 % confidence; 6 and 7 are one pair."""
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.pause()
        assert listed(panel) == [6, 3, 7]
        line = "3 mistakes of 10 · true: any · predicted: any · most confident first"
        assert headline(panel) == f"{line} · pairs in turn · model pets"
        await pilot.press("m")
        assert listed(panel) == [6, 7, 3]
        assert headline(panel) == f"{line} · model pets"
        await pilot.press("m")
        assert listed(panel) == [6, 3, 7]


async def test_o_goes_through_the_orders(app_of, painted, pets):
    """The true classes of 3, 6 and 7 got 39, 1 and 0.1 %: the loss of 7 is the highest.

    Their margins are -21, -94 and -69.9 %.
    """
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("m")
        for order, words, figures in (
            ([7, 6, 3], "highest loss first", "6.91 4.61 0.94"),
            ([6, 7, 3], "lowest margin first", "-94 % -70 % -21 %"),
            ([3, 6, 7], "in order of the test set", "#3 #6 #7"),
            ([6, 7, 3], "most confident first", "95 % 70 % 60 %"),
        ):
            await pilot.press("o")
            await pilot.pause()
            assert listed(panel) == order
            assert headline(panel).endswith(f"{words} · model pets")
            below = next(line for line in painted(panel.grid).splitlines() if "→" in line)
            assert " ".join(re.sub(r"\w+→\w+|▌", " ", below).split()) == figures


async def test_another_order_or_choice_begins_at_its_first(app_of, pets):
    """Another order is asked for to see what is first in it, not where the cursor was."""
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        for key in "omtp":
            await pilot.press("end", key)
            assert panel.grid.cursor == 0


async def test_classes_are_gone_through_by_keys(app_of, pets):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("t")
        assert listed(panel) == [3]
        assert "1 mistake of 10 · true: cat · predicted: any" in headline(panel)
        await pilot.press("t")
        assert listed(panel) == [6, 7]
        await pilot.press("t")
        assert "true: any" in headline(panel)
        await pilot.press("P")
        assert "predicted: eel" in headline(panel)
        assert listed(panel) == [6, 7]
        for clearing in ("a", "escape"):
            panel.filter(0, None)
            await pilot.press(clearing)
            assert listed(panel) == [6, 3, 7]
            assert not panel.check_action("all", ())


async def test_f_chooses_a_pair_the_most_frequent_first(app_of, painted, pets):
    panel = MistakesPanel()
    app = app_of(panel)
    async with app.run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        for moves, found in ((1, [6, 7]), (2, [3]), (0, [6, 3, 7])):
            await pilot.press("f", *["down"] * moves)
            await pilot.pause()
            lines = painted(app.screen.query_one("OptionList")).splitlines()
            assert [" ".join(line.split()) for line in lines] == [
                "all 3 mistakes",
                "2 dog → eel",
                "1 cat → dog",
            ]
            await pilot.press("enter")
            await pilot.pause()
            assert listed(panel) == found
        await pilot.press("f", "down", "escape")
        assert listed(panel) == [6, 3, 7]


def test_pairs_are_those_of_the_confusion_matrix(pets, answers_of):
    assert pairs_of(pets) == [(1, 2, 2), (0, 1, 1)]
    assert pairs_of(answers_of([0, 1], [0, 1], 2)) == []
    every = [(true, called) for true in range(30) for called in range(30) if true != called]
    answers = answers_of(*zip(*every, strict=True), 30)
    assert len(pairs_of(answers)) == 200


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (
            120,
            "9 mistakes of 10 · true: cat · predicted: any · highest loss first · pairs in turn"
            " · model pets",
        ),
        (
            90,
            "9 mistakes · true cat → predicted any · highest loss first · pairs in turn"
            " · model pets",
        ),
        (76, "9 mistakes · cat → any · highest loss first · pairs in turn · model pets"),
        (64, "9 mistakes · cat → any · highest loss first · model pets"),
        (50, "9 mistakes · cat → any · highest loss first"),
        (38, "9 · cat→any · highest loss first"),
        (10, "9 · cat→any · highest loss first"),
    ],
)
def test_the_headline_says_what_there_is_room_for(pets, width, line):
    selection = Selection(true=0, order="loss")
    assert selection.headline(pets, 9, width, ascii=False) == line
    ascii = line.replace("→", "->")
    assert selection.headline(pets, 9, width + 1, ascii=True) == ascii


async def test_d_goes_through_sizes_and_ways_to_draw(app_of, painted, numbers):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(80, 24)) as pilot:
        panel.show(View(None, numbers))
        panel.focus()
        await pilot.press("right", "right")
        seen = []
        for _ in range(4):
            await pilot.pause()
            height = panel.grid._tiling.tile_height - 1
            seen.append((height, panel.grid._tiling.columns, "@" in painted(panel.grid)))
            await pilot.press("d")
        assert seen == [(9, 4, False), (6, 5, False), (19, 2, False), (10, 3, True)]
        assert panel.grid.cursor == 2


def test_every_terminal_has_sizes():
    assert [look.style for look in looks("half")] == ["half", "fine", "half", "ascii"]
    assert [look.style for look in looks("quadrant")] == ["quadrant"] * 3 + ["ascii"]
    assert [look.style for look in looks("ascii")] == ["ascii"] * 3


async def test_a_cell_of_the_diagonal_shows_right_answers(app_of, pets):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)):
        panel.show(View(None, pets))
        panel.filter(0, 0)
        assert listed(panel) == [0, 1, 2]
        assert headline(panel).startswith("3 right answers of 10 · true: cat · predicted: cat")


async def test_a_filter_that_leaves_nothing_says_how_to_go_on(app_of, pets):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.filter(2, 0)
        await pilot.pause()
        sentence = panel.query_one("#nothing")
        assert sentence.display
        assert "a shows all" in str(sentence.content)
        panel.filter(None, None)
        assert not sentence.display


async def test_no_mistakes_at_all(app_of, answers_of):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, answers_of([0, 1], [0, 1], 2)))
        panel.focus()
        await pilot.press("t", "p", "o", "a", "down", "enter")
        assert str(panel.query_one("#nothing").content) == "Not one mistake among 2 images."


async def test_without_answers_it_says_when_they_come(app_of, pets):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(80, 20)):
        sentence = panel.query_one("#nothing")
        panel.show(View())
        panel.filter(1, 2)
        assert "space starts one" in str(sentence.content)
        panel.show(View(RunState("a", preset("small"))))
        assert "first epoch" in str(sentence.content)
        assert "space" not in str(sentence.content)
        assert not panel.check_action("order", ())
        assert not panel.grid.check_action("choose", ())
        panel.show(View(None, pets))
        assert panel.check_action("order", ())
        assert panel.grid.check_action("choose", ())


async def test_thumbnails_carry_both_classes_and_the_confidence(app_of, painted, pets):
    panel = MistakesPanel(ascii=True)
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        await pilot.pause()
        labels = next(line for line in painted(panel.grid).splitlines() if "->" in line)
        words = " ".join(labels.replace("|", "").split())
        assert words == "dog->eel 95 % cat->dog 60 % dog->eel 70 %"
        assert "@" in painted(panel.grid)


def test_long_names_take_two_lines_and_keep_to_the_width(answers_of):
    names = ("Ankle boot", "T-shirt/top")
    answers = dataclasses.replace(answers_of([0], [1], 2), class_names=names)
    two, one = ((14, 2), (5, 1))
    lines = ["Ankle boot    ", "→T-shirt… 90 %"]
    assert label(answers, 0, "confidence", *two, ascii=False) == lines
    assert label(answers, 0, "confidence", *one, ascii=False) == ["Ankl…"]


@pytest.mark.parametrize("space", [(1, 1), (18, 4), (78, 16), (86, 28), (250, 80)])
@pytest.mark.parametrize("labels", [1, 2])
def test_thumbnails_fill_the_space_without_leaving_it(space, labels):
    width, height = space
    at = tiling(width, height, 1.0, labels)
    assert (at.columns - 1) * at.tile_width + at.picture_width + 1 <= max(width, 2)
    assert at.picture_width <= max(1, at.tile_width - 1)
    assert (at.columns + 1) * (at.picture_width + 2) > width + 1
    if height >= 8 * 3 and width >= 30:
        rows = height // at.tile_height
        assert rows >= 2
        assert rows * at.tile_height >= 0.8 * height


@pytest.mark.parametrize(
    ("space", "shown"),
    [((79, 34), (4, 5)), ((77, 21), (2, 4)), ((79, 21), (2, 4)), ((36, 8), (1, 2))],
)
def test_as_many_thumbnails_of_a_digit_as_have_room(space, shown):
    """7 lines, a label and 14 columns with an edge and a gap are the least of each."""
    at = tiling(*space, 1.0, 1)
    assert (space[1] // at.tile_height, at.columns) == shown


@pytest.mark.parametrize(("count", "lines"), [(1, 16), (6, 16), (7, 9), (15, 9), (16, 7), (400, 7)])
def test_few_thumbnails_are_larger(count, lines):
    """Two rows of 16 lines have three columns in 105 cells, three of 9 five, and four of 7 six."""
    at = tiling(105, 34, 1.0, 1, count=count)
    assert at.tile_height - 1 == lines
    assert count > 24 or at.columns * (34 // at.tile_height) >= count


async def test_arrows_and_pages_move_and_the_cursor_stays_in_sight(app_of, numbers):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(40, 10)) as pilot:
        panel.show(View(None, numbers))
        panel.focus()
        await pilot.pause()
        grid = panel.grid
        columns = grid._tiling.columns
        assert columns == 2
        await pilot.press("right", "down")
        assert grid.cursor == 1 + columns
        await pilot.press("left", "up", "left", "up")
        assert grid.cursor == 0
        await pilot.press("end")
        assert grid.cursor == 19
        await pilot.pause()
        top = grid.cursor // columns * grid._tiling.tile_height
        assert grid.scroll_offset.y <= top < grid.scroll_offset.y + grid.size.height
        await pilot.press("right", "down")
        assert grid.cursor == 19
        await pilot.press("pageup")
        assert grid.cursor < 19
        await pilot.press("home")
        assert grid.cursor == 0


async def test_only_thumbnails_in_sight_are_painted(app_of, answers_of):
    answers = answers_of([0] * 5000, [1] * 5000, 2)
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(None, answers))
        await pilot.pause()
        assert 0 < len(panel.grid._tiles) < 30


async def test_the_cursor_follows_its_image_to_new_answers(app_of, pets):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("end")
        probabilities = pets.probabilities.copy()
        probabilities[6] = (0, 1, 0)
        panel.show(View(None, dataclasses.replace(pets, probabilities=probabilities)))
        assert listed(panel) == [7, 3]
        assert panel.grid.indices[panel.grid.cursor] == 7


async def test_who_looks_at_the_first_sees_the_first_of_new_answers(app_of, pets):
    """While a run trains the worst mistakes stay in sight, whichever images they are."""
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("home")
        probabilities = pets.probabilities.copy()
        probabilities[3] = (0, 1, 0)
        panel.show(View(None, dataclasses.replace(pets, probabilities=probabilities)))
        assert listed(panel) == [3, 6, 7]
        assert panel.grid.cursor == 0


async def test_enter_enlarges_and_arrows_go_to_the_neighbours(app_of, pets):
    panel = MistakesPanel()
    app = app_of(panel)
    async with app.run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("enter")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, LargePicture)
        frame = screen.query_one("#frame")
        assert frame.border_title == "image 6 · true dog · called eel · loss 4.605"
        bars = str(screen.query_one("#words").content).splitlines()[:3]
        assert [line.split()[0] for line in bars] == ["cat", "dog", "eel"]
        assert bars[1].endswith("1.00 % true")
        assert bars[2].endswith("95.00 % called")
        await pilot.press("right", "right", "right")
        assert str(frame.border_title).startswith("image 7 ")
        await pilot.press("left", "escape")
        await pilot.pause()
        assert not isinstance(app.screen, LargePicture)
        assert panel.grid.cursor == 1


async def test_a_large_picture_explains_itself_and_can_be_followed(app_of, pets):
    panel = MistakesPanel()
    asked = []

    class Listening(app_of):
        def on_mistakes_panel_inside_asked(self, message):
            asked.append(message.index)

    app = Listening(panel)
    async with app.run_test(size=(100, 30)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("enter", "question_mark")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        await pilot.press("escape", "right")
        await pilot.pause()
        assert isinstance(app.screen, LargePicture)
        subtitle = str(app.screen.query_one("#frame").border_subtitle)
        assert "i inside" in subtitle
        assert "? help" in subtitle
        await pilot.press("i")
        await pilot.pause()
        assert not isinstance(app.screen, LargePicture)
        assert asked == [listed(panel)[1]]


async def test_many_classes_are_listed_by_their_probability(app_of, answers_of):
    panel = MistakesPanel()
    app = app_of(panel)
    async with app.run_test(size=(60, 20)) as pilot:
        panel.show(View(None, answers_of([42], [77], 100, (32, 32, 3))))
        panel.focus()
        await pilot.press("enter", "down")
        await pilot.pause()
        words = str(app.screen.query_one("#words").content).splitlines()
    first, others = words[:8], words[words.index("all other classes") + 1 :]
    assert words[9] == "other saved models"
    assert first[0].split()[0] == "77"
    assert sorted(int(line.split()[0]) for line in [*first, *others]) == list(range(100))


def test_pictures_are_enlarged_by_whole_factors_where_they_fit():
    assert picture_lines(28, 20) == 14
    assert picture_lines(28, 27) == 21
    assert picture_lines(28, 30) == 28
    assert picture_lines(28, 9) == 9


@pytest.mark.parametrize("picture", [(28, 28), (32, 32), (200, 100), (9, 90)])
@pytest.mark.parametrize("size", [(1, 1), (36, 10), (76, 22), (116, 34), (56, 17), (296, 98)])
def test_the_parts_of_a_large_picture_fit_the_screen(picture, size):
    width, height = size
    at = arrange(width, height, picture)
    lines = max(round(at.picture_width * picture[0] / picture[1] / 2), 1)
    assert lines + at.strip_lines <= max(height, 1) or picture[0] < picture[1]
    if at.beside:
        assert at.picture_width + 2 + at.words_width < width
    assert bool(at.strip_lines) == (width >= 56 and height >= 18)
    assert at.strip_lines == 0 or 8 <= at.strip_lines <= 12


async def test_colour_pictures_keep_their_colours(app_of, answers_of):
    panel = MistakesPanel()
    async with app_of(panel).run_test(size=(60, 20)) as pilot:
        panel.show(View(None, answers_of([0], [1], 2, (32, 32, 3))))
        await pilot.pause()
        segments = list(panel.grid.render_line(1))
    grounds = {one.style.bgcolor.get_truecolor() for one in segments if one.style.bgcolor}
    assert (255, 0, 0) in grounds


@pytest.mark.parametrize("size", [(6, 3), (20, 5), (40, 14), (250, 80)])
async def test_colour_pictures_at_every_size(size, app_of, painted, answers_of):
    rng = np.random.default_rng(0)
    answers = answers_of(rng.integers(0, 50, 300), rng.integers(50, 100, 300), 100, (32, 32, 3))
    panel = MistakesPanel()
    app = app_of(panel)
    async with app.run_test(size=size) as pilot:
        panel.show(View(None, answers))
        panel.focus()
        await pilot.press("pagedown", "right", "enter", "right", "escape", "end")
        await pilot.resize_terminal(size[0] + 7, size[1] + 3)
        await pilot.pause()
        assert panel.grid.cursor == 299
        assert len(painted(panel.grid).splitlines()) == panel.grid.size.height


async def test_a_click_moves_and_a_second_one_enlarges(app_of, numbers):
    panel = MistakesPanel()
    app = app_of(panel)
    async with app.run_test(size=(60, 20)) as pilot:
        panel.show(View(None, numbers))
        await pilot.pause()
        at = panel.grid._tiling
        place = (at.tile_width + 2, 2)
        await pilot.click(panel.grid, offset=place)
        assert panel.grid.cursor == 1
        await pilot.click(panel.grid, offset=place)
        await pilot.pause()
        assert isinstance(app.screen, LargePicture)
