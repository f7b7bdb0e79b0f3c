"""Strokes, and the ink that they leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from drawn import DIGITS, draw
from PIL import Image, ImageDraw

from tui.sketch import FIELD, MARGIN, SIZE, THICKNESSES, Point, Sketch

MIDDLE = THICKNESSES[2]


def drawn(*strokes: Sequence[Point], level: int = 2) -> Sketch:
    sketch = Sketch()
    sketch.thicken(level - sketch.level)
    return draw(sketch, strokes)


def area(sketch: Sketch) -> float:
    """How much of the field is ink."""
    return float(sketch.ink.sum()) / 255 / FIELD**2


@pytest.mark.parametrize("level", range(len(THICKNESSES)))
def test_a_touch_is_a_disc_as_wide_as_the_pen(level: int) -> None:
    dot = drawn([(0.4, 0.6)], level=level)
    assert area(dot) == pytest.approx(np.pi * (THICKNESSES[level] / 2) ** 2, rel=0.02)
    rows, columns = np.nonzero(dot.ink)
    assert (columns.mean() + 0.5 - MARGIN) / FIELD == pytest.approx(0.4, abs=0.005)
    assert (rows.mean() + 0.5 - MARGIN) / FIELD == pytest.approx(0.6, abs=0.005)


@pytest.mark.parametrize("level", range(len(THICKNESSES)))
@pytest.mark.parametrize("end", [(0.8, 0.2), (0.2, 0.7), (0.9, 0.9)])
def test_a_line_has_the_area_of_its_length_and_two_half_discs(level: int, end: Point) -> None:
    length = float(np.hypot(end[0] - 0.2, end[1] - 0.2))
    radius = THICKNESSES[level] / 2
    line = drawn([(0.2, 0.2), end], level=level)
    assert area(line) == pytest.approx(np.pi * radius**2 + 2 * radius * length, rel=0.02)


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_looks_as_it_does_drawn_eight_times_as_large(digit: int) -> None:
    scale = 8
    image = Image.new("L", (SIZE * scale, SIZE * scale))
    pen = ImageDraw.Draw(image)
    radius = MIDDLE * FIELD * scale / 2
    for stroke in DIGITS[digit]:
        places = [tuple((share * FIELD + MARGIN) * scale for share in point) for point in stroke]
        pen.line(places, fill=255, width=round(2 * radius))
        for x, y in places:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    wanted = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX), float)
    found = drawn(*DIGITS[digit]).ink.astype(float)
    assert np.abs(found - wanted).mean() < 1
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.995


def test_a_stroke_drawn_twice_is_no_darker() -> None:
    once = drawn(*DIGITS[4])
    assert np.array_equal(drawn(*DIGITS[4], *DIGITS[4]).ink, once.ink)


def test_a_thick_stroke_along_the_edge_is_whole() -> None:
    edge = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
    sketch = drawn(edge, level=4)
    assert sketch.ink.max() == 255
    border = np.concatenate((*sketch.ink[[0, -1]], *sketch.ink[:, [0, -1]].T))
    assert not border.any()
    turned = np.rot90(sketch.ink)
    assert np.abs(turned.astype(int) - sketch.ink).max() <= 1


def test_beyond_the_edge_the_pen_stays_on_it() -> None:
    sketch = drawn([(-3.0, 0.5), (0.5, 7.0)])
    assert sketch.strokes[0].points == ((0.0, 0.5), (0.5, 1.0))


def test_a_pen_that_is_up_leaves_no_ink() -> None:
    sketch = Sketch()
    sketch.move_to(0.1, 0.1)
    sketch.move_to(0.9, 0.9)
    assert sketch.strokes == ()
    assert not sketch.ink.any()


def test_undo_takes_back_a_stroke_at_a_time() -> None:
    sketch = Sketch()
    pictures = [sketch.ink]
    for stroke in DIGITS[4]:
        draw(sketch, [stroke])
        pictures.append(sketch.ink)
    for picture in reversed(pictures[:-1]):
        assert sketch.can_undo
        sketch.undo()
        assert np.array_equal(sketch.ink, picture)
    assert not sketch.can_undo
    sketch.undo()
    assert sketch.strokes == ()


def test_undo_while_the_pen_is_down_lifts_it() -> None:
    sketch = drawn(*DIGITS[1])
    before = sketch.ink
    sketch.lower()
    sketch.move_to(0.1, 0.1)
    sketch.undo()
    sketch.move_to(0.9, 0.1)
    assert not sketch.is_down
    assert np.array_equal(sketch.ink, before)


def test_undo_brings_back_what_was_cleared() -> None:
    sketch = drawn(*DIGITS[8])
    before = sketch.ink
    sketch.clear()
    assert not sketch.ink.any()
    sketch.clear()
    sketch.undo()
    assert np.array_equal(sketch.ink, before)


def test_ink_once_given_does_not_change() -> None:
    sketch = Sketch()
    before = sketch.ink
    draw(sketch, DIGITS[3])
    assert not before.any()


def test_each_stroke_keeps_its_own_thickness() -> None:
    sketch = drawn([(0.2, 0.2)], level=0)
    sketch.thicken(100)
    draw(sketch, [[(0.7, 0.7)]])
    sketch.thicken(-100)
    assert [stroke.thickness for stroke in sketch.strokes] == [THICKNESSES[0], THICKNESSES[-1]]
    assert sketch.level == 0
    circles = sum(np.pi * (each / 2) ** 2 for each in (THICKNESSES[0], THICKNESSES[-1]))
    assert area(sketch) == pytest.approx(circles, rel=0.02)
