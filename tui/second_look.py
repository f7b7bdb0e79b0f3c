"""What is known of mistakes beyond the network's own answer, and what is still to be found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nn.runs.second_look_process import (
    ModelAsked,
    Neighbour,
    NeighboursFound,
    SecondLookEvent,
    Wanted,
)
from nn.types import Integers

NEIGHBOURS = 8
MOST_AT_ONCE = 16
MOST_BYTES = 1 << 21
"""So many bytes of neighbours are sent at once, at most."""

MOST_KEPT = 500
"""Images of which something is remembered."""


@dataclass(frozen=True)
class Opinion:
    """What another saved model says of an image; with a `problem`, it says nothing.

    `true` is the probability of the true class, None for a model of other classes.
    """

    model: str
    called: str = ""
    probability: float = 0.0
    true: float | None = None
    problem: str = ""


@dataclass(frozen=True)
class Place:
    """Where to look: a dataset, as far as it was learned from, and models with their versions."""

    dataset: str
    limit: int | None
    models: tuple[tuple[Path, int], ...] = ()


@dataclass
class Found:
    """What came of it for one image so far."""

    opinions: list[Opinion] = field(default_factory=list)
    neighbours: tuple[Neighbour, ...] | None = None
    done: bool = False


@dataclass(eq=False)
class SecondLook:
    """Which images somebody wants to know more of, and what was found out.

    `news` counts up with everything that was. `problem` says why the last look was given up.
    """

    place: Place | None = None
    wanted: tuple[int, ...] = ()
    looking: tuple[int, ...] = ()
    found: dict[int, Found] = field(default_factory=dict)
    news: int = 0
    problem: str = ""

    def want(self, indices: Integers, place: int, image_bytes: int) -> None:
        """Somebody looks at one of the images, and then perhaps at those behind it."""
        at_once = min(max(MOST_BYTES // max(NEIGHBOURS * image_bytes, 1), 1), MOST_AT_ONCE)
        self.wanted = tuple(indices[place : place + at_once].tolist())
        self.problem = ""

    def of(self, index: int) -> Found:
        """What is known of an image."""
        return self.found.get(index, Found())

    def turn_to(self, place: Place) -> None:
        """Look there from now on; what was found elsewhere is forgotten."""
        if place != self.place:
            self.place, self.found = place, {}

    def next(self) -> Wanted | None:
        """What to find out next; None if nothing is, or if it failed before."""
        if self.place is None or not self.wanted or self.problem:
            return None
        if self.of(self.wanted[0]).done:
            return None
        self.looking = tuple(index for index in self.wanted if not self.of(index).done)
        while self.found and len(self.found) + len(self.looking) > MOST_KEPT:
            del self.found[next(iter(self.found))]
        self.found.update({index: Found() for index in self.looking})
        return Wanted(
            dataset=self.place.dataset,
            limit=self.place.limit,
            indices=self.looking,
            models=tuple(path for path, _ in self.place.models),
            neighbours=NEIGHBOURS,
        )

    @property
    def is_elsewhere(self) -> bool:
        """Whether what is found out just now is not what is wanted."""
        wanted = self.wanted[:1]
        return bool(wanted) and not self.of(wanted[0]).done and wanted[0] not in self.looking

    def apply(self, event: SecondLookEvent, labels: Integers, class_names: Sequence[str]) -> None:
        """Take in what was found out of the images that are looked at."""
        match event:
            case ModelAsked():
                for row, index in enumerate(self.looking):
                    opinion = opinion_of(event, row, class_names[int(labels[index])], class_names)
                    self.found[index].opinions.append(opinion)
            case NeighboursFound():
                for index, neighbours in zip(self.looking, event.neighbours, strict=True):
                    self.found[index].neighbours = neighbours
                    self.found[index].done = True
        self.news += 1

    def fail(self, problem: str) -> None:
        """The look was given up."""
        self.problem = problem
        self.news += 1


def opinion_of(asked: ModelAsked, row: int, true: str, class_names: Sequence[str]) -> Opinion:
    """A model's opinion of one of the images that it was asked about."""
    name = asked.path.stem
    if asked.problem:
        return Opinion(name, problem=" ".join(asked.problem.split()))
    shares: Mapping[str, float] = dict(
        zip(asked.class_names, asked.probabilities[row], strict=True)
    )
    called = max(shares, key=shares.__getitem__)
    same = set(asked.class_names) == set(class_names)
    return Opinion(name, called, shares[called], shares[true] if same else None)
