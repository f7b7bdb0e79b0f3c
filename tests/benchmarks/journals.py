"""How long the dashboard takes to open a run of a million batches, and how much memory.

Two journals: of a fast network, whose batches come twenty a line, and of a slow one, with a line
for each. For each a new process opens the run as the dashboard does, and lists it as
`cnn-tui runs` does; memory is the most that it has in use then, and before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from measuring import at_least_one, facts, parser, report, run, table
from trainers import library

from nn.config import preset
from nn.runs.folder import RunFolder
from nn.runs.messages import (
    BatchesFinished,
    Checkpointed,
    EpochFinished,
    Started,
    to_line,
)

EPOCH = 1000
LINES = {"20 batches a line": 20, "1 batch a line": 1}
OPEN = """\
import json, sys, time
from pathlib import Path
from measuring import peak_memory
from nn.runs.folder import RunFolder
from tui.session import Session
from tui.state import run_row
import os
run, before = RunFolder(Path(sys.argv[1])), peak_memory(os.getpid())
begun, worked = time.perf_counter(), time.process_time()
session = Session()
session.follow(run, run.config())
while session.read(0.02):
    pass
opened = time.perf_counter() - begun, time.process_time() - worked
begun, worked = time.perf_counter(), time.process_time()
row = run_row(run)
listed = time.perf_counter() - begun, time.process_time() - worked
assert session.run.step == int(sys.argv[2]) and row.best_accuracy == 0.5
print(json.dumps([*opened, *listed, before, peak_memory(os.getpid())]))
"""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument(
        "--batches", type=at_least_one, default=1_000_000, help="how many the run has learned from"
    )
    options = arguments.parse_args()
    machine = facts()
    results = {}
    titles = (
        "megabytes",
        "opened, s",
        "of it CPU",
        "listed, s",
        "of it CPU",
        "MB before",
        "MB after",
    )
    rows = [["journal", *titles]]
    for name, together in LINES.items():
        with library() as models:
            folder = models.create_run(preset("small").changed({"training.epochs": 2000}))
            write(folder, options.batches, together)
            size = folder.events_file.stat().st_size / 1e6
            figures = measure(folder, options.batches // together * together)
        results[name] = [size, *figures]
        rows.append([name, f"{size:.0f}", *(f"{figure:.2f}" for figure in figures)])
    report(options, machine, results, table(rows))


def write(folder: RunFolder, batches: int, together: int) -> None:
    """A journal as a trainer writes it, with some epochs and checkpoints in between."""
    started = Started(
        step=0,
        process=1,
        threads=1,
        train_count=100_000,
        validation_count=0,
        test_count=1000,
        batches_per_epoch=EPOCH,
    )
    with folder.events_file.open("wb") as file:
        file.write(to_line(started))
        for step in range(together, batches + 1, together):
            event = BatchesFinished(
                step=step,
                epoch=step // EPOCH,
                losses=tuple(2000 / (1000 + step - back) for back in range(together)),
                accuracies=(0.8984375,) * together,
                learning_rate=0.001,
                images_per_second=1234.56789,
            )
            file.write(to_line(event))
            if step % EPOCH == 0:
                epoch = EpochFinished(
                    epoch=step // EPOCH,
                    step=step,
                    train_loss=1.0,
                    train_accuracy=0.5,
                    validation_loss=None,
                    validation_accuracy=None,
                    test_loss=1.0,
                    test_accuracy=0.5,
                    best=True,
                    elapsed=float(step),
                )
                file.write(to_line(epoch) + to_line(Checkpointed(step=step, elapsed=float(step))))


def measure(folder: RunFolder, step: int) -> list[float]:
    """What a new process says about opening and listing a run."""
    command = [sys.executable, "-c", OPEN, str(folder.path), str(step)]
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    figures: list[float] = json.loads(told.stdout)
    return figures


if __name__ == "__main__":
    run(main)
