"""The pictures that pages show are there, and cells become pixels as they should."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.segment import Segment
from rich.style import Style

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = {file.name: file for file in (DOCS / "pictures").iterdir()}
PAINTING = runpy.run_path(str(DOCS / "painting.py"))
RED, BLUE = (200, 0, 0), (0, 0, 200)
WIDTH, HEIGHT, MARGIN = 12, 24, 12


def pixels(signs: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """What is painted of signs in a line, red on blue."""
    style = Style.parse("rgb(200,0,0) on rgb(0,0,200)")
    image = np.asarray(PAINTING["paint"]([[Segment(signs, style)]]).convert("RGB"))
    assert image.shape == (HEIGHT + 2 * MARGIN, len(signs) * WIDTH + 2 * MARGIN, 3)
    return image[MARGIN:-MARGIN, MARGIN:-MARGIN]


def test_pages_show_all_pictures_and_no_others() -> None:
    pages = (DOCS.parent / "README.md", DOCS / "dashboard.md")
    shown = [
        (page.parent / path).resolve()
        for page in pages
        for path in re.findall(r"!\[[^\]]{10,}\]\(([^)]+)\)", page.read_text("utf-8"))
    ]
    assert sorted(shown) == sorted(PICTURES.values())


def test_each_picture_is_made_by_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS)
    shots = runpy.run_path(str(DOCS / "pictures.py"))["SHOTS"]
    assert {f"{name}.png": shot.size for name, shot in shots.items()} == {
        name: cells(file) for name, file in PICTURES.items()
    }


def cells(file: Path) -> tuple[int, int]:
    """Columns and lines of the terminal in a picture."""
    with Image.open(file) as image:
        return (image.width - 2 * MARGIN) // WIDTH, (image.height - 2 * MARGIN) // HEIGHT


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small(name: str) -> None:
    assert PICTURES[name].stat().st_size < 200_000


@pytest.mark.parametrize(
    ("sign", "left", "top", "right", "bottom"),
    [
        ("█", 0, 0, 12, 24),
        ("▀", 0, 0, 12, 12),
        ("▄", 0, 12, 12, 24),
        ("▌", 0, 0, 6, 24),
        ("▐", 6, 0, 12, 24),
        ("▗", 6, 12, 12, 24),
        ("▂", 0, 18, 12, 24),
        ("▊", 0, 0, 9, 24),
        ("▔", 0, 0, 12, 3),
        (" ", 0, 0, 0, 0),
    ],
)
def test_a_block_fills_its_part_of_the_cell(
    sign: str, left: int, top: int, right: int, bottom: int
) -> None:
    expected = np.full((HEIGHT, WIDTH, 3), BLUE)
    expected[top:bottom, left:right] = RED
    np.testing.assert_array_equal(pixels(sign), expected)


def test_neighbours_meet_without_a_seam() -> None:
    assert (pixels("█▛▜█")[: HEIGHT // 2] == RED).all()


def test_braille_has_its_dots_where_they_belong() -> None:
    """Dots 1 and 8: the first of the left column and the last of the right one."""
    ink = (pixels("⢁") == RED).all(axis=2)
    quarters = ink.reshape(4, 6, 2, 6).any(axis=(1, 3))
    np.testing.assert_array_equal(quarters, [[1, 0], [0, 0], [0, 0], [0, 1]])


def test_a_shade_lies_between_ink_and_paper() -> None:
    """A quarter of the ink, in all of the cell."""
    assert np.abs(pixels("░").astype(int) - (50, 0, 150)).max() <= 1
