"""Run folders and the library around them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from nn.config import preset
from nn.runs.folder import Library
from nn.schema import InputError


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "saved_models")


def test_a_new_run_keeps_its_configuration_for_its_owner_alone(library: Library) -> None:
    config = preset("small")
    run = library.create_run(config)
    assert run.config().network == config.network
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(run.config_file.stat().st_mode) == 0o600


def test_the_number_of_threads_is_settled_when_the_run_is_made(library: Library) -> None:
    assert (library.create_run(preset("small")).config().training.threads or 0) >= 1


def test_a_network_that_cannot_run_leaves_no_folder(library: Library) -> None:
    config = preset("small").changed({"network.layers.9.units": 7})
    with pytest.raises(InputError, match="10 units"):
        library.create_run(config)
    assert not library.runs_path.exists()


def test_a_run_is_found_by_id_beginning_and_latest(library: Library) -> None:
    first, second = library.create_run(preset("small")), library.create_run(preset("mlp"))
    assert library.find_run(first.id).id == first.id
    assert library.find_run("latest").id == second.id
    beginning = next(first.id[:n] for n in range(1, 7) if not second.id.startswith(first.id[:n]))
    assert library.find_run(beginning).id == first.id


def test_an_unknown_run_is_refused_with_those_that_there_are(library: Library) -> None:
    with pytest.raises(InputError, match="there are none"):
        library.find_run("latest")
    run = library.create_run(preset("small"))
    with pytest.raises(InputError, match=f"'zzz' is not known; give one of {run.id}"):
        library.find_run("zzz")
    with pytest.raises(InputError, match="not known"):
        library.find_run("")


def test_only_one_can_hold_a_run(library: Library) -> None:
    run = library.create_run(preset("small"))
    assert not run.has_trainer()
    with run.hold():
        assert run.has_trainer()
        with pytest.raises(InputError, match="has a living trainer already"), run.hold(0.05):
            pass
    assert not run.has_trainer()


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", ".hidden", "a/b", "x" * 65, "a b", "a\n"])
def test_a_model_name_cannot_leave_the_library(library: Library, name: str) -> None:
    with pytest.raises(InputError, match="will not do"):
        library.model_path(name)


def test_a_model_is_found_by_name_and_by_path(library: Library) -> None:
    library.path.mkdir()
    file = library.model_path("mine")
    file.write_bytes(b"")
    assert library.find_model("mine") == file
    assert library.find_model("mine.safetensors") == file
    assert library.find_model(str(file)) == file
    with pytest.raises(InputError, match="'other' is not known; saved models: mine"):
        library.find_model("other")
    with pytest.raises(InputError, match="there is no file"):
        library.find_model("some/where.safetensors")
