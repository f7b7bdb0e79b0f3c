import pytest
from textual.notifications import Notify

from tui.comparison import MOST
from tui.panels.runs import RunsPanel
from tui.state import Phase, RunRow, View

NOW = 1_000_000.0


def row(run_id, phase=Phase.TRAINING, progress=0.5, best=0.9, dataset="mnist", age=90.0):
    return RunRow(run_id, phase, dataset, "conv 32, dense 10", progress, best, NOW - age)


@pytest.fixture
def panel():
    return RunsPanel(clock=lambda: NOW)


def words(painted, panel):
    return [line.split() for line in painted(panel.table).splitlines()]


def told(seen):
    """What people were told, also what has gone from the screen since."""
    return [each.notification.message for each in seen if isinstance(each, Notify)]


async def test_each_run_is_a_line(app_of, painted, panel):
    async with app_of(panel).run_test(size=(120, 20)) as pilot:
        lost = row("beef02", Phase.LOST, 0.25, None, "keras:cifar10", 7200)
        panel.show(View(runs=(row("beef01"), lost)))
        await pilot.pause()
        first, second = words(painted, panel)[1:3]
    network = ["conv", "32,", "dense", "10"]
    assert [first[0], *first[2:3]] == ["beef01", "training"]
    assert first[4:] == ["50", "%", "90.00", "%", "1", "min", "mnist", *network]
    assert [second[0], *second[2:3]] == ["beef02", "lost"]
    assert second[4:] == ["25", "%", "2", "h", "keras:cifar10", *network]


async def test_in_a_narrow_panel_the_network_is_told_below(app_of, painted, panel):
    async with app_of(panel).run_test(size=(70, 20)) as pilot:
        panel.show(View(runs=(row("beef01", dataset="keras:fashion_mnist"),)))
        await pilot.pause()
        assert panel.table.max_scroll_x == 0 or "network" not in painted(panel.table)
        line = str(panel.query_one(".line").content)
    assert line == "beef01: conv 32, dense 10 on keras:fashion_mnist"


async def test_news_of_the_same_runs_replace_cells_only(app_of, painted, panel, monkeypatch):
    async with app_of(panel).run_test(size=(120, 20)) as pilot:
        panel.show(View(runs=(row("beef01"), row("beef02"))))
        panel.focus()
        await pilot.press("down")
        cleared, updated = [], []
        table, update = panel.table, panel.table.update_cell
        monkeypatch.setattr(table, "clear", lambda **_: cleared.append(1))
        monkeypatch.setattr(
            table, "update_cell", lambda *given: updated.append(given[:2]) or update(*given)
        )
        panel.show(View(runs=(row("beef01"), row("beef02", progress=0.75))))
        await pilot.pause()
        assert words(painted, panel)[2][4:6] == ["75", "%"]
    assert cleared == []
    assert updated == [("beef02", "progress")]


async def test_the_cursor_stays_on_its_run_when_another_one_comes(app_of, panel):
    async with app_of(panel).run_test(size=(120, 20)) as pilot:
        panel.show(View(runs=(row("beef01"), row("beef02"))))
        panel.focus()
        await pilot.press("down")
        panel.show(View(runs=(row("beef03"), row("beef01"), row("beef02"))))
        await pilot.pause()
        assert panel.table.cursor_row == 2


async def test_keys_ask_for_what_the_run_allows(app_of, panel):
    seen = []
    runs = (
        row("alive1"),
        row("lost01", Phase.LOST),
        row("full01", Phase.FAILED),
        row("done01", Phase.FINISHED, 1.0),
    )
    app = app_of(panel)
    async with app.run_test(size=(120, 20), message_hook=seen.append) as pilot:
        panel.show(View(runs=runs))
        panel.focus()
        for _ in runs:
            await pilot.press("enter", "u", "k", "d", "down")
        await pilot.pause()
        refusals = told(seen)
    asked = {
        kind: list(dict.fromkeys(one.run_id for one in seen if isinstance(one, kind)))
        for kind in (panel.RunChosen, panel.ResumeAsked, panel.StopAsked, panel.RemoveAsked)
    }
    assert asked[panel.RunChosen] == ["alive1", "lost01", "full01", "done01"]
    assert asked[panel.ResumeAsked] == ["lost01", "full01"]
    assert asked[panel.StopAsked] == ["alive1"]
    assert asked[panel.RemoveAsked] == ["lost01", "full01", "done01"]
    assert "Run alive1 is training; k stops it, then it can be removed." in refusals
    assert "Run alive1 is training; what stopped, failed or is lost can be resumed." in refusals
    assert "Run done01 is finished; there is nothing to stop." in refusals


