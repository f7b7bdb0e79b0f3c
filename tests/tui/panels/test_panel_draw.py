import numpy as np
import pytest
from textual.app import App
from textual.events import MouseMove
from textual.widgets import Static

from nn.checkpoint import ModelCard
from nn.config import preset
from tui.panels.draw import DrawPanel, Sheet
from tui.recognition import Known
from tui.sketch import THICKNESSES
from tui.state import Recognition, View


def network_of(names, shape):
    layers = [{"kind": "flatten"}, {"kind": "dense", "units": len(names)}]
    config = preset("small").changed({"network.layers": layers})
    card = ModelCard(config=config, input_shape=shape, class_names=names, created="2026-01-01")
    return Known("somewhere", card)


def recognition(shares=(0.125, 0.75, 0.125), names=("cat", "dog", "eel"), shape=(28, 28, 1)):
    """A network that has seen a white square in the middle."""
    seen = np.zeros(shape, np.uint8)
    seen[8:20, 8:20] = 255
    return Recognition("model pets", network_of(names, shape), seen, np.array(shares))


class Listening(App):
    def __init__(self, ascii=False):
        super().__init__()
        self.panel = DrawPanel(ascii=ascii)
        self.inks = []
        self.kept = []

    def compose(self):
        yield self.panel

    def on_sheet_drawn(self, message):
        self.inks.append(message.ink)

    def on_draw_panel_keep_asked(self, message):
        self.kept.append(message.ink)

    @property
    def sketch(self):
        return self.panel.sheet.sketch

    @property
    def title_of_sheet(self):
        return str(self.panel.sheet.border_title)

    def side(self):
        return self.panel.query_one("#side", Static).render().plain

    def screen_text(self):
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())

    def meaning(self):
        """Which keys mean something now."""
        names = ("lower", "lift", "undo", "clear", "keep", "thicken")
        return {name for name in names if self.panel.check_action(name, ())}


async def test_keys_draw_a_line_and_lift_the_pen():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.focus()
        assert app.meaning() == {"lower", "thicken"}
        await pilot.press("up", "left")
        assert app.inks == []
        await pilot.press("space")
        assert app.title_of_sheet == "pen down"
        assert app.meaning() == {"lift", "undo", "clear", "keep", "thicken"}
        await pilot.press("down", "down", "right", "space", "right")
        assert app.title_of_sheet == "pen up"
        (stroke,) = app.sketch.strokes
        places = [(round(24 * x), round(24 * y)) for x, y in stroke.points]
        assert places == [(11, 11), (11, 12), (11, 13), (12, 13)]
        assert len(app.inks) == 4
        amounts = [int(ink.sum()) for ink in app.inks]
        assert amounts == sorted(set(amounts)), "each of them has more ink than the one before"
        assert np.array_equal(app.inks[-1], app.sketch.ink)


async def test_corner_keys_draw_aslant():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.focus()
        await pilot.press("space", "home", "pageup", "pagedown", "end")
        (stroke,) = app.sketch.strokes
        places = [(round(24 * x) - 12, round(24 * y) - 12) for x, y in stroke.points]
        assert places == [(0, 0), (-1, -1), (0, -2), (1, -1), (0, 0)]


async def test_undo_clear_and_thickness():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.focus()
        await pilot.press("space", "right", "space", "plus", "space", "down", "space")
        assert [each.thickness for each in app.sketch.strokes] == list(THICKNESSES[2:4])
        assert str(app.panel.sheet.border_subtitle) == "width 4/5"
        await pilot.press("minus", "minus", "minus", "minus", "minus")
        assert str(app.panel.sheet.border_subtitle) == "width 1/5"
        await pilot.press("u")
        assert len(app.sketch.strokes) == 1
        for key in ("c", "backspace"):
            await pilot.press(key)
            assert app.sketch.strokes == ()
            assert not app.inks[-1].any()
            assert "keep" not in app.meaning()
            await pilot.press("u")
            assert len(app.sketch.strokes) == 1
            assert app.inks[-1].any()


async def test_only_a_drawing_can_be_kept():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.focus()
        await pilot.press("enter")
        assert app.kept == []
        await pilot.press("space", "up", "enter")
        assert len(app.kept) == 1
        assert np.array_equal(app.kept[0], app.sketch.ink)


