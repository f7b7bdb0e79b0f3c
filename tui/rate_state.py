"""A learning rate test as it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field

from nn.config import RunConfig
from nn.rate_finder import RateTest, RateTested, RateTried


@dataclass(eq=False)
class RateState:
    """One test of one configuration.

    `problem` is a sentence where it could not be done; `cancelled` where a person ended it.
    """

    config: RunConfig
    test: RateTest
    tried: list[RateTried] = field(default_factory=list)
    result: RateTested | None = None
    problem: str = ""
    cancelled: bool = False

    @property
    def running(self) -> bool:
        """Whether more will come."""
        return self.result is None and not self.problem and not self.cancelled

    @property
    def suggestion(self) -> float | None:
        """The rate that was found, if one was."""
        return None if self.result is None else self.result.suggestion

    @property
    def version(self) -> tuple[int, bool]:
        """Another one when there is news."""
        return len(self.tried), self.running

    def apply(self, event: RateTried | RateTested) -> None:
        """Take in what happened."""
        if isinstance(event, RateTested):
            self.result = event
        else:
            self.tried.append(event)