async def test_space_marks_runs_and_c_asks_to_compare_them(app_of, painted, panel):
    seen = []
    app = app_of(panel)
    runs = tuple(row(f"beef0{i}") for i in range(4))
    async with app.run_test(size=(120, 20), message_hook=seen.append) as pilot:
        panel.show(View(runs=runs))
        panel.focus()
        await pilot.press("space", "c")
        await pilot.press("space", "space", "up", "space", "c")
        await pilot.pause()
        assert [line[0] for line in words(painted, panel)[1:5]] == [
            "*beef00",
            "*beef01",
            "beef02",
            "beef03",
        ]
        refusals = told(seen)
        panel.show(View(runs=runs[1:]))
        await pilot.press("c")
        await pilot.pause()
    asked = {one.run_ids for one in seen if isinstance(one, panel.CompareAsked)}
    assert asked == {("beef00", "beef01")}
    assert refusals == ["Mark two runs or more first: space marks the one under the cursor."]


async def test_escape_takes_all_marks_away(app_of, painted, panel):
    app = app_of(panel)
    async with app.run_test(size=(120, 20)) as pilot:
        panel.show(View(runs=(row("beef00"), row("beef01"))))
        panel.focus()
        offered = []
        for keys in ("space", "space"), ("escape",):
            await pilot.press(*keys)
            await pilot.pause()
            offered.append("escape" in app.screen.active_bindings)
        assert [line[0] for line in words(painted, panel)[1:3]] == ["beef00", "beef01"]
    assert offered == [True, False]


async def test_how_many_are_marked_is_told_however_long_the_list_is(app_of, panel):
    async with app_of(panel).run_test(size=(120, 10)) as pilot:
        panel.show(View(runs=tuple(row(f"beef{i:02}") for i in range(30))))
        panel.focus()
        told = []
        for key in ("space", "space", "ctrl+end"):
            await pilot.press(key)
            await pilot.pause()
            told.append(str(panel.query_one(".line").content))
    assert told[0].startswith("1 marked · beef01: ")
    assert told[1].startswith("2 marked, c compares them · beef02: ")
    assert told[2].startswith("2 marked, c compares them · beef29: ")


async def test_a_long_name_does_not_touch_the_next_column(app_of, painted, panel):
    async with app_of(panel).run_test(size=(80, 10)) as pilot:
        panel.show(View(runs=(row("a-name-that-somebody-gave"), row("eight-ch"))))
        await pilot.pause()
        assert [line[1] for line in words(painted, panel)[1:3]] == ["●", "●"]


async def test_only_as_many_are_marked_as_can_be_told_apart(app_of, painted, panel):
    seen = []
    app = app_of(panel)
    async with app.run_test(size=(120, 20), message_hook=seen.append) as pilot:
        panel.show(View(runs=tuple(row(f"beef{i:02}") for i in range(MOST + 2))))
        panel.focus()
        await pilot.press(*["space"] * (MOST + 2))
        assert painted(panel.table).count("*beef") == MOST
        await pilot.pause()
    assert f"{MOST} runs at most" in str(told(seen))


async def test_n_asks_for_a_run_like_it(app_of, panel):
    seen = []
    async with app_of(panel).run_test(size=(120, 20), message_hook=seen.append) as pilot:
        panel.show(View(runs=(row("beef01"), row("beef02"))))
        panel.focus()
        await pilot.press("down", "n")
        await pilot.pause()
    asked = {one.run_id for one in seen if isinstance(one, panel.CloneAsked)}
    assert asked == {"beef02"}


async def test_without_runs_it_says_how_to_start_one(app_of, panel):
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View(runs=(row("beef01"),)))
        panel.show(View())
        await pilot.press("u", "k", "d", "c", "n", "space", "enter")
        assert str(panel.query_one(".nothing").content) == "No runs yet: press space to start one."
        assert not panel.table.display


@pytest.mark.parametrize("size", [(6, 3), (20, 5), (250, 80)])
async def test_every_size_will_do(size, app_of, painted, panel):
    async with app_of(panel).run_test(size=size) as pilot:
        panel.show(View(runs=tuple(row(f"beef{i:02}") for i in range(30))))
        panel.focus()
        await pilot.press("pagedown", "end", "home", "down")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "beef" in painted(panel.table)


@pytest.mark.parametrize("phase", list(Phase))
async def test_every_phase_has_a_sign_and_its_word(phase, app_of, painted):
    panel = RunsPanel(clock=lambda: NOW, ascii=True)
    async with app_of(panel).run_test(size=(100, 10)) as pilot:
        panel.show(View(runs=(row("beef01", phase),)))
        await pilot.pause()
        line = painted(panel.table).splitlines()[1]
    assert line.isascii()
    assert len(line.split()[1]) == 1
    assert line.split()[2] == phase.value
