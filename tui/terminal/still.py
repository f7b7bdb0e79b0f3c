"""Parts of a screen that are not laid out again while nothing of them has changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from textual._compositor import CompositorMap
from textual.containers import Container
from textual.geometry import Size
from textual.layout import DockArrangeResult
from textual.map_geometry import MapGeometry
from textual.widget import Widget


class Still(Container):
    """A container that seldom changes, whose size does not depend on what is in it.

    While it is skipped, what is in it is not placed: whoever skips it knows where that is.
    """

    is_skipped = False

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        """Where its widgets are."""
        found = super().arrange(size, optimal)
        if not self.is_skipped:
            return found
        return replace(found, placements=[], _spatial_map=found.spatial_map)


@dataclass(frozen=True)
class Placed:
    """Where all was that a container holds, when it was laid out last."""

    container: Still
    geometry: MapGeometry
    map: CompositorMap
    widgets: frozenset[Widget]
    scrolled: tuple[Widget, ...]
    state: tuple[object, ...]

    @staticmethod
    def of(container: Still, map: CompositorMap, widgets: Iterable[Widget]) -> Placed:
        """What a container holds, of all that a screen does."""
        mine = {each: at for each, at in map.items() if container in each.ancestors}
        scrolled = (container, *(each for each in mine if each.is_container))
        held = frozenset(each for each in widgets if container in each.ancestors)
        state = _state(container, held, scrolled)
        return Placed(container, map[container], mine, held, scrolled, state)

    @property
    def still_holds(self) -> bool:
        """Whether nothing was added, removed, sized or scrolled since."""
        return self.state == _state(self.container, self.widgets, self.scrolled)


def _state(
    container: Widget, held: Iterable[Widget], scrolled: Iterable[Widget]
) -> tuple[object, ...]:
    """Textual counts what may change a layout, and so do the lists of children."""
    changes = container._layout_updates + container._nodes._updates
    changes += sum(each._layout_updates + each._nodes._updates for each in held)
    return changes, *((each.scroll_x, each.scroll_y) for each in scrolled)
