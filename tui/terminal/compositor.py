"""A screen that is put together with no more work than is seen.

Textual renders each widget that a dirty rectangle around all changes touches, also those that
stand behind others, and all containers do. Here a widget is only asked for lines of which
something is to be written that nothing in front of it covers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar, cast

from textual._compositor import (
    ChopsUpdate,
    Compositor,
    CompositorMap,
    ReflowResult,
)
from textual.geometry import Region, Size
from textual.map_geometry import MapGeometry
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.terminal.still import Placed, Still

T = TypeVar("T")

FRAME = 1 / 240
"""Seconds from one picture to the next, at least. Textual's timer may let two such pass, and its
frames are so long that a key would wait for 33 ms because something else has just been painted."""


class SparingCompositor(Compositor):
    """Textual's, with less work for the same picture."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: dict[int, int] | None = None
        self._placed: list[Placed] = []
        self._placed_in: tuple[Widget, Size] | None = None
        self._as_before: set[Widget] = set()

    @property
    def layers(self) -> list[tuple[Widget, MapGeometry]]:
        """Who is to be told where it is: not those that stayed where they were."""
        return [each for each in super().layers if each[0] not in self._as_before]

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out all; Textual would do so once more for the first question where a widget is."""
        result = super().reflow(parent, size)
        self._full_map_invalidated = False
        return result

    def _arrange_root(
        self, root: Widget, size: Size, visible_only: bool = True
    ) -> tuple[CompositorMap, set[Widget]]:
        """Where everything is; what a container holds that has not changed is where it was."""
        self._as_before = set()
        if visible_only:
            return super()._arrange_root(root, size, visible_only)
        known = [each for each in self._placed if each.still_holds]
        if self._placed_in == (root, size) and known:
            map, widgets = self._arrange_without([each.container for each in known], root, size)
            if all(map.get(each.container) == each.geometry for each in known):
                for each in known:
                    map |= each.map
                    widgets |= each.widgets
                    self._as_before |= each.map.keys()
                return map, widgets
        map, widgets = super()._arrange_root(root, size, visible_only)
        self._placed = [Placed.of(each, map, widgets) for each in map if isinstance(each, Still)]
        self._placed_in = root, size
        return map, widgets

    def _arrange_without(
        self, containers: list[Still], root: Widget, size: Size
    ) -> tuple[CompositorMap, set[Widget]]:
        for each in containers:
            each.is_skipped = True
        try:
            return super()._arrange_root(root, size, False)
        finally:
            for each in containers:
                each.is_skipped = False

    def render_partial_update(self) -> ChopsUpdate | None:
        """What has changed."""
        screen = self.size.region
        self._wanted = {}
        for region in self._dirty_regions:
            seen = region.intersection(screen)
            bits = _bits(*seen.column_span)
            for y in seen.line_range:
                self._wanted[y] = self._wanted.get(y, 0) | bits
        try:
            return super().render_partial_update()
        finally:
            self._wanted = None

    def _render_chops(
        self, crop: Region, is_rendered_line: Callable[[int], bool]
    ) -> Sequence[Mapping[int, Strip]]:
        """The strips of each line by where they begin, of those places that are wanted.

        `missing` are the cells of each line on which nothing stands yet, as bits.
        """
        cuts, width = self.cuts, self.size.width
        missing = self._wanted
        if missing is None:
            missing = dict.fromkeys(crop.line_range, _bits(0, width))
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(line[:-1]) for line in cuts]
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            left, right = seen.column_span
            bits = _bits(left, right)
            lines = [y for y in seen.line_range if missing.get(y, 0) & bits]
            if not lines:
                continue
            top, height = lines[0], lines[-1] - lines[0] + 1
            strips = _lines(widget, Region(left - region.x, top - region.y, seen.width, height))
            for y in lines:
                places = [cut for cut in cuts[y] if left <= cut <= right]
                parts = strips[y - top].divide([cut - left for cut in places[1:]])
                for cut, part in zip(places, parts, strict=False):
                    if chops[y][cut] is None:
                        chops[y][cut] = part
                missing[y] &= ~bits
        return cast("Sequence[Mapping[int, Strip]]", chops)


class SparingScreen(Screen[T], Generic[T]):
    """A screen that is put together so, and not painted anew for another focus."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)

    def __init__(self, name: str | None = None, id: str | None = None) -> None:
        super().__init__(name, id)
        self._compositor = SparingCompositor()
        self._frames: Timer | None = None

    @property
    def _update_timer(self) -> Timer:
        if self._frames is None:
            self._frames = self.set_interval(FRAME, self._on_timer_update, pause=True)
        return self._frames


def _lines(widget: Widget, place: Region) -> list[Strip]:
    """The lines of a widget there; those of one that only holds others are all the same."""
    if place.height > 1 and _is_bare(widget):
        return widget.render_lines(Region(place.x, place.y, place.width, 1)) * place.height
    return widget.render_lines(place)


def _is_bare(widget: Widget) -> bool:
    """Whether there is nothing but its ground."""
    kind, styles = type(widget), widget.styles
    return (
        widget.is_container
        and kind.render is Widget.render
        and kind.render_line is Widget.render_line
        and kind.render_lines is Widget.render_lines
        and styles.gutter == styles.padding
        and not styles.has_rule("keyline")
        and not styles.has_rule("hatch")
        and not any(edge for edge, _ in styles.outline)
    )


def _bits(start: int, end: int) -> int:
    return (1 << end) - (1 << start) if end > start else 0
