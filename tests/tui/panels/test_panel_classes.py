import dataclasses

import numpy as np
import pytest

from tui.answers import Before
from tui.panels.classes import ClassesPanel
from tui.state import View


def rows(painted, panel):
    """The words of each line of the table, the header first, without bars."""
    lines = painted(panel.table).splitlines()
    return [[word for word in line.split() if word.strip("━╸#")] for line in lines]


async def test_every_class_has_its_figures(app_of, painted, pets):
    """By hand: dog has recall 2/4, precision 2/3, F1 4/7, and was taken for eel twice."""
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        await pilot.pause()
        assert rows(painted, panel)[1:4] == [
            ["cat", "75.00", "100.00", "85.71", "4", "dog", "(1)"],
            ["dog", "50.00", "66.67", "57.14", "4", "eel", "(2)"],
            ["eel", "100.00", "50.00", "66.67", "2"],
        ]


async def test_the_change_since_the_epoch_before_has_a_sign(app_of, painted, pets):
    """Before, 2 of 4 cats were right, all dogs, and both eels: 8 of 10, where it is 7 now."""
    before = Before("epoch 1", np.array([[2, 2, 0], [0, 4, 0], [0, 0, 2]]))
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(78, 20)) as pilot:
        panel.show(View(None, dataclasses.replace(pets, before=before)))
        panel.focus()
        await pilot.pause()
        table = rows(painted, panel)
        assert table[0][-1] == "change"
        assert [row[-2:] for row in table[1:4]] == [["▲", "25.00"], ["▼", "50.00"], ["=", "0.00"]]
        assert panel.table.max_scroll_x == 0
        assert "━" in painted(panel.table), "there is room for bars"
        assert "change since epoch 1: accuracy ▼ 10.00 points" in str(
            panel.query_one(".line").content
        )
        await pilot.press(*"oooooo")
        await pilot.pause()
        assert [row[0] for row in rows(painted, panel)[1:4]] == ["dog", "eel", "cat"]
        panel.show(View(None, pets))
        await pilot.pause()
        assert "change" not in painted(panel.table)


async def test_the_totals_stand_below(app_of, pets):
    """The loss is the mean of -log of each true class's probability."""
    true = [0.9, 0.9, 0.9, 0.39, 0.8, 0.8, 0.01, 0.001, 0.9, 0.9]
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        await pilot.pause()
        below = str(panel.query_one(".line").content)
    assert below.split()[:6] == ["macro", "mean", "75.00", "72.22", "69.84", "10"]
    loss = f"loss {-np.log(true).mean():.4f}"
    assert below.splitlines()[1:] == [
        f"accuracy 70.00 % · {loss} · calibration error 31.50 %",
        "when it says 95.0 %, it is right 0.0 % of the time",
        "model pets",
    ]


async def test_top_5_is_told_of_more_than_five_classes(app_of, answers_of):
    """Of the classes with equal probabilities the first ones come first: 4 of 5 are within."""
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, answers_of([0, 1, 2, 3, 8], [9] * 5, 10)))
        await pilot.pause()
        assert "accuracy 0.00 % · top-5 80.00 % · loss" in str(panel.query_one(".line").content)


async def test_c_shows_how_sure_it_is_and_how_often_right(app_of, painted, pets):
    """By hand: 90 % is said five times and right, 80 % twice and right; four others are single."""
    panel = ClassesPanel(ascii=True)
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("o", "c", "o", "v")
        await pilot.pause()
        table = painted(panel.table).splitlines()
        columns = [line.replace("#", "").split() for line in table]
        assert table[0].split() == ["it", "says", "it", "is", "right", "so", "it", "is", "images"]
        assert [" ".join(row).rstrip("| ") for row in columns[1:]][:5] == [
            "60.0 % 0.0 % 60.0 too sure 1",
            "70.0 % 0.0 % 70.0 too sure 1",
            "80.0 % 100.0 % 20.0 too unsure 2",
            "90.0 % 100.0 % 10.0 too unsure 5",
            "95.0 % 0.0 % 95.0 too sure 1",
        ]
        below = str(panel.query_one(".line").content).splitlines()
        assert below[0].startswith("calibration error 31.50 %")
        assert below[-1] == "c shows the classes again · model pets"
        await pilot.press("c")
        await pilot.pause()
        assert "recall ^" in painted(panel.table), "o and v meant nothing there"


