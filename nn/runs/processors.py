"""How many processors there are for us, and how those who train leave room for others."""

from __future__ import annotations

import os

import numpy as np

_BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

NICENESS = 15
"""Who trains takes what others leave: a dashboard that needs a moment's work gets it at once."""


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(environment: dict[str, str], threads: int) -> None:
    """Make NumPy use that many threads; only has an effect before NumPy is loaded."""
    environment.update(dict.fromkeys(_BLAS_THREADS, str(threads)))


def reserve_memory_of_products() -> None:
    """Let the library of matrix products have its own memory while there is some.

    OpenBLAS takes it at its first product of some size, and ends the process where there is none
    left, with no exception to tell of.
    """
    square = np.ones((256, 256), np.float32)
    np.matmul(square, square)
