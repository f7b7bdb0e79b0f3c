"""Colours that people of every colour vision tell apart.

On dark grounds they are those of Okabe & Ito, "Color Universal Design" (2008). Half of them are too
pale for light grounds: there they are darker, and black takes the place of yellow. Any two of a set
are 10 apart at least (CIEDE2000) also in protanopia, deuteranopia and tritanopia, and each has a
contrast of 3 to the grounds of all themes (WCAG 2.1, success criterion 1.4.11).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SafeColors:
    """Colours for grounds of one kind, written #rrggbb.

    `series` are those of curves, in their order; `good`, `bad` and `heat` are some of them.
    """

    series: tuple[str, ...]
    good: str
    bad: str
    heat: str


ON_DARK = SafeColors(
    series=("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00"),
    good="#009E73",
    bad="#D55E00",
    heat="#E69F00",
)
ON_LIGHT = SafeColors(
    series=("#0967A9", "#CE5D00", "#169066", "#000000", "#AF678A", "#7C4A00"),
    good="#169066",
    bad="#CE5D00",
    heat="#CE5D00",
)
