"""The page of all fields says what the declarations say."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_is_that_of_the_declarations() -> None:
    page = runpy.run_path(str(DOCS / "reference.py"))["page"]()
    written = (DOCS / "reference.md").read_text("utf-8")
    assert written == page, "write it anew: python docs/reference.py > docs/reference.md"
