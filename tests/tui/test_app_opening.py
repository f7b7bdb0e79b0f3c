"""What the dashboard does until its first picture, and no earlier than it has to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dashboards import until
from textual.css.styles import RulesMap
from textual.widget import Widget

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.body import VIEWS


async def test_the_first_picture_waits_for_no_view_that_nobody_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Dashboard(Library(tmp_path))
    views = app._body.views
    there: list[list[str]] = []
    display = Dashboard._display

    def look(self: Dashboard, *picture: Any) -> None:
        there.append([name for name, view in views.items() if view.is_attached])
        display(self, *picture)

    monkeypatch.setattr(Dashboard, "_display", look)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: all(view.is_attached for view in views.values()))
    assert there[0] == [next(iter(VIEWS))]


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (30, 8)])
@pytest.mark.parametrize("ascii", [False, True])
async def test_it_opens_with_the_styles_that_textual_would_find_anew(
    tmp_path: Path, size: tuple[int, int], ascii: bool
) -> None:
    app = Dashboard(Library(tmp_path), ascii=ascii)

    def styles() -> dict[Widget, RulesMap]:
        seen = [each for each in app.screen.walk_children(Widget) if each.is_on_screen]
        return {each: each._css_styles.get_rules() for each in seen}

    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: all(view.is_mounted for view in app._body.views.values()))
        opened = styles()
        assert len(opened) > 1
        app.screen.update_node_styles(animate=False)
        assert styles() == opened


async def test_the_keys_are_at_once_with_the_panel_that_is_seen(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.focused is not None)
        assert app._body.panel.has_focus_within or app._body.panel.has_focus
