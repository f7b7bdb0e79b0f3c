"""Lists on screens without room for them."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.widgets import OptionList

from tui.terminal.app import TerminalApp


class OneList(TerminalApp):
    """A list that is not to be seen."""

    def compose(self) -> ComposeResult:
        yield OptionList(*map(str, range(50)))

    def on_mount(self) -> None:
        listed = self.query_one(OptionList)
        listed.highlighted = 20
        listed.styles.height = 0


@pytest.mark.parametrize("key", ["pageup", "pagedown"])
async def test_page_keys_in_a_list_without_room_do_nothing(key: str) -> None:
    app = OneList(ascii=False)
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.press(key)
        listed = app.query_one(OptionList)
        assert listed.highlighted == 20
        listed.styles.height = 4
        await pilot.press(key)
        assert listed.highlighted != 20
