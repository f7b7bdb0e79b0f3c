"""What a trainer does on a disk that is really full.

    python tests/nn/runs/full_disk.py FOLDER

The folder is the root of a small file system, which is filled and emptied again.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from nn.checkpoint import load_checkpoint, load_model
from nn.config import RunConfig, preset
from nn.runs import messages as m
from nn.runs.client import send, start_trainer, wait_for_answer, wait_until
from nn.runs.folder import Library, RunFolder
from nn.schema import InputError

PATIENCE = 60.0
FULL = "No space left on device"
CONFIG: RunConfig = preset("small").changed(
    {"data.limit": 500, "training.batch_size": 20, "training.threads": 1, "training.epochs": 10_000}
)


def main(folder: Path) -> None:
    """Fill the disk while a run is paused, then while it trains; make room, and let it go on."""
    library = Library(folder / "saved_models")
    run = library.create_run(CONFIG)
    start_trainer(run)
    assert wait_until(lambda: _has(run, m.EpochFinished), PATIENCE)
    assert wait_for_answer(run, send(run, m.Pause()), PATIENCE) is not None
    before = load_checkpoint(run.checkpoint_file)[0].position
    filler = folder / "filler"
    _fill(filler)
    with pytest.raises(InputError, match=rf"no run can be made there \({FULL}\)"):
        library.create_run(CONFIG)
    filler.unlink()
    send(run, m.Resume())
    _fill(filler)
    assert wait_until(lambda: not run.has_trainer(), PATIENCE), "it trains on"
    _require_told(run)
    assert not list(run.path.glob(".*.tmp"))
    kept = load_checkpoint(run.checkpoint_file)[0].position
    assert kept["step"] >= before["step"]
    load_model(run.best_file)
    filler.unlink()
    start_trainer(run)
    assert wait_for_answer(run, send(run, m.Stop()), PATIENCE) is not None
    *_, started = (event for event in run.events().read_all() if isinstance(event, m.Started))
    assert started.step == kept["step"]
    assert wait_until(lambda: not run.has_trainer(), PATIENCE)


def _has(run: RunFolder, kind: type[m.Event]) -> bool:
    return any(isinstance(event, kind) for event in run.events().read_all())


def _fill(path: Path) -> None:
    """Write until nothing fits any more."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 10, 1):
            with pytest.raises(OSError, match=FULL):
                file.writelines(itertools.repeat(bytes(size)))


def _require_told(run: RunFolder) -> None:
    (*_, failed) = run.events().read_all()
    assert isinstance(failed, m.Failed), failed
    assert failed.kind == "disk"
    remedy = f"make room, then `cnn-tui resume {run.id}` goes on from the last checkpoint"
    assert failed.message.endswith(f": {FULL}; {remedy}"), failed.message


if __name__ == "__main__":
    main(Path(sys.argv[1]))
