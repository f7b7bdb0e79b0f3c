"""Ink that stands out from its ground."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tui.terminal.contrast import READABLE, ContrastFilter, contrast

LOW = Style(color="#ffffff", bgcolor="#0a84e0")
"""A contrast of 3.9."""


def ink(text: str) -> str:
    background = Color.parse("black")
    (found,) = ContrastFilter(ColorSystem.TRUECOLOR).apply([Segment(text, LOW)], background)
    assert found.style is not None
    assert found.style.color is not None
    return found.style.color.name


def test_the_example_is_one() -> None:
    assert 3.8 < contrast(Color.parse("#ffffff"), Color.parse("#0a84e0")) < READABLE


@pytest.mark.parametrize("marks", ["!", " %.", "(", "'"])
def test_marks_look_like_the_words_beside_them(marks: str) -> None:
    assert ink(marks) == ink("words") != "#ffffff"


@pytest.mark.parametrize("picture", ["▀", "━━", "  ", "│"])
def test_pictures_stay_as_they_are(picture: str) -> None:
    assert ink(picture) == "#ffffff"
