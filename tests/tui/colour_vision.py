"""How far colours look apart to people who see colours otherwise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""What linear RGB looks like: Machado, Oliveira & Fernandes, "A Physiologically-based Model for
Simulation of Color Vision Deficiency" (2009), severity 1.0."""

XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = XYZ.sum(axis=1)


def seen(color: str, deficiency: str) -> Vector:
    """A colour (#rrggbb) as L*, a*, b* of what such a person sees."""
    values = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    shown = np.clip(DEFICIENCIES[deficiency] @ linear, 0, 1)
    x, y, z = (_root(part) for part in XYZ @ shown / WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _root(share: float) -> float:
    return share ** (1 / 3) if share > (6 / 29) ** 3 else share / (3 * (6 / 29) ** 2) + 4 / 29


def difference(one: Vector, other: Vector) -> float:
    """CIEDE2000 of two L*, a*, b*: Sharma, Wu & Dalal (2005), equations 2 to 22."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    middle = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1 + (1 - math.sqrt(middle**7 / (middle**7 + 25**7))) / 2
    c1, c2 = math.hypot(stretch * a1, b1), math.hypot(stretch * a2, b2)
    h1, h2 = (math.degrees(math.atan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    turn = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    hue = h1 + h2 if grey else (h1 + turn / 2) % 360
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * _cos(hue - 30)
        + 0.24 * _cos(2 * hue)
        + 0.32 * _cos(3 * hue + 6)
        - 0.20 * _cos(4 * hue - 63)
    )
    of_l = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    of_c, of_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    turned = 60 * math.exp(-(((hue - 275) / 25) ** 2))
    mixed = -2 * math.sqrt(chroma**7 / (chroma**7 + 25**7)) * math.sin(math.radians(turned))
    dl, dc = (l2 - l1) / of_l, (c2 - c1) / of_c
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / of_h
    return math.sqrt(dl**2 + dc**2 + dh**2 + mixed * dc * dh)


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def least_difference(colors: list[str]) -> tuple[float, str]:
    """The two colours that are the hardest to tell apart, and for whom."""
    return min(
        (difference(seen(one, who), seen(other, who)), f"{one} {other} {who}")
        for who in DEFICIENCIES
        for n, one in enumerate(colors)
        for other in colors[:n]
    )
