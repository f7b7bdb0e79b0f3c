"""What figures of speed depend on: the machine and the library that multiplies matrices."""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np


def processor_name() -> str:
    """What the system calls its processor."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def blas_name() -> str:
    """The library that NumPy multiplies matrices with."""
    configuration: dict[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment]
    blas = configuration["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


@lru_cache
def memory_bytes() -> int | None:
    """How much memory the machine has, or its container may take; None where it does not say."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", ()):
        return None
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text().strip() if limit.exists() else ""
    return min(machine, int(allowed)) if allowed.isdecimal() else machine