async def test_confidence_follows_new_answers(app_of, painted, pets):
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("c")
        sure = np.eye(3)[pets.labels]
        panel.show(View(None, dataclasses.replace(pets, probabilities=sure)))
        await pilot.pause()
        assert "100.0 %      100.0 %   as it should be       10" in painted(panel.table)
        assert panel.table.row_count == 1


@pytest.mark.parametrize(
    ("keys", "order", "title"),
    [
        ("", "cat dog eel", "class ▲"),
        ("v", "eel dog cat", "class ▼"),
        ("o", "dog cat eel", "recall ▲"),
        ("oO", "eel cat dog", "recall ▼"),
        ("oo", "eel dog cat", "precision ▲"),
        ("ooo", "dog eel cat", "F1 ▲"),
        ("oooo", "eel cat dog", "images ▲"),
        ("ooooov", "dog cat eel", "mostly taken for ▼"),
        ("oooooo", "cat dog eel", "class ▲"),
    ],
)
async def test_keys_sort_and_the_header_says_so(keys, order, title, app_of, painted, pets):
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press(*keys)
        await pilot.pause()
        table = rows(painted, panel)
        assert title in " ".join(table[0])
        assert [row[0] for row in table[1:4]] == order.split()


async def test_a_click_on_a_header_sorts_and_a_second_one_turns_round(app_of, painted, pets):
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        await pilot.pause()
        recall = painted(panel.table).splitlines()[0].index("recall")
        for order in ("dog cat eel", "eel cat dog"):
            await pilot.click(panel.table, offset=(recall, 0))
            await pilot.pause()
            assert [row[0] for row in rows(painted, panel)[1:4]] == order.split()


async def test_the_cursor_stays_on_its_class(app_of, painted, pets):
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20)) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("down", "o")
        assert panel.table.cursor_row == 0
        panel.show(View(None, dataclasses.replace(pets, source="epoch 2")))
        await pilot.pause()
        assert panel.table.cursor_row == 0
        assert "epoch 2" in str(panel.query_one(".line").content)


async def test_enter_asks_for_the_mistakes_of_the_class(app_of, pets):
    """Sorted by F1 (85.71, 57.14 and 66.67) eel stands above cat. Confidence has no mistakes."""
    seen = []
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(100, 20), message_hook=seen.append) as pilot:
        panel.show(View(None, pets))
        panel.focus()
        await pilot.press("o", "o", "o", "up", "enter", "c", "enter")
        await pilot.pause()
    assert {one.true for one in seen if isinstance(one, panel.ClassChosen)} == {2}


async def test_longer_bars_are_higher_recalls(app_of, painted, pets):
    panel = ClassesPanel(ascii=True)
    async with app_of(panel).run_test(size=(120, 20)) as pilot:
        panel.show(View(None, pets))
        await pilot.pause()
        cat, dog, eel = (line.count("#") for line in painted(panel.table).splitlines()[1:4])
    assert dog == pytest.approx(eel / 2, abs=1)
    assert cat == pytest.approx(eel * 3 / 4, abs=1)


@pytest.mark.parametrize("size", [(20, 5), (78, 17), (250, 80)])
@pytest.mark.parametrize("classes", [2, 100])
async def test_every_size_and_number_of_classes_will_do(size, classes, app_of, painted, answers_of):
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=size) as pilot:
        panel.show(View(None, answers_of(range(classes), [0] * classes, classes)))
        panel.focus()
        await pilot.press("o", "end", "pagedown", "down")
        await pilot.pause()
        assert panel.table.row_count == classes
        assert "recall" in painted(panel.table) or size[0] < 30
        await pilot.press("c", "down", "end")
        await pilot.pause()
        assert panel.table.row_count == 1, "all answers are given with 90 %"
        assert "images" in painted(panel.table)


async def test_without_answers_it_says_when_they_come(app_of, pets):
    panel = ClassesPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View())
        await pilot.pause()
        sentence = panel.query_one(".nothing")
        assert sentence.display
        assert not panel.table.display
        assert "first epoch" in str(sentence.content)
        panel.show(View(None, pets))
        await pilot.pause()
        assert panel.table.display
        assert not sentence.display
