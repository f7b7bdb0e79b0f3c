"""A rate test in a process of its own: `python -m nn.runs.rate_process`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, TypeAdapter

from nn.config import RunConfig
from nn.data import load
from nn.rate_finder import RateTest, RateTested, RateTried, find_rate
from nn.runs.side_process import SideProcess, WorkFailed, serve, told
from nn.schema import Schema

WHAT = "the rate test"


class Wanted(Schema):
    """What a process is to do."""

    config: RunConfig
    test: RateTest


_EVENTS: TypeAdapter[RateTried | RateTested | WorkFailed] = TypeAdapter(
    Annotated[RateTried | RateTested | WorkFailed, Field(discriminator="event")]
)


class RateProcess(SideProcess[RateTried | RateTested]):
    """A process that tests rates.

    Raises:
        InputError: if the configuration cannot run.
    """

    def __init__(self, config: RunConfig, test: RateTest) -> None:
        config.check()
        wanted = Wanted(config=config, test=test)
        super().__init__("nn.runs.rate_process", WHAT, wanted, _EVENTS, RateTested)


def events(wanted: Wanted) -> Iterator[Schema]:
    """What happens in such a test, or what is wrong."""
    return told(WHAT, _test(wanted))


def _test(wanted: Wanted) -> Iterator[Schema]:
    data = wanted.config.data
    yield from find_rate(wanted.config, wanted.test, load(data.dataset, "train", data.limit))


if __name__ == "__main__":
    sys.exit(serve(lambda said: events(Wanted.model_validate_json(said))))
