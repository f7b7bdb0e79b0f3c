"""When a screen has nothing left to do."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.pilot import Pilot

from tui.terminal.turns import KeysInTurn

QUIET = 3
"""So many times in turn nobody has a message: then none is on its way between two of them."""

MOST = 500
"""After so many looks it is left as it is: something goes on that never ends."""


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until no widget has a message left, and what they have done is laid out and painted."""
    app, quiet = pilot.app, 0
    for _ in range(MOST):
        if quiet == QUIET or not app.is_running or app._exception is not None:
            return
        await asyncio.sleep(0)
        pumps = (app, *app.screen.walk_children(with_self=True))
        waiting = isinstance(app, KeysInTurn) and app.has_keys_waiting
        busy = waiting or any(pump.message_queue_size for pump in pumps)
        quiet = 0 if busy else quiet + 1
        if quiet == 1:
            app.screen._on_timer_update()
