"""Both ends of the way: the image and where the network looks, and the probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.text import Text

from nn.types import Array
from tui.panels import shorten
from tui.panels.inside.shown import GAP, LARGE_WIDTH, Shown, left_width, side_by_side
from tui.render import formats
from tui.render.bars import bar
from tui.render.images import cover, image_text, rgb
from tui.render.maps import fitted

WIDEST_BAR = 30
NAME_WIDTH = 14

PALE = 0.4
"""How much of an image's ink is left under the colours of where a network looks."""

LEAST_COST = 0.02
"""A part of the image that costs less than this is hardly looked at: it stays pale."""


def image(shown: Shown, room: tuple[int, int]) -> tuple[list[Text], Text]:
    """The image, and beside it where the network looks, or what it thinks."""
    insight, (width, height) = shown.insight, room
    half = max(1, (width - GAP) // 2), height
    drawn, columns = _drawn(shown, insight.subject.image, half)
    if not shown.attentive or insight.cost is None:
        bars = _bars(shown, width - columns - GAP, height)
        words = LOOKING if shown.attentive else HINT
        return side_by_side(drawn, bars, columns + GAP), Text(words, shown.colors.muted)
    target = shown.walk.class_for(insight)
    cost = insight.cost[:, :, target]
    heat, _ = _drawn(shown, _heated(shown, cost), half)
    body = side_by_side(drawn, heat, columns + GAP)
    if height - len(body) > len(insight.class_names):
        body += [Text(), *_bars(shown, width, height - len(body) - 1)]
    return body, _cost_words(shown, cost, target)


def _heated(shown: Shown, cost: Array) -> Array:
    """The image (H, W, 3) in pale, and over it what covering costs and what it gives.

    Without colours only what it costs, (H, W).
    """
    image = shown.insight.subject.image / 255
    height, width = image.shape[:2]
    shares = cover(cost.shape[0], height) @ cost @ cover(cost.shape[1], width).T
    shares /= max(float(np.abs(cost).max()), LEAST_COST)
    if not shown.coloured:
        return np.maximum(shares, 0)
    ink, paper, costly, giving = (
        np.array(rgb(color)) / 255
        for color in (
            shown.colors.ink,
            shown.colors.paper,
            shown.colors.heat,
            shown.blue,
        )
    )
    brightness = image.mean(axis=2, keepdims=True)
    pale = paper + PALE * brightness * (ink - paper)
    strength = np.abs(shares)[:, :, None]
    heated: Array = pale + strength * (np.where(shares[:, :, None] > 0, costly, giving) - pale)
    return heated


def _drawn(shown: Shown, image: NDArray[Any], room: tuple[int, int]) -> tuple[list[Text], int]:
    """An image as large as there is room, and how many columns it takes."""
    colors = shown.colors
    columns, _ = fitted(image.shape[0], image.shape[1], room)
    text = image_text(image, width=columns, style=shown.drawing, ink=colors.ink, paper=colors.paper)
    return list(text.split("\n")), columns


HINT = "w shows where the network looks"
LOOKING = "finding out what covering each part costs…"


def _cost_words(shown: Shown, cost: Array, target: int) -> Text:
    """What the colours of the map mean."""
    name = shorten(shown.insight.class_names[target], NAME_WIDTH, ascii=shown.ascii)
    orange, blue = (" (orange)", " (blue)") if shown.coloured else ("", "")
    most, least = float(cost.max()), float(cost.min())
    words = f"class {name}: covering a part costs up to {formats.percent(max(most, 0), 1)}{orange}"
    if least < -LEAST_COST / 2:
        words += f", gives {formats.percent(-least, 1)}{blue}"
    return Text(words, shown.colors.muted)


def probabilities(shown: Shown, room: tuple[int, int]) -> tuple[list[Text], Text]:
    """The probability of every class, and the image where there is room."""
    insight, width = shown.insight, left_width(room[0])
    bars = _bars(shown, width, room[1])
    if width < room[0]:
        drawn, _ = _drawn(shown, insight.subject.image, (LARGE_WIDTH, room[1]))
        bars = side_by_side(bars, drawn, width + GAP)
    target = shown.walk.class_for(insight)
    share = formats.percent(float(insight.probabilities[target]))
    return bars, Text(f"class {insight.class_names[target]}: {share}", shown.colors.muted)


def _bars(shown: Shown, width: int, height: int) -> list[Text]:
    """Every class with its probability; where not all have room, the most probable ones."""
    insight, colors = shown.insight, shown.colors
    shares, names = insight.probabilities, insight.class_names
    order = list(range(len(names)))
    if len(names) > height:
        order = np.argsort(-shares, kind="stable")[:height].tolist()
    room = min(NAME_WIDTH, max(1, width - 11))
    name_width = max(cell_len(shorten(names[n], room, ascii=shown.ascii)) for n in order)
    bar_width = min(max(width - name_width - 11, 0), WIDEST_BAR)
    target = shown.walk.class_for(insight)
    lines = []
    for n in order:
        name = shorten(names[n], room, ascii=shown.ascii)
        true, called = n == insight.subject.label, n == insight.called
        color = colors.good if true else colors.bad if called else colors.series[0]
        mark = "> " if n == target else "  "
        lines.append(
            Text.assemble(
                mark + name + " " * (name_width - cell_len(name) + 1),
                (bar(float(shares[n]), bar_width, ascii=shown.ascii), color),
                f"{formats.percent(float(shares[n]), 1):>8}",
                style="bold" if true or called else "",
                no_wrap=True,
            )
        )
    return lines
