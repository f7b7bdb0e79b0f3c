"""What the benchmarks share: facts about the machine, fair repetition, and tables."""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from nn.machine import blas_name, processor_name
from nn.processors import processors

PACKAGES = ("cnn-tui", "numpy", "textual", "torch", "keras", "tensorflow", "tensorflow-cpu")

T = TypeVar("T")


@dataclass(frozen=True)
class Spread:
    """The middle of some measurements, and the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return Spread(median(values), min(values), max(values))

    def show(self, form: str) -> str:
        """As in `2.10 (2.05..2.31)`, each number in that format."""
        return f"{self.median:{form}} ({self.least:{form}}..{self.greatest:{form}})"


def ratios(above: Sequence[float], below: Sequence[float]) -> Spread:
    """The spread of the ratios of what was measured in the same round."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


REST = 0.5
"""Seconds; OpenMP's threads wait busily for 0.2 of them."""


def alternate(
    rounds: int, measures: Mapping[str, Callable[[], T]], what: str = ""
) -> dict[str, list[T]]:
    """Measure each thing once a round, in turn, so that a slow minute hits all of them.

    Threads of the one before may still wait busily for more work: they are given time to rest.
    """
    results: dict[str, list[T]] = {name: [] for name in measures}
    for number in range(1, rounds + 1):
        for name, measure in measures.items():
            tell(f"{what} round {number} of {rounds}: {name}".strip())
            time.sleep(REST)
            results[name].append(measure())
    tell("")
    return results


def tell(progress: str) -> None:
    """Say on a terminal's error stream what is under way; each call replaces the last."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress}", end="", file=sys.stderr, flush=True)


def facts() -> dict[str, str]:
    """The machine and the versions that figures depend on."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return {
        "processor": f"{processor_name()}, {processors()} usable",
        "load": f"{load} (1, 5, 15 minutes, before measuring)",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "BLAS": blas_name(),
        "Python": platform.python_version(),
        **{package: found for package in PACKAGES if (found := installed(package))},
    }


def installed(package: str) -> str | None:
    """A package's version, if it is there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def peak_memory(process: int) -> float:
    """The most memory that a living process ever had in use, in MB of 10^6 bytes.

    From Linux's VmHWM; other systems have no such record of one process.
    """
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        sys.exit(f"{status}: does not exist; memory is measured on Linux, in a living process")
    for line in status.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    sys.exit(f"{status}: says nothing of VmHWM")


def processor_seconds(process: int) -> float:
    """The time on processors that a living process has taken, of all its threads; on Linux."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        sys.exit(f"{stat}: does not exist; this is measured on Linux, in a living process")
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells, the first row being the heads: words to the left, the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])


def report(
    options: Namespace, machine: Mapping[str, str], results: Mapping[str, Any], words: str
) -> None:
    """Print the results as JSON where that was asked for, and else the facts and the words."""
    if options.json:
        values = {"machine": machine, "options": vars(options), "results": results}
        print(json.dumps(values, indent=2, default=asdict))
        return
    width = max(map(len, machine))
    print("\n".join(f"{name:<{width}}  {value}" for name, value in machine.items()))
    print(f"\n{words}")


def parser(description: str | None) -> ArgumentParser:
    """A parser with the options of every benchmark."""
    made = ArgumentParser(description=(description or "").strip().partition("\n\n")[0])
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return made


def at_least_one(text: str) -> int:
    """A count from the command line."""
    if (value := int(text)) < 1:
        raise ValueError
    return value


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; being ended unwinds it, so that all it started ends with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
