"""How weights start.

A layer keeps the size of the signal if its weights have the right variance. With `fan_in` inputs
summed by one output, and `fan_out` outputs reached by one input:

    he      2 / fan_in               He et al., "Delving Deep into Rectifiers" (2015), equation 10
    glorot  2 / (fan_in + fan_out)   Glorot and Bengio, "Understanding the difficulty of training
                                     deep feedforward neural networks" (2010), equation 12
    lecun   1 / fan_in               LeCun et al., "Efficient BackProp" (1998), section 4.6

`normal` draws from a normal distribution of that variance, `uniform` from ±√(3 · variance).
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np

from nn.types import Array

InitializerName = Literal[
    "auto",
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "zeros",
]
"""`auto` is `glorot_normal` before tanh and sigmoid, which are linear around zero, and `he_normal`
before everything else, which passes about half of its inputs (also where no activation is named: an
activation usually follows as a layer of its own)."""

_SATURATING = ("tanh", "sigmoid")


def resolved(name: InitializerName, activation: str) -> InitializerName:
    """The same, but for `auto` what it means before this activation."""
    if name != "auto":
        return name
    return "glorot_normal" if activation in _SATURATING else "he_normal"


def initialize(
    weights: Array,
    name: InitializerName,
    activation: str,
    fans: tuple[int, int],
    rng: np.random.Generator,
) -> None:
    """Draw weights in place, for a layer with these fans (in, out) and this activation."""
    name = resolved(name, activation)
    family, _, distribution = name.partition("_")
    if name == "zeros":
        weights.fill(0)
    elif distribution == "normal":
        weights[...] = rng.standard_normal(weights.shape) * sqrt(_variance(family, *fans))
    else:
        limit = sqrt(3 * _variance(family, *fans))
        weights[...] = rng.uniform(-limit, limit, weights.shape)


def _variance(family: str, fan_in: int, fan_out: int) -> float:
    match family:
        case "he":
            return 2 / fan_in
        case "glorot":
            return 2 / (fan_in + fan_out)
        case _:
            return 1 / fan_in
