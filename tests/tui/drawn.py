"""Digits as a person draws them: the points of each stroke, as shares of the sheet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tui.sketch import Point, Sketch


def arc(
    x: float, y: float, across: float, down: float, start: float, end: float
) -> tuple[Point, ...]:
    """A part of an ellipse around (x, y), from one angle in degrees to another."""
    angles = np.radians(np.linspace(start, end, 16))
    columns, rows = x + across * np.cos(angles), y + down * np.sin(angles)
    return tuple(zip(columns.tolist(), rows.tolist(), strict=True))


DIGITS: tuple[tuple[tuple[Point, ...], ...], ...] = (
    (arc(0.5, 0.5, 0.2, 0.33, -90, 270),),
    (((0.5, 0.15), (0.5, 0.85)),),
    ((*arc(0.5, 0.35, 0.2, 0.18, 190, 380), (0.3, 0.83), (0.72, 0.83)),),
    ((*arc(0.48, 0.33, 0.18, 0.17, 200, 450), *arc(0.48, 0.67, 0.2, 0.18, -90, 160)),),
    (((0.35, 0.15), (0.3, 0.5), (0.7, 0.5)), ((0.65, 0.15), (0.62, 0.88))),
    (((0.7, 0.17), (0.38, 0.17), (0.35, 0.48), *arc(0.48, 0.65, 0.2, 0.2, -110, 150)),),
    (((0.6, 0.13), (0.4, 0.4), *arc(0.5, 0.67, 0.18, 0.18, 190, 550)),),
    (((0.28, 0.2), (0.7, 0.2), (0.45, 0.85)),),
    ((*arc(0.5, 0.33, 0.15, 0.16, 90, 450), *arc(0.5, 0.68, 0.18, 0.19, -90, 270)),),
    ((*arc(0.5, 0.35, 0.17, 0.18, 0, 360), (0.67, 0.35), (0.6, 0.87)),),
)


def draw(sketch: Sketch, strokes: Sequence[Sequence[Point]]) -> Sketch:
    """Draw all strokes, and lift the pen."""
    for start, *others in strokes:
        sketch.lift()
        sketch.move_to(*start)
        sketch.lower()
        for point in others:
            sketch.move_to(*point)
    sketch.lift()
    return sketch
