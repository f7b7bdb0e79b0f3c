"""A stop on the way through a network, as text."""

from __future__ import annotations

from rich.text import Text

from tui.panels.inside.ends import image, probabilities
from tui.panels.inside.layers import layer
from tui.panels.inside.shown import Shown, cut
from tui.panels.inside.words import words


def picture(shown: Shown) -> Text:
    """The whole view."""
    room = room_of(shown)
    if shown.stop.passage is not None:
        body, legend = layer(shown, room)
    elif shown.stop.title == "image":
        body, legend = image(shown, room)
    else:
        body, legend = probabilities(shown, room)
    body = [*body[: room[1]], *[Text()] * (room[1] - len(body)), legend]
    return Text("\n", no_wrap=True).join([*words(shown), *(cut(line, shown) for line in body)])


def room_of(shown: Shown) -> tuple[int, int]:
    """The columns and lines between the words above and the line below."""
    width, height = shown.size
    return width, max(1, height - len(words(shown)) - 1)
