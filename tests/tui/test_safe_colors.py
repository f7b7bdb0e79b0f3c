"""Colours can be told apart by people of every colour vision, in every theme."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from colour_vision import DEFICIENCIES, difference, least_difference, seen
from textual.app import App
from textual.color import Color

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.panels import Palette, mix, palette
from tui.safe_colors import ON_DARK, ON_LIGHT
from tui.terminal.contrast import contrast

APART = 10.0
"""CIEDE2000: about 1 can just be seen between large fields side by side, thin lines need more."""

VISIBLE = 3.0
"""The contrast that graphics need (WCAG 2.1, success criterion 1.4.11)."""


async def palettes() -> dict[str, Palette]:
    """The colours of every theme."""
    app, found = App[None](), {}
    async with app.run_test() as pilot:
        for name in app.available_themes:
            app.theme = name
            await pilot.pause()
            found[name] = palette(app)
    return found


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_of_sharma_wu_and_dalal(
    one: tuple[float, ...], other: tuple[float, ...], apart: float
) -> None:
    assert difference(np.array(one), np.array(other)) == pytest.approx(apart, abs=1e-4)


def test_red_and_green_are_close_to_who_lacks_one_of_them_but_not_to_others() -> None:
    red, green = "#B03020", "#6B6B00"
    apart = {who: difference(seen(red, who), seen(green, who)) for who in DEFICIENCIES}
    assert apart["deuteranopia"] < APART < apart["none"]


@pytest.mark.parametrize("colors", [ON_DARK, ON_LIGHT])
def test_any_two_series_are_told_apart(colors: object) -> None:
    assert isinstance(colors, type(ON_DARK))
    assert len(set(colors.series)) == 6
    assert least_difference(list(colors.series))[0] > APART
    assert {colors.good, colors.bad, colors.heat} < set(colors.series)
    assert len({colors.good, colors.bad, colors.series[0]}) == 3, "bars of answers"


async def test_they_stand_out_from_the_ground_of_every_theme() -> None:
    for theme, colors in (await palettes()).items():
        for color in colors.series:
            assert contrast(Color.parse(color), Color.parse(colors.ground)) > VISIBLE, theme


async def test_more_heat_is_further_from_the_ground_for_everybody() -> None:
    for theme, colors in (await palettes()).items():
        for who in DEFICIENCIES:
            shades = [seen(mix(colors.ground, colors.heat, share), who) for share in (0, 0.5, 1)]
            steps = [difference(*pair) for pair in pairwise(shades)]
            assert min(steps) > APART, (theme, who)


async def test_who_paints_at_once_has_the_colours_of_the_new_theme(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path))
    async with app.run_test() as pilot:
        for name in ("textual-light", "nord"):
            app.theme = name
            at_once = palette(app)
            await pilot.pause()
            assert at_once == palette(app)
