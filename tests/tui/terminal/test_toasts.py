"""Notices that come too late."""

from __future__ import annotations

import time

from dashboards import until
from textual.notifications import Notification
from textual.widgets._toast import Toast

from tui.terminal.app import TerminalApp


async def test_a_notice_whose_time_is_over_goes_at_once() -> None:
    app = TerminalApp(ascii=False)
    async with app.run_test(notifications=True) as pilot:
        toast = Toast(Notification("too late", raised_at=time.time() - 10, timeout=5))
        assert toast._timeout > 0, "Textual's timer would never end"
        await app.mount(toast)
        await until(pilot, lambda: not app.query(Toast))


async def test_other_notices_have_the_time_that_they_are_given() -> None:
    toast = Toast(Notification("in time", timeout=5))
    assert 4 < toast._timeout <= 5
