"""What keys are called."""

from __future__ import annotations

import re

from textual.binding import Binding
from textual.keys import format_key

_SIGNS = {"←": "left", "→": "right", "↑": "up", "↓": "down", "⏎": "enter", "⌫": "backspace"}
_NAMES = str.maketrans(_SIGNS)
_BETWEEN = re.compile(f"(?<=[{''.join(_SIGNS)}])(?=[{''.join(_SIGNS)}])")


def key_name(binding: Binding) -> str:
    """A binding's key in words: enter, left/right."""
    return in_words(binding.key_display or format_key(binding.key.partition(",")[0]))


def in_words(key: str) -> str:
    """The same of a key as it is displayed: ⏎, ←→. Not every terminal has the signs."""
    return _BETWEEN.sub("/", key).translate(_NAMES)
