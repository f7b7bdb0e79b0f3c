"""A screen that is put together with no more work than is seen.

Textual renders each widget that a dirty rectangle around all changes touches, also those that
stand behind others, and all containers do. Here a widget is only asked for lines of which
something is to be written that nothing in front of it covers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar, cast

from textual._compositor import ChopsUpdate, Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

T = TypeVar("T")


class SparingCompositor(Compositor):
    """Textual's, with less work for the same picture."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: dict[int, int] | None = None

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out all; Textual would do so once more for the first question where a widget is."""
        result = super().reflow(parent, size)
        self._full_map_invalidated = False
        return result

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
            strips = widget.render_lines(
                Region(left - region.x, top - region.y, seen.width, height)
            )
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


def _bits(start: int, end: int) -> int:
    return (1 << end) - (1 << start) if end > start else 0
