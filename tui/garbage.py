"""Garbage is looked for while nobody waits for anything.

Python looks for it whenever so many objects have been made, which is in the middle of a picture:
for 5 to 10 ms then the key that it answers is not on the screen.
"""

from __future__ import annotations

import gc

MANY = 2_000
"""So many new objects are worth a look."""

LOOKS = 4
"""After so many looks at what is new, what has stayed since is looked at, too: it is little then,
and takes 5 ms."""

LONG_LOOKS = 100
"""After so many of those, all that has come since the dashboard settled is to be looked at, which
takes 0.1 s."""

RARELY = 200_000
"""So many new objects do not wait for a quiet moment."""


def settle() -> None:
    """Never look at what is there now, and stays: to go over all widgets takes 0.1 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(RARELY, LOOKS, LONG_LOOKS)


def tidy(*, has_time: bool) -> None:
    """Look at what has come since the last time; at all of it only if nobody is using the keys."""
    new, looks, long_looks = gc.get_count()
    if new > MANY:
        is_long = looks >= LOOKS
        gc.collect(2 if is_long and long_looks >= LONG_LOOKS and has_time else int(is_long))
