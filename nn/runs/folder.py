"""A run's folder: what is in it, and who holds it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from filelock import FileLock, Timeout
from pydantic_core import from_json

from nn.checkpoint import MODEL_SUFFIX
from nn.config import RunConfig
from nn.files import write_atomically
from nn.names import check_model_name, is_model_name, is_name
from nn.processors import processors
from nn.runs.journal import Journal
from nn.runs.messages import COMMANDS, EVENTS, Command, Event
from nn.schema import InputError, show

_REMOVED = ".removed-"
"""How the name of a run's folder begins while it is being removed."""


class RunFolder:
    """The files of one run, by what they are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.config_file = path / "run.json"
        self.events_file = path / "events.jsonl"
        self.commands_file = path / "commands.jsonl"
        self.lock_file = path / "trainer.lock"
        self.checkpoint_file = path / "checkpoint.safetensors"
        self.best_file = path / "best.safetensors"
        self.evaluation_file = path / "evaluation.npz"
        self.log_file = path / "trainer.log"

    def config(self) -> RunConfig:
        """The configuration that the run was started with.

        Raises:
            InputError: if it is missing or broken.
        """
        try:
            values = from_json(self.config_file.read_bytes())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(f"{self.config_file}: cannot be read ({reason})") from None
        return RunConfig.parse(values, f"{self.config_file}: ")

    def events(self, sample: int | None = None) -> Journal[Event]:
        """A reader of what happened, from the beginning.

        `sample` is how much of mere progress it parses in what is there already: see `Journal`.
        """
        return Journal(self.events_file, EVENTS, sample)

    def commands(self) -> Journal[Command]:
        """A reader of what was wanted, from the beginning."""
        return Journal(self.commands_file, COMMANDS)

    def has_trainer(self) -> bool:
        """Whether a trainer lives. The operating system drops its lock at its death."""
        if not self.lock_file.exists():
            return False
        try:
            with self._lock().acquire(blocking=False):
                return False
        except Timeout:
            return True

    @contextmanager
    def hold(self, patience: float = 2.0) -> Iterator[None]:
        """Be the run's only trainer for a while.

        Raises:
            InputError: if another trainer lives; somebody who only looks holds the lock for an
                instant, so it is tried for `patience` seconds.
        """
        try:
            with self._lock().acquire(timeout=patience, poll_interval=0.01):
                yield
        except Timeout:
            raise InputError(f"run {self.id}: has a living trainer already") from None

    def _lock(self) -> FileLock:
        return FileLock(self.lock_file, mode=0o600)


class Library:
    """The folder of saved models, with the runs below it; both are made when they are needed.

    Raises:
        InputError: if something else is in its place, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        if os.path.exists(path) and not path.is_dir():  # noqa: PTH110 (never raises, as Path does)
            raise InputError(f"{path}: is not a folder; choose another with --models")
        self.path = path
        self.runs_path = path / "runs"
        for folder in (self.path, self.runs_path):
            if os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK):  # noqa: PTH112
                raise InputError(f"{folder}: you may not read it; choose another with --models")

    def create_run(self, config: RunConfig) -> RunFolder:
        """A new run's folder with its configuration; no trainer yet.

        Raises:
            InputError: if the configuration cannot run or the folder cannot be made.
        """
        config.check()
        if not str(self.path).isprintable():
            raise InputError(
                f"{str(self.path)!r} has characters that cannot be shown; "
                "choose another folder with --models"
            )
        if config.training.threads is None:
            config = config.changed({"training.threads": processors()})
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.runs_path.mkdir(mode=0o700, exist_ok=True)
            folder = self._new_folder()
            write_atomically(folder.config_file, config.model_dump_json(indent=2).encode())
        except OSError as error:
            raise InputError(
                f"{self.runs_path}: no run can be made there ({error.strerror}); "
                "choose another folder with --models"
            ) from None
        return folder

    def _new_folder(self) -> RunFolder:
        """An empty one whose id no other run has."""
        while True:
            folder = RunFolder(self.runs_path / secrets.token_hex(3))
            with suppress(FileExistsError):
                folder.path.mkdir(mode=0o700)
                return folder

    def runs(self) -> list[RunFolder]:
        """All runs, the newest first."""
        found = []
        for file in self.runs_path.glob("*/run.json"):
            if is_name(file.parent.name):
                with suppress(FileNotFoundError):
                    found.append((file.stat().st_mtime_ns, file.parent))
        return [RunFolder(path) for _, path in sorted(found, reverse=True)]

    def remove_run(self, run: RunFolder) -> None:
        """Remove a run's folder with all that is in it; models saved under a name stay.

        Whoever looks sees the whole run or none: one whose removal was cut short is not listed,
        and the next removal finishes it.

        Raises:
            InputError: if a trainer is at work on it or it cannot be removed.
        """
        removed = self.runs_path / f"{_REMOVED}{run.id}"
        try:
            with run.hold():
                run.path.rename(removed)
            for folder in self.runs_path.glob(f"{_REMOVED}*"):
                rmtree(folder)
        except OSError as error:
            raise InputError(f"run {run.id}: cannot be removed ({error.strerror})") from None

    def find_run(self, wanted: str) -> RunFolder:
        """The run of that id, of that unique beginning of an id, or `latest`.

        Raises:
            InputError: if there is none, or more than one.
        """
        runs = self.runs()
        if not runs:
            raise InputError(f"run: there are none in {self.runs_path}; start one first")
        if wanted == "latest":
            return runs[0]
        matching = [run for run in runs if run.id.startswith(wanted)] if wanted else []
        exact = [run for run in matching if run.id == wanted]
        if len(exact or matching) == 1:
            return (exact or matching)[0]
        known = ", ".join(run.id for run in (matching or runs)[:6])
        if matching:
            raise InputError(f"run: {show(wanted)} could be each of {known}; give more of the id")
        raise InputError(f"run: {show(wanted)} is not known; give one of {known}, or latest")

    def models(self) -> list[Path]:
        """The files of all saved models, by name."""
        return sorted(p for p in self.path.glob(f"*{MODEL_SUFFIX}") if p.stem.isprintable())

    def model_path(self, name: str) -> Path:
        """Where a model of that name is, or will be.

        Raises:
            InputError: if that is no name.
        """
        try:
            check_model_name(name)
        except InputError as error:
            raise InputError(f"name: {error}") from None
        return self.path / f"{name.removesuffix(MODEL_SUFFIX)}{MODEL_SUFFIX}"

    def find_model(self, wanted: str) -> Path:
        """The file of a model, given its path or its name.

        Raises:
            InputError: if there is none.
        """
        path = Path(wanted)
        exists = os.path.exists(wanted)  # noqa: PTH110 (never raises, as Path does)
        if exists or os.sep in wanted or wanted.endswith(MODEL_SUFFIX):
            if not exists and path.name == wanted and (self.path / wanted).exists():
                return self.path / wanted
            if not exists:
                raise InputError(f"model: there is no file {wanted}; `cnn-tui models` lists them")
            return path
        if is_model_name(wanted) and self.model_path(wanted).exists():
            return self.model_path(wanted)
        names = ", ".join(file.stem for file in self.models()[:6]) or "none yet"
        raise InputError(f"model: {show(wanted)} is not known; saved models: {names}")
