"""Arrays that are allocated once and used again."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt


class Buffers:
    """Working memory of one layer or optimizer, by name.

    Page faults on fresh arrays cost as much as the arithmetic on them, so every array that a
    training step needs is kept. Each owner has its own buffers: two layers of one shape must not
    write over each other's values between forward and backward.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._flat: dict[str, npt.NDArray[Any]] = {}

    def __call__(
        self, name: str, *shape: int, dtype: npt.DTypeLike | None = None
    ) -> npt.NDArray[Any]:
        """The array of that name, in this shape; its content is whatever was there before.

        A smaller shape (the last, short batch) is a view of the same memory.
        """
        size = prod(shape)
        flat = self._flat.get(name)
        if flat is None or flat.size < size:
            flat = np.empty(size, self._dtype if dtype is None else dtype)
            self._flat[name] = flat
        return flat[:size].reshape(shape)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(flat.nbytes for flat in self._flat.values())
