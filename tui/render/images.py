"""Pictures as characters, for terminals with many colours, with none, and with ASCII alone."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.text import Span, Text

from nn.schema import InputError

Shades = NDArray[np.float64]
RGB = tuple[int, int, int]

QUADRANTS = " ▗▖▄▝▐▞▟▘▚▌▙▀▜▛█"
RAMP = " .:-=+*#%@"
GREY_LEVELS = 32
PictureStyle = Literal["half", "fine", "quadrant", "ascii"]
LUMA = np.array([0.299, 0.587, 0.114])
SPLITS = np.array([[pattern >> bit & 1 for bit in (3, 2, 1, 0)] for pattern in range(0, 16, 2)])
"""(8, 4): every way to paint a part of two by two pixels; the last of them is never painted."""


def image_text(
    image: NDArray[Any],
    *,
    width: int,
    style: PictureStyle = "half",
    ink: str = "#ffffff",
    paper: str = "#000000",
) -> Text:
    """A picture `width` cells wide, its proportions kept for cells twice as high as wide.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), uint8 or floats in [0, 1].
        width: in cells; the height follows, at least one line.
        style: "half" stacks two coloured pixels in a cell; "fine" puts two by two pixels in a
            cell, in the two colours that suit them best; "quadrant" does so without any colour;
            "ascii" takes one character for a pixel.
        ink: the colour of ones in a grey picture drawn in colours.
        paper: the colour of its zeros; greys lie between the two.

    Raises:
        InputError: if the array is no picture.
    """
    pixels = _as_shades(image)
    if width < 1:
        return Text()
    height, across = pixels.shape[:2]
    lines = max(1, round(height * width / across / 2))
    if style == "half":
        return half_blocks(_colours(_resized(pixels, 2 * lines, width), ink, paper))
    if style == "fine":
        return two_by_two(_resized(pixels, 2 * lines, 2 * width), ink, paper)
    grey = pixels @ LUMA if pixels.shape[2] == 3 else pixels[:, :, 0]
    if style == "quadrant":
        return quadrants(_resized(grey, 2 * lines, 2 * width))
    return ramp(_resized(grey, lines, width))


def _as_shades(image: NDArray[Any]) -> Shades:
    """The picture as (H, W, channels) floats in [0, 1]."""
    array = image[:, :, np.newaxis] if image.ndim == 2 else image
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise InputError(
            f"image: an array of shape {image.shape} is no picture;"
            " give (height, width) with 1 or 3 channels"
        )
    if array.dtype == np.uint8:
        return array / 255.0
    return np.clip(np.nan_to_num(array.astype(np.float64)), 0.0, 1.0)


def _resized(pixels: Shades, height: int, width: int) -> Shades:
    """The picture at another size, each new pixel the mean of the area that it covers.

    Means fade thin strokes, so the brightest pixel is brought back to what it was.
    """
    rows = cover(pixels.shape[0], height)
    columns = cover(pixels.shape[1], width)
    narrowed = np.moveaxis(np.tensordot(columns, pixels, axes=(1, 1)), 0, 1)
    resized = np.tensordot(rows, narrowed, axes=(1, 0))
    brightened: Shades = np.clip(resized * (pixels.max() / (resized.max() or 1.0)), 0.0, 1.0)
    return brightened


@lru_cache(maxsize=64)
def cover(n_old: int, n_new: int) -> Shades:
    """(n_new, n_old): which part of each new pixel lies in each old one; rows sum to 1."""
    edges = np.linspace(0.0, n_old, n_new + 1)
    starts, ends = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    old = np.arange(n_old)
    shared: Shades = np.clip(np.minimum(ends, old + 1) - np.maximum(starts, old), 0.0, None)
    return shared * (n_new / n_old)


def half_blocks(colours: NDArray[np.uint8]) -> Text:
    """Pixels (H, W, 3), two a cell: the upper one is its foreground, the lower its background."""
    return _painted("▀", np.zeros(colours[::2, :, 0].shape, np.intp), colours[::2], colours[1::2])


def two_by_two(pixels: Shades, ink: str, paper: str) -> Text:
    """Pixels (H, W, channels), two by two a cell, which has two colours.

    They are the means of two parts of the four pixels: those that differ least from their means.
    """
    parts = (pixels[::2, ::2], pixels[::2, 1::2], pixels[1::2, ::2], pixels[1::2, 1::2])
    cells = np.stack(parts, axis=2)
    painted = np.einsum("sp,hwpc->hwsc", SPLITS, cells)
    rest = cells.sum(axis=2)[:, :, np.newaxis] - painted
    counts = SPLITS.sum(axis=1)[:, np.newaxis]
    upper, lower = painted / np.maximum(counts, 1), rest / (4 - counts)
    best = np.argmax((painted * upper + rest * lower).sum(axis=3), axis=2)
    chosen = best[:, :, np.newaxis, np.newaxis]
    inks, grounds = (
        _colours(np.take_along_axis(each, chosen, axis=2)[:, :, 0], ink, paper)
        for each in (upper, lower)
    )
    return _painted(QUADRANTS[::2], best, inks, grounds)


def _painted(
    characters: str,
    cells: NDArray[np.integer],
    inks: NDArray[np.uint8],
    grounds: NDArray[np.uint8],
) -> Text:
    """Characters (H, W) by their number, each in a colour on another one, both (H, W, 3)."""
    plain: list[str] = []
    spans: list[Span] = []
    at = 0
    for row, above, below in zip(cells.tolist(), inks.tolist(), grounds.tolist(), strict=True):
        for (cell, ink, ground), run in groupby(zip(row, above, below, strict=True)):
            n = len(list(run))
            plain.append((" " if ink == ground else characters[cell]) * n)
            spans.append(Span(at, at + n, _cell_style(tuple(ink), tuple(ground))))
            at += n
        plain.append("\n")
        at += 1
    return Text("".join(plain[:-1]), spans=spans, no_wrap=True)


def segment_lines(picture: Text, ground: Style) -> list[list[Segment]]:
    """The lines of a picture that was made here, on a ground; where any of it has a style, all has.

    The same as Rich would find, which sorts all styles first.
    """
    lines, at, spans = [], 0, iter(picture.spans)
    for text in picture.plain.split("\n"):
        end, line = at + len(text), []
        while at < end and (span := next(spans, None)):
            assert isinstance(span.style, Style), "pictures have no names of styles"
            line.append(Segment(picture.plain[at : span.end], ground + span.style))
            at = span.end
        lines.append(line or [Segment(text, ground)])
        at = end + 1
    return lines


def _colours(pixels: Shades, ink: str, paper: str) -> NDArray[np.uint8]:
    """(H, W, 3): few enough greys that neighbouring cells often share a style."""
    if pixels.shape[2] == 1:
        levels: Shades = np.round(pixels * (GREY_LEVELS - 1)) / (GREY_LEVELS - 1)
        dark, bright = np.array(rgb(paper)), np.array(rgb(ink))
        mixed: Shades = np.round(dark + levels * (bright - dark))
        return mixed.astype(np.uint8)
    return np.round(pixels * 255).astype(np.uint8)


def rgb(colour: str) -> RGB:
    """The three parts of a colour by its name or as #rrggbb, 0 to 255."""
    red, green, blue = Color.parse(colour).get_truecolor()
    return red, green, blue


