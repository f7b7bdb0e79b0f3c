"""Measuring beside the dashboard; what all such processes do is tested with the rate test's."""

from __future__ import annotations

import pytest

from nn.config import RunConfig
from nn.profiling import Profile, ProfileAdvanced, ProfileTest
from nn.runs import profile_process
from nn.runs.profile_process import ProfileProcess, Wanted
from nn.runs.side_process import WorkFailed
from nn.schema import InputError


def test_it_says_how_far_it_is_and_then_what_it_found(tiny: RunConfig) -> None:
    with ProfileProcess(tiny, ProfileTest(steps=1)) as process:
        *advanced, found = process.events()
    assert isinstance(found, Profile)
    assert (found.batch_size, found.threads, found.steps) == (20, 1, 1)
    assert found.parts[1].layers == ("1.conv2d", "3.max_pool2d", "2.relu")
    total = len(advanced)
    assert advanced == [ProfileAdvanced(done=k, total=total) for k in range(1, total + 1)]


def test_a_configuration_that_cannot_run_starts_nothing(tiny: RunConfig) -> None:
    wrong = tiny.changed({"network.layers.9.units": 9})
    with pytest.raises(InputError, match="end with a dense layer of 10 units"):
        ProfileProcess(wrong, ProfileTest())


def test_what_goes_wrong_is_a_sentence(tiny: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(profile_process, "profile", fail)
    (event,) = profile_process.events(Wanted(config=tiny, test=ProfileTest()))
    message = "there is not enough memory; use a smaller batch or network"
    assert event == WorkFailed(kind="memory", message=message)
