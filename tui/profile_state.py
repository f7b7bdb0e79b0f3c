"""Measuring a design's steps as it goes on."""

from __future__ import annotations

from dataclasses import dataclass

from nn.config import RunConfig
from nn.profiling import Profile, ProfileAdvanced, ProfileTest


@dataclass(eq=False)
class ProfileState:
    """One measurement of one configuration.

    `disturbed`: a run was training beside it. `problem` is a sentence where it could not be done;
    `cancelled` where a person ended it.
    """

    config: RunConfig
    test: ProfileTest
    disturbed: bool = False
    done: int = 0
    total: int = 0
    result: Profile | None = None
    problem: str = ""
    cancelled: bool = False

    @property
    def running(self) -> bool:
        """Whether more will come."""
        return self.result is None and not self.problem and not self.cancelled

    @property
    def version(self) -> tuple[int, bool, bool]:
        """Another one when there is news."""
        return self.done, self.running, self.disturbed

    def apply(self, event: ProfileAdvanced | Profile) -> None:
        """Take in what happened."""
        if isinstance(event, Profile):
            self.result = event
        else:
            self.done, self.total = event.done, event.total