@lru_cache(maxsize=8192)
def _cell_style(upper: RGB, lower: RGB) -> Style:
    if upper == lower:
        return Style(bgcolor=Color.from_rgb(*lower))
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))


def quadrants(grey: Shades) -> Text:
    """Two by two pixels a cell, each either ink or nothing."""
    inked = grey > _threshold(grey)
    cells = 8 * inked[::2, ::2] + 4 * inked[::2, 1::2] + 2 * inked[1::2, ::2] + inked[1::2, 1::2]
    return Text(_rows(QUADRANTS, cells), no_wrap=True)


def _threshold(grey: Shades) -> float:
    """The level midway between the mean of what lies above it and of what lies below.

    Source: Ridler and Calvard, Picture thresholding using an iterative selection method (1978).
    """
    level = float(grey.mean())
    for _ in range(8):
        above, below = grey[grey > level], grey[grey <= level]
        if len(above) == 0:
            break
        level = float(above.mean() + below.mean()) / 2
    return level


def ramp(grey: Shades) -> Text:
    """One character a cell, the denser the brighter."""
    cells = np.round(grey * (len(RAMP) - 1)).astype(np.intp)
    return Text(_rows(RAMP, cells), no_wrap=True)


def _rows(characters: str, cells: NDArray[np.integer]) -> str:
    return "\n".join("".join(characters[cell] for cell in row) for row in cells.tolist())
