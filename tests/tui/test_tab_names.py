"""All tabs on one line, whatever its width."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import screen_text, until

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.body import LEAST, LEFT, NARROW, TABS
from tui.tab_names import tab_names

FEW = [("0", "Network"), ("1", "Curves"), ("2", "Confusion")]


def test_whole_names_where_there_is_room() -> None:
    assert tab_names(FEW, 0, 31) == ["0 Network", "1 Curves", "2 Confusion"]


@pytest.mark.parametrize(
    ("width", "names"),
    [
        (30, ["0 Net", "1 Curves", "2 Confusion"]),
        (26, ["0 Net", "1 Curv", "2 Confusion"]),
        (23, ["0Net", "1Cur", "2 Confusion"]),
        (21, ["0Ne", "1Cu", "2 Confusion"]),
        (16, ["0", "1", "2 Confusion"]),
        (5, ["0", "1", "2 Confusion"]),
    ],
)
def test_all_but_the_active_one_give_way(width: int, names: list[str]) -> None:
    assert tab_names(FEW, 2, width) == names


def test_a_tab_without_a_key_keeps_a_letter() -> None:
    assert tab_names([*FEW, ("", "Advice")], 0, 1) == ["0 Network", "1", "2", "A"]


def test_they_fit_at_every_width_with_each_of_them_active() -> None:
    for width in range(LEAST[0], 200):
        shown = list(TABS.values())[0 if width < NARROW else 1 :]
        room = width if width < NARROW else width - LEFT
        for active in range(len(shown)):
            names = tab_names(shown, active, room)
            assert sum(len(name) + 1 for name in names) <= room
            for (key, _), name in zip(shown, names, strict=True):
                assert name.startswith(key)


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (100, 30), (120, 36)])
async def test_the_line_of_tabs_shows_all_of_them(tmp_path: Path, size: tuple[int, int]) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=size) as pilot:
        for key, title in list(TABS.values())[1:10]:
            await pilot.press(key)
            shown = list(TABS.values())[0 if size[0] < NARROW else 1 :]
            room = size[0] if size[0] < NARROW else size[0] - LEFT
            line = " ".join(tab_names(shown, shown.index((key, title)), room))
            await until(pilot, lambda line=line: line in screen_text(app).splitlines()[1])
