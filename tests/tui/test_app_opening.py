"""How the dashboard is when it has opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import until
from textual.css.styles import RulesMap
from textual.widget import Widget

from nn.runs.folder import Library
from tui.app import Dashboard


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
