"""The table of faults names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "faults.md"


def test_every_test_that_the_page_names_is_there() -> None:
    file = None
    named = 0
    for words in re.findall(r"`([^`]+)`", PAGE.read_text("utf-8")):
        path, _, test = words.rpartition(": ")
        if path.endswith(".py") or words.endswith(".py"):
            file = TESTS / (path or words)
            assert file.is_file(), words
        if test.startswith("test_") and not test.endswith(".py"):
            assert file is not None
            assert f"def {test}(" in file.read_text("utf-8"), words
            named += 1
    assert named > 20
