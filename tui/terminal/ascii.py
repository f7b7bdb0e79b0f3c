"""The screen in ASCII, whatever was drawn on it."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    "-": "─━╾╸╌╍┄┅┈┉═▔·–—−‐‑⁻",
    "_": "▁▂",
    "|": "│┃║▌▐▏▎▍▕▊▋┊┆╎╏",
    "+": "┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛✓±",
    "#": "█▉▇▆▅▀▄▃▓▒■▪▖▗▘▙▚▛▜▝▞▟",
    ".": "░•∙" + "".join(map(chr, range(0x2801, 0x2900))),
    "*": "●◆★⋆",
    "o": "○◌◇°",
    "~": "…≈",
    "=": "‖",
    "x": "×✗✕",
    "v": "▼▾↓",
    "^": "▲▴↑Δ△",
    ">": "▶▸›→»",
    "<": "◀◂‹←«⌫⏎",
    "'": "‘’",
    '"': "“”",
    "a": "α",
    "b": "β",
    "e": "ε",
    "g": "γ",
    "l": "λ",
    "m": "μ",
    "p": "π",
    "r": "ρ",
    "s": "σ",
    "F": "Φ",
    "V": "√",
}
_WORDS = str.maketrans(
    {
        "⋆": "*",
        "·": "*",
        "≈": "~=",
        "√": "sqrt",
        "²": "^2",
        "³": "^3",
        "½": "1/2",
        "α": "alpha",
        "β": "beta",
        "γ": "gamma",
        "ε": "epsilon",
        "π": "pi",
        "σ": "sigma",
        "Φ": "Phi",
    }
)
"""How signs of formulas are written where there is room for words."""

_TABLE = {ord(sign): ascii for ascii, signs in _SIGNS.items() for sign in signs}


@lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    """A text in ASCII that takes as many cells: é is e, and what has no likeness is "?"."""
    if text.isascii():
        return text
    return "".join(
        each if each.isascii() else _letter(each).ljust(cell_len(each), "?")[: cell_len(each)]
        for each in text.translate(_TABLE)
    )


def spelled(formula: str) -> str:
    """A formula in ASCII, with words for its letters; it may take more cells."""
    return to_ascii(formula.translate(_WORDS))


def _letter(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character)[0]
    return plain if plain.isascii() else "?"


class AsciiFilter(LineFilter):
    """Lets nothing but ASCII through, also of what Textual draws itself."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [
            Segment(to_ascii(text), style, control) if not text.isascii() else segment
            for segment in segments
            for text, style, control in (segment,)
        ]
