"""How parameters start."""

from __future__ import annotations

from math import sqrt

import numpy as np
import numpy.typing as npt

from nn.types import Array


def he_normal(
    shape: tuple[int, ...], fan_in: int, rng: np.random.Generator, dtype: npt.DTypeLike
) -> Array:
    """Normal values of variance 2 / fan_in, which ReLU layers need to keep the signal's size.

    He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), equation 10. `fan_in` is the
    number of inputs that one output sums over.
    """
    return (rng.standard_normal(shape) * sqrt(2 / fan_in)).astype(dtype)
