"""Run folders and the library around them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from shutil import copytree

import pytest

from nn.config import preset
from nn.runs import folder
from nn.runs.client import send, start_trainer, wait_until
from nn.runs.folder import Library
from nn.runs.journal import append
from nn.runs.messages import Paused, Save
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


def test_where_no_run_can_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "runs").touch()
    with pytest.raises(InputError, match=r"file: is not a folder; choose another with --models"):
        Library(tmp_path / "file")
    with pytest.raises(InputError, match=r"no run can be made there \(File exists\)"):
        Library(tmp_path / "models").create_run(preset("small"))
    with pytest.raises(InputError, match=r"'.*\\udcff' has characters that cannot be shown"):
        Library(tmp_path / "\udcff").create_run(preset("small"))


def test_no_run_takes_the_id_of_another(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr(folder.secrets, "token_hex", lambda _: next(ids))
    assert library.create_run(preset("small")).id == "aaaaaa"
    assert library.create_run(preset("mlp")).id == "bbbbbb"


def test_a_run_is_found_by_id_beginning_and_latest(library: Library) -> None:
    first, second = library.create_run(preset("small")), library.create_run(preset("mlp"))
    os.utime(first.config_file, (0, 0))  # a file system's clock may stand still for both
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


def test_everything_in_a_run_is_for_its_owner_alone(library: Library) -> None:
    config = preset("small").changed({"data.limit": 100, "training.epochs": 1})
    before = os.umask(0)
    try:
        run = library.create_run(config.changed({"save_as": "mine"}))
        start_trainer(run)
        send(run, Save(name="other"))
    finally:
        os.umask(before)
    assert wait_until(lambda: not run.has_trainer(), 60)
    assert {path.name for path in run.path.iterdir()} == {
        "run.json",
        "commands.jsonl",
        "events.jsonl",
        "trainer.lock",
        "checkpoint.safetensors",
        "best.safetensors",
        "evaluation.npz",
        "trainer.log",
    }
    everything = list(library.path.rglob("*"))
    assert library.model_path("mine") in everything
    for path in everything:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_removed_run_is_gone_and_saved_models_stay(library: Library) -> None:
    kept, run = library.create_run(preset("small")), library.create_run(preset("small"))
    append(run.events_file, Paused(step=1))
    library.model_path("mine").write_bytes(b"")
    library.remove_run(run)
    assert [each.id for each in library.runs()] == [kept.id]
    assert [path.name for path in library.runs_path.iterdir()] == [kept.id]
    assert library.models() == [library.model_path("mine")]


def test_a_run_with_a_trainer_is_not_removed(library: Library) -> None:
    run = library.create_run(preset("small"))
    with run.hold(), pytest.raises(InputError, match="has a living trainer already"):
        library.remove_run(run)
    assert library.find_run(run.id).config() == run.config()


def test_a_removal_that_was_cut_short_is_finished_by_the_next(library: Library) -> None:
    first, second = library.create_run(preset("small")), library.create_run(preset("small"))
    first.path.rename(library.runs_path / f".removed-{first.id}")
    assert [each.id for each in library.runs()] == [second.id]
    library.remove_run(second)
    assert list(library.runs_path.iterdir()) == []


def test_a_link_to_another_folder_is_taken_away_and_the_folder_stays(
    library: Library, tmp_path: Path
) -> None:
    elsewhere = Library(tmp_path / "elsewhere").create_run(preset("small"))
    library.runs_path.mkdir(parents=True)
    (library.runs_path / "linked").symlink_to(elsewhere.path)
    with pytest.raises(InputError, match="cannot be removed"):
        library.remove_run(library.find_run("linked"))
    assert elsewhere.config_file.exists()


def test_folders_whose_names_no_run_can_have_are_not_listed(library: Library) -> None:
    run = library.create_run(preset("small"))
    for name in ("a\x1b[2J", ".hidden", "two words", "x" * 65):
        copytree(run.path, library.runs_path / name)
    assert [each.id for each in library.runs()] == [run.id]


def test_a_configuration_nested_without_end_is_refused(library: Library) -> None:
    run = library.create_run(preset("small"))
    run.config_file.write_text("[" * 100_000)
    with pytest.raises(InputError, match=r"run\.json: cannot be read"):
        run.config()


@pytest.mark.parametrize("name", ["con", "CON", "nul.backup", "Com1", "lpt9", "aux.safetensors"])
def test_a_model_cannot_have_the_name_of_a_device(library: Library, name: str) -> None:
    with pytest.raises(InputError, match="is a device on some systems"):
        library.model_path(name)


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/x",
        "/dev/null",
        "..",
        "",
        ".hidden",
        "a/b",
        "x" * 65,
        "a b",
        "a\n",
        "a\x1b",
        "ä",
    ],
)
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
