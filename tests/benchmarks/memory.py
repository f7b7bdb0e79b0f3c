"""The peak memory of the real trainer on the default run, and of PyTorch with the same network.

The trainer learns all of MNIST for some seconds, saves a model, which tests it on all test images,
and pauses, which writes a checkpoint. PyTorch learns for as long, at most 20 seconds, and
classifies some.
"""

from __future__ import annotations

import time

from contenders import BATCH, TORCH, available, worker
from measuring import at_least_one, facts, parser, peak_memory, report, run, table, tell
from trainers import first_event, obey, trainer

from nn.config import preset
from nn.presets import DEFAULT
from nn.processors import processors
from nn.runs import messages as m
from nn.runs.folder import RunFolder

ENOUGH_SECONDS = 20
"""Long before that, the memory that steps take has stopped growing."""


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--seconds", type=at_least_one, default=60, help="how long to train")
    arguments.add_argument("--threads", type=at_least_one, default=processors(), help="for each")
    options = arguments.parse_args()
    machine = facts()
    with trainer(preset(DEFAULT).changed({"training.threads": options.threads})) as folder:
        ours, steps = measure_trainer(folder, options.seconds)
    results: dict[str, float] = {f"trainer: {what}": peak for what, peak in ours.items()}
    total = ours["paused"]
    rows = [["peak memory so far", "MB"], *([name, f"{mb:.0f}"] for name, mb in results.items())]
    words = f"steps taken by the trainer: {steps:,}"
    if TORCH in available():
        theirs = measure_torch(min(options.seconds, ENOUGH_SECONDS), options.threads)
        results |= {TORCH: theirs, f"trainer / {TORCH}": total / theirs}
        rows.append([TORCH, f"{theirs:.0f}"])
        words += f"\nthe trainer takes {total / theirs:.2f} times as much as {TORCH}"
    else:
        words += "\nPyTorch is not installed: not compared"
    report(options, machine, results, f"{table(rows)}\n\n{words}")


def measure_trainer(folder: RunFolder, seconds: float) -> tuple[dict[str, float], int]:
    """Peaks in MB after each thing that a trainer does, and the steps that it took."""
    process = first_event(folder, m.Started).process
    peaks = {"first steps": peak_memory(process)}
    tell(f"training for {seconds} seconds")
    time.sleep(seconds)
    peaks["trained"] = peak_memory(process)
    tell("saving")
    obey(folder, m.Save(name="benchmark"))
    peaks["tested and saved"] = peak_memory(process)
    obey(folder, m.Pause())
    peaks["paused"] = peak_memory(process)
    tell("")
    return peaks, first_event(folder, m.Paused).step


def measure_torch(seconds: float, threads: int) -> float:
    """The peak in MB."""
    tell(TORCH)
    with worker(TORCH, DEFAULT, BATCH, threads) as each:
        each.ask("check")
        each.ask(f"learn {seconds}")
        each.ask("predict 0")
        peak: float = each.ask("memory")
    tell("")
    return peak


if __name__ == "__main__":
    run(main)
