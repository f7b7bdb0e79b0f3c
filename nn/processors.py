"""How many processors there are for us, and how those who train leave room for others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath
from time import monotonic, sleep

import numpy as np

_BLAS_THREADS = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

NICENESS = 15
"""Who trains takes what others leave: a dashboard that needs a moment's work gets it at once."""

SESSION_NICENESS = 10
"""The same for a session as a whole: enough for a dashboard to come first, and not so much that
training starves beside others' work."""


def processors() -> int:
    """How many processors this process may use: as its affinity and, in a container or a systemd
    unit, its control group's share of time allow. A share of 1.5 is rounded up to 2."""
    affinity = getattr(os, "sched_getaffinity", None)
    available = os.cpu_count() or 1 if affinity is None else len(affinity(0))
    return min(available, *(max(ceil(share), 1) for share in quotas()), available)


def quotas(root: Path = Path("/")) -> Iterator[float]:
    """The processors that each control group of this process leaves it, where it limits them.

    See the Linux kernel's documentation: `cpu.max` of version 2, `cpu.cfs_quota_us` of version 1.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        if line.count(":") < 2:
            continue
        _, controllers, path = line.split(":", 2)
        if not controllers:
            tree, files = root / "sys/fs/cgroup", ["cpu.max"]
        elif "cpu" in controllers.split(","):
            tree, files = root / "sys/fs/cgroup/cpu", ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        else:
            continue
        own = PurePosixPath(path.lstrip("/"))
        for group in (own, *own.parents):
            share = _share([tree / group / file for file in files])
            if share is not None:
                yield share


def _share(files: list[Path]) -> float | None:
    """Of a group's quota and period in microseconds; None where there is no limit."""
    try:
        quota, period = " ".join(file.read_text() for file in files).split()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


def give_way() -> None:
    """Let others go first from now on, and interrupt nobody in the middle of what they do.

    Linux lets a batch process that wakes up wait for its turn (see sched(7), "SCHED_BATCH"): those
    who train wake up many times a second, as they take turns. Where it shares time out among
    sessions, niceness counts within each of them only: a session that this process leads has one
    of its own (see sched(7), "The autogroup feature").
    """
    os.nice(NICENESS)
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            _set_session_niceness(Path("/proc/self/autogroup"))


def _set_session_niceness(setting: Path) -> None:
    """Linux takes one such change in a tenth of a second from all users but root together."""
    deadline = monotonic() + 1
    while True:
        try:
            setting.write_text(str(SESSION_NICENESS))
            return
        except BlockingIOError:
            if monotonic() > deadline:
                raise
            sleep(0.05)


def limit_blas_threads(environment: dict[str, str], threads: int = 1) -> None:
    """Give the library below NumPy's matrix products so many threads; only has an effect before
    NumPy is loaded. With more than one they would take turns with those of `nn.ops.threads`."""
    environment.update(dict.fromkeys(_BLAS_THREADS, str(threads)))


def reserve_memory_of_products() -> None:
    """Let the library of matrix products have its own memory while there is some.

    OpenBLAS takes it at its first product of some size, and ends the process where there is none
    left, with no exception to tell of.
    """
    square = np.ones((256, 256), np.float32)
    np.matmul(square, square)
