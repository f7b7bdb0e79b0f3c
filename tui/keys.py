"""The line at the bottom: the keys that mean something now."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.binding import ActiveBinding, Binding
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget

from tui.key_names import in_words
from tui.pieces import Piece, one_line

RANKS = {
    "start": 0,
    "pause": 0,
    "go_on": 0,
    "revive": 0,
    "help": 1,
    "quit": 2,
    "stop": 4,
    "step": 5,
    "edit": 6,
    "advice": 6,
    "save": 7,
    "load": 8,
    "command_palette": 9,
}
"""Which of the app's keys give way first where the line is too short: those with a high rank."""

OWN_RANK = 3
"""The rank of the keys of what has the focus."""

ENDS = ("command_palette", "help", "quit")


class KeyLine(Widget):
    """Keys with what they do, for whoever reads or clicks."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; width: 1fr; background: $panel; padding: 0 1; }
    KeyLine > .key { text-style: bold; color: $text-accent; }
    """

    COMPONENT_CLASSES = {"key"}  # noqa: RUF012 (Textual declares it so)

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._shown: dict[str, ActiveBinding] = {}

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._keys_changed)

    def _keys_changed(self, screen: Screen[object]) -> None:
        if screen.active_bindings != self._shown:
            self.refresh()

    def on_click(self, event: Click) -> None:
        """A click on a key is that key."""
        key = event.style.meta.get("key")
        if key:
            self.app.simulate_key(key)

    def render(self) -> Text:
        """The line, as wide as there is room."""
        key_style = self.get_component_rich_style("key", partial=True)
        known: list[Piece] = []
        own: list[Piece] = []
        last: list[Piece] = []
        seen = set()
        self._shown = self.screen.active_bindings
        for active in self._shown.values():
            binding = active.binding
            name = binding.action.rpartition(".")[2]
            if not (binding.show or name == "command_palette") or not active.enabled:
                continue
            if (active.node, binding.action) in seen:
                continue
            seen.add((active.node, binding.action))
            text = self._text(binding, key_style)
            if active.node is not self.app and name not in ENDS:
                own.append(Piece(text, OWN_RANK))
            elif name in RANKS:
                (last if name in ENDS else known).append(Piece(text, RANKS[name]))
        return one_line([*known, *own], last, self.size.width)

    def _text(self, binding: Binding, key_style: Style) -> Text:
        key = self.app.get_key_display(binding)
        if self._ascii:
            key = in_words(key)
        text = Text.assemble((key, key_style), " ")
        text.append(binding.description)
        text.stylize(Style(meta={"key": binding.key}))
        return text
