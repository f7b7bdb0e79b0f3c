"""What advice consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nn.config import is_live
from nn.runs.advice.facts import Facts

Sureness = Literal["very likely", "likely", "perhaps"]


@dataclass(frozen=True)
class Try:
    """Something to try: in words, and the fields that it changes, with their values.

    `changes` is what `RunConfig.changed` takes; empty where nothing of the configuration changes.
    """

    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether all of it can be changed while the run trains."""
        return bool(self.changes) and all(map(is_live, self.changes))


@dataclass(frozen=True)
class Remark:
    """Something about a run that is worth knowing.

    `kind` is the name of the check that found it. `evidence` are the figures that it rests on, and
    `because` says why they make it as sure as `sure` says.
    """

    kind: str
    title: str
    evidence: str
    sure: Sureness
    because: str
    tries: tuple[Try, ...]


@dataclass(frozen=True)
class Check:
    """Something to look for.

    `waits_for` says in a few words what is missing before anything can be told; empty if nothing
    is. `look` gives a remark, or None where there is nothing to remark.
    """

    name: str
    waits_for: Callable[[Facts], str]
    look: Callable[[Facts], Remark | None]


@dataclass(frozen=True)
class Advice:
    """What there is to say about a run.

    `passed` are the names of what was looked for and not found, `waiting` of what cannot be told
    yet, each with what is missing.
    """

    remarks: tuple[Remark, ...]
    passed: tuple[str, ...]
    waiting: Mapping[str, str]

    @property
    def silence(self) -> str:
        """Why there is nothing to remark; empty if there is something."""
        if self.remarks:
            return ""
        if not self.passed:
            return "Too early to tell: nothing has been measured yet."
        found = f"Nothing to remark: no sign of {_listed(self.passed)}."
        return f"Not everything can be told. {found}" if self.waiting else f"All well. {found}"


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
