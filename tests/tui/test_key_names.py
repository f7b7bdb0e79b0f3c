"""What keys are called."""

from __future__ import annotations

import pytest
from textual.binding import Binding

from tui.dialogs import Dialog
from tui.key_names import in_words, key_name
from tui.panels.curves import CurvesPanel
from tui.panels.network import LayerList


@pytest.mark.parametrize(
    ("shown", "name"),
    [("←→", "left/right"), ("⏎", "enter"), ("shift+↑", "shift+up"), ("+ -", "+ -"), ("U", "U")],
)
def test_signs_become_words(shown: str, name: str) -> None:
    assert in_words(shown) == name


def test_every_key_has_a_name_in_ascii() -> None:
    keys = [*LayerList.BINDINGS, *CurvesPanel.BINDINGS, *Dialog.BINDINGS]
    names = [key_name(key) for key in keys if isinstance(key, Binding)]
    assert {"enter", "backspace", "left/right", "up/down", "esc", "["} <= set(names)
    assert all(name.isascii() for name in names)
