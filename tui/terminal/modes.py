"""The modes of a terminal that the dashboard switches on, and how all of them are switched off."""

from __future__ import annotations

OTHER_SCREEN = "\x1b[?1049h"
HIDE_CURSOR = "\x1b[?25l"
CLEAR = "\x1b[2J"

CANCEL = "\x18"
"""Ends a sequence that was cut short, without any effect."""

_PRIVATE_MODES = (
    2026,  # synchronized output
    2004,  # bracketed paste
    2048,  # sizes in the input
    1004,  # reports of the focus
    1016,  # the mouse in pixels,
    1006,  # in decimal numbers,
    1015,  # the same of urxvt,
    1003,  # its every movement,
    1000,  # its buttons
)
RESTORE = (
    CANCEL
    + "".join(f"\x1b[?{mode}l" for mode in _PRIVATE_MODES)
    + "\x1b[<u"  # the keyboard protocol of kitty
    + "\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""All of it off, lines wrapped, no style, the screen as it was, and a cursor."""
