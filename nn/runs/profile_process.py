"""Measuring in a process of its own: `python -m nn.runs.profile_process`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, TypeAdapter

from nn.config import RunConfig
from nn.profiling import Profile, ProfileAdvanced, ProfileTest, profile
from nn.runs.side_process import SideProcess, WorkFailed, serve, told
from nn.schema import Schema

WHAT = "measuring"


class Wanted(Schema):
    """What a process is to do."""

    config: RunConfig
    test: ProfileTest


_EVENTS: TypeAdapter[ProfileAdvanced | Profile | WorkFailed] = TypeAdapter(
    Annotated[ProfileAdvanced | Profile | WorkFailed, Field(discriminator="event")]
)


class ProfileProcess(SideProcess[ProfileAdvanced | Profile]):
    """A process that measures a configuration's steps.

    Raises:
        InputError: if the configuration cannot run.
    """

    def __init__(self, config: RunConfig, test: ProfileTest) -> None:
        config.check()
        wanted = Wanted(config=config, test=test)
        super().__init__("nn.runs.profile_process", WHAT, wanted, _EVENTS, Profile)


def events(wanted: Wanted) -> Iterator[Schema]:
    """What happens while measuring, or what is wrong."""
    return told(WHAT, _measure(wanted))


def _measure(wanted: Wanted) -> Iterator[Schema]:
    data = wanted.config.dataset()
    yield from profile(wanted.config, data.input_shape, len(data.class_names), wanted.test)


if __name__ == "__main__":
    sys.exit(serve(lambda said: events(Wanted.model_validate_json(said))))
