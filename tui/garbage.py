"""Garbage is looked for while nobody waits for anything.

Python looks for it whenever so many objects have been made, which is in the middle of a picture:
for 5 to 10 ms then the key that it answers is not on the screen.
"""

from __future__ import annotations

import gc

MANY = 2_000
"""So many new objects are worth a look."""

TURNS = 20
"""After so many looks at what is new, the older is looked at, too."""

RARELY = 200_000
"""So many new objects do not wait for a quiet moment."""


def settle() -> None:
    """Never look at what is there now, and stays: to go over all widgets takes 0.1 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(RARELY, TURNS, TURNS)


def tidy() -> None:
    """Look at what has come since the last time."""
    new, looks, long_looks = gc.get_count()
    if new > MANY:
        gc.collect(0 if looks < TURNS else 1 if long_looks < TURNS else 2)
