"""A layer: all its maps, or what made them, and the chosen one large beside them."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from nn.types import Array
from tui.insight import Maps
from tui.panels.inside.shown import GAP, LARGE_WIDTH, Shown, left_width, side_by_side
from tui.render import formats
from tui.render.maps import Tiling, fitted, map_text, page_text, tiling

LEAST_LINES = 7
"""Lines that something below a large map needs."""

PARTS = ("slice", "weight")
"""Pictures which all belong to one output: none of them is the chosen one."""


def layer(shown: Shown, room: tuple[int, int]) -> tuple[list[Text], Text]:
    """The pictures of a layer in that room, and a line about them."""
    maps, walk, at = maps_of(shown), shown.walk, page_tiling(shown, room)
    chosen = walk.map_at(shown.stop)
    marked = None if maps.noun in PARTS else chosen
    legend = _figures(shown, maps, marked)
    if walk.large and marked is not None:
        return _large(shown, maps, chosen, room), legend
    first = min(walk.skipped if marked is None else marked, maps.count - 1) // at.count * at.count
    last = min(first + at.count, maps.count)
    body = _page(shown, maps, range(first, last), marked, at)
    if (width := _width(shown, maps, room[0])) < room[0]:
        chief = shown.stop.output if marked is None else maps
        beside = _large(shown, chief, chosen, (LARGE_WIDTH, room[1]))
        left = LARGE_WIDTH, room[1] - len(beside)
        if maps is shown.stop.output:
            beside += _made_by(shown, chosen, left)
        elif chief is maps and left[1] >= LEAST_LINES:
            beside += _large(shown, shown.stop.output, chosen, left)
        body = side_by_side(body, beside, width + GAP)
    if at.count < maps.count:
        dash = "-" if shown.ascii else "–"
        part = f"{first + 1}{dash}{last}" if last > first + 1 else f"{last}"
        words = f"{part} of {maps.count} {maps.noun}s · "
        legend = Text(words, shown.colors.muted).append_text(legend)
    return body, legend


def maps_of(shown: Shown) -> Maps:
    """The maps of the page that is shown."""
    behind = None
    if shown.walk.page == "behind":
        behind = shown.stop.behind(shown.walk.map_at(shown.stop))
    return behind or shown.stop.output


def page_tiling(shown: Shown, room: tuple[int, int]) -> Tiling:
    """How the maps of the page fill that room."""
    maps = maps_of(shown)
    height, width, count = maps.values.shape
    return tiling(height, width, count, (_width(shown, maps, room[0]), room[1]))


def _width(shown: Shown, maps: Maps, width: int) -> int:
    """The columns of all maps: fewer if the chosen one stands large beside them."""
    stop = shown.stop
    single = stop.output.values.shape[:2] == (1, 1)
    telling = not single or (maps is stop.output and stop.behind(0) is not None)
    return left_width(width) if telling else width


def _page(shown: Shown, maps: Maps, places: range, marked: int | None, at: Tiling) -> list[Text]:
    values = _scaled(shown, maps, alone=shown.walk.alone)[:, :, places.start : places.stop]
    labels = [maps.label(place) for place in places]
    place = None if marked is None else marked - places.start
    return list(page_text(values, labels, place, at, shown.look).split("\n"))


def _scaled(shown: Shown, maps: Maps, *, alone: bool) -> Array:
    """The values in [-1, 1], the farthest from zero of all maps, or of each, being 1.

    Of a pooling's input what was not taken goes below zero, or to zero where there is no colour.
    """
    values = maps.values.astype(np.float64)
    axes = (0, 1) if alone else (0, 1, 2)
    if maps.kept is not None:
        low = values.min(axis=axes, keepdims=True)
        shares = (values - low) / (_largest(values - low, axes))
        dropped = -0.7 * shares if shown.coloured else np.zeros_like(shares)
        kept: Array = np.where(maps.kept > 0, shares, dropped)
        return kept
    scaled: Array = values / _largest(values, axes)
    return scaled


def _largest(values: Array, axes: tuple[int, ...]) -> Array:
    """The largest distance from zero, but not zero itself."""
    largest = np.abs(values).max(axis=axes, keepdims=True)
    return np.where(largest > 0, largest, 1)


def _large(shown: Shown, maps: Maps, place: int, room: tuple[int, int]) -> list[Text]:
    """One map as large as there is room, with its number above; of a single value the value."""
    title = maps.title(place)
    if maps.values.shape[:2] == (1, 1):
        return [Text(f"{title}: {_number(maps.values[0, 0, place])}", "bold")]
    scaled = _scaled(shown, maps, alone=shown.walk.alone)[:, :, place]
    return [Text(title, "bold"), *_picture(shown, scaled, (room[0], room[1] - 1))]


def _made_by(shown: Shown, chosen: int, room: tuple[int, int]) -> list[Text]:
    """What made the chosen map, if it can be shown in that room."""
    behind = shown.stop.behind(chosen)
    if behind is None or room[1] < LEAST_LINES:
        return []
    words = {"input": "what it kept", "weight": "its weights"}.get(behind.noun, "its filter")
    if behind.noun in PARTS and behind.count > 1:
        height, width, count = behind.values.shape
        at = tiling(height, width, count, (room[0], room[1] - 1))
        places = range(min(at.count, count))
        below = _page(shown, behind, places, None, at)
        if len(places) < count:
            words += f", {len(places)} of {count}"
    else:
        place = 0 if behind.noun in PARTS else chosen
        scaled = _scaled(shown, behind, alone=True)[:, :, place]
        below = _picture(shown, scaled, (room[0], room[1] - 1))
    return [Text(words, shown.colors.muted), *below]


def _picture(shown: Shown, scaled: Array, room: tuple[int, int]) -> list[Text]:
    size = fitted(scaled.shape[0], scaled.shape[1], (max(1, room[0]), max(1, room[1])))
    return list(map_text(scaled, size, shown.look).split("\n"))


def _figures(shown: Shown, maps: Maps, chosen: int | None) -> Text:
    """What the shades mean."""
    values = maps.values if chosen is None else maps.values[:, :, chosen]
    which = f"all {maps.noun}s" if chosen is None else f"{maps.noun} {maps.label(chosen)}"
    words = [f"{which}: {_number(values.min())} to {_number(values.max())}"]
    if values.size == 1:
        words = [f"{which}: {_number(values.max())}"]
    elif maps.kept is not None and chosen is not None:
        share = float((maps.kept[:, :, chosen] > 0).mean())
        words.append(f"kept {formats.percent(share, 0)}")
    elif (zeros := float((values == 0).mean())) > 0:
        words.append(f"{formats.percent(zeros, 0)} are 0")
    if maps.kept is not None and shown.coloured:
        words.append("blue was dropped")
    elif maps.kept is None and maps.values.min() < 0:
        words.append("blue is below 0" if shown.coloured else "the middle shade is 0")
    words.append("a scale each (v)" if shown.walk.alone else "all on one scale (v)")
    return Text(" · ".join(words), shown.colors.muted)


def _number(value: float) -> str:
    return f"{value:.3g}"
