"""The names that annotations use for arrays and shapes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating[Any]]
"""Floating point values: float32 in training, float64 in gradient checks."""
Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Shape: TypeAlias = tuple[int, ...]
"""The shape of one example, without the batch: (height, width, channels) or (features,)."""