async def test_the_mouse_draws_where_it_is_dragged():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        sheet = app.panel.sheet
        await pilot.hover(Sheet, offset=(5, 5))
        assert app.inks == []
        await pilot.mouse_down(Sheet, offset=(10, 5))
        await pilot._post_mouse_events([MouseMove], Sheet, (30, 5), button=1)
        await pilot._post_mouse_events([MouseMove], Sheet, (30, 15), button=1)
        await pilot.mouse_up(Sheet, offset=(30, 15))
        await pilot.hover(Sheet, offset=(3, 3))
        (stroke,) = app.sketch.strokes
        cells = [(x * 2 * sheet.lines + 0.5, y * sheet.lines + 0.5) for x, y in stroke.points]
        assert np.allclose(cells, [(10, 5), (30, 5), (30, 15)])
        assert not app.sketch.is_down
        assert len(app.inks) == 3


async def test_a_button_let_go_elsewhere_ends_the_stroke():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.mouse_down(Sheet, offset=(10, 5))
        await pilot.hover(Sheet, offset=(20, 5))
        await pilot._post_mouse_events([MouseMove], Sheet, (30, 15), button=1)
        (stroke,) = app.sketch.strokes
        assert len(stroke.points) == 1


@pytest.mark.parametrize(("offset", "button"), [((0, 5), 1), ((5, 0), 1), ((10, 5), 3)])
async def test_the_frame_and_other_buttons_do_not_draw(offset, button):
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.mouse_down(Sheet, offset=offset, button=button)
        assert app.sketch.strokes == ()


async def test_what_a_network_reads_stands_beside_the_sheet():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.show(View(recognition=recognition()))
        await pilot.pause()
        lines = app.side().split("\n")
        assert lines[0].split() == ["dog", "75.0", "%", "model", "pets"]
        assert "sees 28×28×1" in app.side()
        bars = {words[0]: words[-2] for words in map(str.split, lines[-3:])}
        assert bars == {"cat": "12.5", "dog": "75.0", "eel": "12.5"}
        app.panel.show(View(recognition=recognition(shares=(1.0, 0.0, 0.0))))
        await pilot.pause()
        assert app.side().split()[:3] == ["cat", "100.0", "%"]


async def test_a_network_of_another_size_shows_what_it_sees():
    app = Listening()
    async with app.run_test(size=(120, 36)) as pilot:
        app.panel.show(View(recognition=recognition(shape=(32, 32, 3))))
        await pilot.pause()
        assert "sees 32×32×3, in grey" in app.side()


async def test_before_the_first_stroke_it_says_how_to_draw():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        blank = Recognition("model pets", network_of(("cat", "dog"), (28, 28, 1)))
        app.panel.show(View(recognition=blank))
        await pilot.pause()
        assert "model pets" in app.side()
        assert "arrows move the pen" in app.side()


async def test_where_nobody_can_read_it_says_why():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.show(View(recognition=Recognition("model odd", problem="model odd cannot")))
        await pilot.pause()
        assert app.side() == "model odd cannot"


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (38, 9), (20, 5), (5, 3), (1, 1)])
@pytest.mark.parametrize("found", [None, recognition()])
async def test_it_fits_into_any_room_in_ascii_too(size, found):
    app = Listening(ascii=True)
    async with app.run_test(size=size) as pilot:
        app.panel.show(View(recognition=found))
        app.panel.focus()
        await pilot.press("space", "down", "down")
        lines = app.screen_text().split("\n")
        assert len(lines) == size[1]
        texts = app.panel.sheet.render().plain + app.side().replace("×", "x")
        assert texts.isascii()


async def test_the_sheet_follows_the_screens_size():
    app = Listening()
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.focus()
        await pilot.press("space", *["down"] * 12)
        for width, height in ((120, 36), (40, 12), (80, 24)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            sheet = app.panel.sheet
            assert sheet.outer_size.height <= height
            assert sheet.size.width == 2 * sheet.size.height
            assert app.sketch.pen == pytest.approx((0.5, 1.0))
            assert sheet.render().plain.rstrip()[-1:] != ""


async def test_the_pen_is_told_apart_without_colours():
    app = Listening(ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.focus()
        assert app.panel.sheet.render().plain.strip() == "+"
        await pilot.press("space")
        assert "O" in app.panel.sheet.render().plain
