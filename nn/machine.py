"""What figures of speed depend on: the machine and the library that multiplies matrices."""

from __future__ import annotations

import platform
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
