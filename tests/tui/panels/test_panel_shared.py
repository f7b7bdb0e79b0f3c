import re
import time

import pytest
from textual.app import App
from textual.color import Color
from textual.widgets import ContentSwitcher, Static

from tui.panels import palette, shorten
from tui.panels.classes import ClassesPanel
from tui.panels.mistakes import MistakesPanel
from tui.state import View

THEMES = ["textual-dark", "textual-light", "solarized-light", "nord", "ansi-dark", "ansi-light"]


@pytest.mark.parametrize("theme", THEMES)
async def test_colours_are_written_as_rich_and_plotext_read_them_in_every_theme(theme):
    app = App()
    async with app.run_test():
        app.theme = theme
        colors = vars(palette(app))
    assert all(re.fullmatch("#[0-9A-F]{6}", color) for color in colors.values())


@pytest.mark.parametrize("theme", THEMES)
async def test_text_can_be_told_from_its_ground_in_every_theme(theme):
    app = App()
    async with app.run_test():
        app.theme = theme
        colors = palette(app)
    ground = Color.parse(colors.ground)
    for color in (colors.text, colors.muted, colors.good, colors.bad, colors.primary):
        assert ground.get_contrast_text(1) != Color.parse(color)
        assert abs(Color.parse(color).brightness - ground.brightness) > 0.1
    assert (
        abs(Color.parse(colors.on_cursor).brightness - Color.parse(colors.cursor).brightness) > 0.3
    )


async def test_pictures_are_dark_on_light_in_a_light_theme():
    app = App()
    async with app.run_test():
        dark = palette(app)
        app.theme = "textual-light"
        light = palette(app)
    assert (dark.ink, dark.paper) == ("#FFFFFF", "#000000")
    assert (light.ink, light.paper) == ("#000000", "#FFFFFF")


def test_names_are_cut_to_the_cells_that_they_get():
    assert shorten("ankle boot", 10) == "ankle boot"
    assert shorten("ankle boot", 6) == "ankle…"
    assert shorten("ankle boot", 6, ascii=True) == "ankle~"
    assert shorten("ankle boot", 0) == ""


class TwoPlaces(App):
    """Something, and behind it a panel; it keeps every picture that is painted."""

    CSS = "ContentSwitcher { height: 1fr; }"  # the place of a view is as large as it can be

    def __init__(self, panel):
        super().__init__()
        self.panel = panel
        self.pictures: list[str] = []

    def compose(self):
        with ContentSwitcher(initial="first"):
            yield Static("first", id="first")
            yield self.panel

    def _display(self, screen, renderable):
        strips = screen._compositor.render_strips()
        self.pictures.append("\n".join(strip.text for strip in strips))


async def first_picture(panel, view, words):
    """The first one in which certain words stand, and all that were painted."""
    app = TwoPlaces(panel)
    async with app.run_test(size=(80, 20)) as pilot:
        await pilot.pause()
        app.query_one(ContentSwitcher).current = panel.id
        panel.show(view)
        deadline = time.monotonic() + 15
        while words not in app.pictures[-1]:
            assert time.monotonic() < deadline
            await pilot.pause(0.01)
    return next(each for each in app.pictures if words in each), app.pictures


async def test_a_table_is_whole_in_the_first_picture_that_shows_it(pets):
    panel = ClassesPanel(id="classes")
    first, pictures = await first_picture(panel, View(answers=pets), "calibration")
    assert all(word in first for word in ("precision", "cat", "dog", "eel"))
    assert "━" in first
    assert not any("No answers yet" in each for each in pictures)


async def test_mistakes_are_drawn_in_the_first_picture_that_shows_them(pets):
    panel = MistakesPanel(id="mistakes")
    first, _ = await first_picture(panel, View(answers=pets), "3 mistakes · any → any")
    assert all(word in first for word in ("dog→eel", "cat→dog", "95 %"))
