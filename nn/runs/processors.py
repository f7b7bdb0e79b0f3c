"""How many processors there are for us, and how those who train leave room for others."""

from __future__ import annotations

import os

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
