"""Kill trainers at random instants, many of them inside the writing of a checkpoint.

    python tests/nn/runs/kills.py --count 200

After each kill the run must count as lost within two seconds, everything in its folder must be
readable, and a new trainer goes on from there. A run that so reaches its end must equal, bit for
bit, one that was never disturbed.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from safetensors.numpy import load_file

from nn.checkpoint import load_checkpoint, load_model
from nn.config import RunConfig, preset
from nn.files import DRAFT_SUFFIX
from nn.runs import client
from nn.runs.client import follow, start_trainer, wait_until
from nn.runs.folder import Library, RunFolder
from nn.runs.messages import Finished
from tui.state import Phase, run_row

CONFIG: RunConfig = preset("small").changed(
    {
        "data.limit": 600,
        "training.batch_size": 20,
        "training.epochs": 6,
        "training.threads": 1,
        "training.checkpoint_seconds": 0.001,
    }
)
LONGEST_LIFE = 1.5
"""Seconds from a trainer's start within which it is killed."""

LOST_WITHIN = 2.0
"""Seconds after a kill within which the run must be shown as lost."""


@dataclass
class Outcome:
    """What was killed: how many trainers, with which drafts in the folder, in how many runs."""

    kills: int = 0
    drafts: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    slowest: float = 0.0


def kill_often(
    library: Library, count: int, seed: int, lost_within: float = LOST_WITHIN
) -> Outcome:
    """Kill so many trainers, checking each time.

    Raises:
        AssertionError: if something is not as it has to be.
    """
    luck = random.Random(seed)
    whole = library.create_run(CONFIG)
    start_trainer(whole)
    _to_the_end(whole)
    outcome = Outcome()
    while outcome.kills < count:
        run = library.create_run(CONFIG)
        while outcome.kills < count and not _ended(run):
            start_trainer(run)
            if _kill_at_some_instant(run, luck):
                _require_lost(run, outcome, lost_within)
                require_readable(run)
        if not _ended(run):
            start_trainer(run)
        _to_the_end(run)
        require_same(run, whole)
        outcome.runs += 1
    return outcome


def _kill_at_some_instant(run: RunFolder, luck: random.Random) -> bool:
    """At once where a file is seen being written, or whatever happens at a random moment.

    Whether it was killed: it may have come to the end of the run before.
    """
    trainer = client._children[-1]
    for_a_draft = luck.random() < 0.5
    instant = time.monotonic() + luck.uniform(0, LONGEST_LIFE)
    patience = LONGEST_LIFE if for_a_draft else 0.0
    while time.monotonic() < instant + patience and trainer.poll() is None:
        if for_a_draft and time.monotonic() > instant and _drafts(run):
            break
    trainer.kill()
    code = trainer.wait()
    assert code in (0, -signal.SIGKILL), run.log_file.read_text()
    return code != 0


def _drafts(run: RunFolder) -> list[str]:
    return [path.name for path in run.path.iterdir() if path.suffix == DRAFT_SUFFIX]


def _require_lost(run: RunFolder, outcome: Outcome, lost_within: float) -> None:
    killed = time.monotonic()
    assert wait_until(lambda: not run_row(run).phase.alive, lost_within), "it is shown as living"
    outcome.slowest = max(outcome.slowest, time.monotonic() - killed)
    outcome.kills += 1
    outcome.drafts.update(name.split(".")[1] for name in _drafts(run))
    assert run_row(run).phase is (Phase.FINISHED if _ended(run) else Phase.LOST)


def require_readable(run: RunFolder) -> None:
    """Everything in a run's folder can be read; of its journal at most torn lines are missing."""
    run.config()
    for journal in (run.events(), run.commands()):
        journal.read_all()
        assert all(warning.endswith("is broken; it was skipped") for warning in journal.warnings)
    if run.checkpoint_file.exists():
        load_checkpoint(run.checkpoint_file)
    if run.best_file.exists():
        load_model(run.best_file)
    if run.evaluation_file.exists():
        with np.load(run.evaluation_file) as answers:
            assert answers["probabilities"].shape == (10_000, 10)


def require_same(run: RunFolder, whole: RunFolder) -> None:
    """Two runs have ended with the same bits."""
    for ours, theirs in (
        (run.checkpoint_file, whole.checkpoint_file),
        (run.best_file, whole.best_file),
    ):
        a, b = load_file(ours), load_file(theirs)
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[name], b[name]) for name in a), ours
    positions = [load_checkpoint(each.checkpoint_file)[0].position for each in (run, whole)]
    assert positions[0] == positions[1]
    done, expected = _finished(run), _finished(whole)
    assert (done.test_accuracy, done.test_loss) == (expected.test_accuracy, expected.test_loss)


def _finished(run: RunFolder) -> Finished:
    (*_, done) = (event for event in run.events().read_all() if isinstance(event, Finished))
    return done


def _ended(run: RunFolder) -> bool:
    return run_row(run).phase is Phase.FINISHED


def _to_the_end(run: RunFolder) -> None:
    for _ in follow(run, run.events()):
        pass
    assert _ended(run), run.log_file.read_text()


def main() -> None:
    """Kill as many as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="how many trainers are killed")
    parser.add_argument("--seed", type=int, default=0, help="what the instants grow from")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="cnn-tui-kills-") as folder:
        outcome = kill_often(Library(Path(folder)), options.count, options.seed)
    drafts = ", ".join(f"{count} of {name}" for name, count in sorted(outcome.drafts.items()))
    print(
        f"{outcome.kills} of {options.count} kills survived, in {outcome.runs} runs that ended "
        f"with the bits of an undisturbed one; files half written: {drafts or 'none'}; "
        f"shown as lost within {outcome.slowest:.2f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
