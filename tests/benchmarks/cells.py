"""What a comparison found, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from contenders import ENGINE, KERAS, ORIGINAL, TORCH, TUNED
from measuring import Spread, ratios, table

What = Literal["training", "inference"]
WHATS: tuple[What, ...] = ("training", "inference")

BETTER_TORCH = "better PyTorch"
SLOW = 1.3
"""From how many times PyTorch's time on a network counts as slow."""


@dataclass(frozen=True)
class Speed:
    """Images per second in one round."""

    training: float
    inference: float

    def of(self, what: What) -> float:
        """One of the two."""
        return self.training if what == "training" else self.inference


@dataclass(frozen=True)
class Result:
    """What a contender showed: one speed a round, its first two losses, its peak memory in MB."""

    losses: list[float]
    speeds: list[Speed]
    memory: float | None

    def speed(self, what: What) -> Spread:
        """Images per second."""
        return Spread.of([speed.of(what) for speed in self.speeds])


@dataclass(frozen=True)
class Cell:
    """One network in batches of one size, with what each contender showed."""

    network: str
    batch: int
    results: dict[str, Result]

    def better_torch(self, what: What) -> str:
        """The faster of the two ways to write it in PyTorch; empty if neither was measured."""
        measured = [name for name in (TORCH, TUNED) if name in self.results]
        return max(measured, key=lambda name: self.results[name].speed(what).median, default="")

    def ratios(self, what: What) -> dict[str, Spread]:
        """How many times as fast this project is as each of the others."""
        if ENGINE not in self.results:
            return {}
        others = {BETTER_TORCH: self.better_torch(what), KERAS: KERAS, ORIGINAL: ORIGINAL}
        ours = [speed.of(what) for speed in self.results[ENGINE].speeds]
        return {
            name: ratios(ours, [speed.of(what) for speed in self.results[other].speeds])
            for name, other in others.items()
            if other in self.results
        }

    def values(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "network": self.network,
            "batch": self.batch,
            "contenders": {
                name: {"losses": result.losses, "memory": result.memory}
                | {what: result.speed(what) for what in WHATS}
                for name, result in self.results.items()
            },
            "ratios": {what: self.ratios(what) for what in WHATS},
        }


def words(cells: Sequence[Cell]) -> str:
    """Tables of speed and memory, and what is noteworthy in them."""
    parts = [table(list(_speeds(cells, what))) for what in WHATS]
    parts.append(table(list(_memories(cells))))
    return "\n\n".join([*parts, "\n".join([*_originals(cells), *_slow(cells)])])


def _names(cells: Sequence[Cell]) -> list[str]:
    """Who has columns: all but who was measured at one thing only."""
    names = dict.fromkeys(name for cell in cells for name in cell.results)
    return [name for name in names if name != ORIGINAL]


def _speeds(cells: Sequence[Cell], what: What) -> Iterator[list[str]]:
    names = _names(cells)
    others = [
        name for name in (BETTER_TORCH, KERAS) if any(name in cell.ratios(what) for cell in cells)
    ]
    yield [f"{what}, images/s", "batch", *names, *(f"times {name}" for name in others)]
    for cell in cells:
        found = cell.ratios(what)
        speeds = (f"{cell.results[name].speed(what).median:,.0f}" for name in names)
        times = (found[name].show(".2f") for name in others)
        yield [cell.network, str(cell.batch), *speeds, *times]


def _memories(cells: Sequence[Cell]) -> Iterator[list[str]]:
    names = _names(cells)
    yield ["peak memory, MB", "batch", *names]
    for cell in cells:
        peaks = (cell.results[name].memory for name in names)
        shown = ("unknown" if peak is None else f"{peak:,.0f}" for peak in peaks)
        yield [cell.network, str(cell.batch), *shown]


def _originals(cells: Sequence[Cell]) -> Iterator[str]:
    for cell in cells:
        for what in WHATS:
            if ORIGINAL in (found := cell.ratios(what)):
                yield (
                    f"{what}, {cell.network}, batch {cell.batch}: {ORIGINAL} does "
                    f"{cell.results[ORIGINAL].speed(what).show('.0f')} images/s, "
                    f"{ENGINE} {found[ORIGINAL].show('.1f')} times that"
                )


def _slow(cells: Sequence[Cell]) -> Iterator[str]:
    for what in WHATS:
        slow = [
            f"{cell.network} {cell.batch}"
            for cell in cells
            if BETTER_TORCH in (found := cell.ratios(what))
            and found[BETTER_TORCH].median < 1 / SLOW
        ]
        yield f"{what}, more than {SLOW} times PyTorch's time: {', '.join(slow) or 'none'}"
