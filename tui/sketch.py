"""A drawing: the strokes of a round pen on a square field, and the ink that they leave.

Places on the field are shares of its side: (0, 0) is its upper left corner, (1, 1) its lower right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nn.types import Array, Bytes

Point = tuple[float, float]

FIELD = 112
"""Pixels along a side of the field: four for each of a picture of MNIST."""

MARGIN = 12
"""Pixels of paper around the field: also a thick stroke along its edge is drawn whole."""

SIZE = FIELD + 2 * MARGIN

THICKNESSES = (0.04, 0.06, 0.085, 0.12, 0.16)
"""What a pen can be set to. Drawn as large as most people do, the middle one has the proportions
of MNIST's digits."""


@dataclass(frozen=True)
class Stroke:
    """Where the pen went while it was down; a single point is a dot."""

    thickness: float
    points: tuple[Point, ...]


class Sketch:
    """Strokes, the pen that draws them, and how they came about.

    `strokes` are the finished ones and, while the pen is down, the one that it is drawing; `level`
    is a place in `THICKNESSES`.
    """

    def __init__(self) -> None:
        self.strokes: tuple[Stroke, ...] = ()
        self.pen: Point = (0.5, 0.5)
        self.is_down = False
        self.level = THICKNESSES.index(0.085)
        self._before: list[tuple[Stroke, ...]] = []
        self._ink = _paper()

    @property
    def ink(self) -> Bytes:
        """The drawing with its margin, (SIZE, SIZE): 255 is ink, 0 paper, between them an edge."""
        return np.round(255 * self._ink).astype(np.uint8)

    @property
    def can_undo(self) -> bool:
        """Whether there was anything before."""
        return bool(self._before)

    def lower(self) -> None:
        """Begin a stroke where the pen is."""
        self._before.append(self.strokes)
        self.strokes += (Stroke(THICKNESSES[self.level], (self.pen,)),)
        self.is_down = True
        _lay(self._ink, self.pen, self.pen, THICKNESSES[self.level])

    def lift(self) -> None:
        """End the stroke."""
        self.is_down = False

    def move_to(self, x: float, y: float) -> None:
        """Take the pen to a place, or to the nearest on the field; one that is down draws."""
        start, self.pen = self.pen, (min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0))
        if self.is_down and self.pen != start:
            *others, stroke = self.strokes
            self.strokes = (*others, replace(stroke, points=(*stroke.points, self.pen)))
            _lay(self._ink, start, self.pen, stroke.thickness)

    def undo(self) -> None:
        """Take back the last stroke, or bring back what was cleared."""
        if self._before:
            self._show(self._before.pop())

    def clear(self) -> None:
        """Take an empty sheet."""
        if self.strokes:
            self._before.append(self.strokes)
            self._show(())

    def thicken(self, by: int) -> None:
        """Choose a thicker or a thinner pen, for the strokes to come."""
        self.level = min(max(self.level + by, 0), len(THICKNESSES) - 1)

    def _show(self, strokes: tuple[Stroke, ...]) -> None:
        self.is_down = False
        self.strokes = strokes
        self._ink = _paper()
        for stroke in strokes:
            starts = (stroke.points[0], *stroke.points)
            for start, end in zip(starts, stroke.points, strict=False):
                _lay(self._ink, start, end, stroke.thickness)


def _paper() -> Array:
    return np.zeros((SIZE, SIZE))


def _lay(ink: Array, start: Point, end: Point, thickness: float) -> None:
    """Add the way of a round pen to the ink.

    A pixel has as much ink as the pen's edge leaves of it, taken as straight: 1 where its middle is
    half a pixel inside the edge or further, 0 half a pixel outside.
    """
    radius = thickness * FIELD / 2
    ends = np.array((start, end)) * FIELD + MARGIN
    (left, top), (right, bottom) = ends.min(axis=0), ends.max(axis=0)
    rows = slice(max(int(top - radius - 1), 0), int(bottom + radius + 2))
    columns = slice(max(int(left - radius - 1), 0), int(right + radius + 2))
    there = ink[rows, columns]
    y, x = np.indices(there.shape) + 0.5
    from_start = np.stack((x + columns.start, y + rows.start), axis=-1) - ends[0]
    way = ends[1] - ends[0]
    length = float(way @ way)
    share = np.clip(from_start @ way / length, 0, 1) if length else np.zeros(there.shape)
    distance = np.linalg.norm(from_start - share[..., np.newaxis] * way, axis=-1)
    np.maximum(there, np.clip(radius + 0.5 - distance, 0, 1), out=there)
