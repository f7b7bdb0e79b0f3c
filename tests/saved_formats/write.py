"""Writes a file of each format that this version saves, for later versions to read.

    python tests/saved_formats/write.py

The files go into a folder beside this script that is named by the schema version. They are written
once for each: when the schema has a new version, run this and check the new folder in; the older
ones stay as they are, and `tests/test_saved_formats.py` reads them all. `expected.json` says what a
reader must find: the model's probabilities for the first test images, and the figures with which
the run ends when it goes on from its checkpoint. The run's journals have a message of every kind.

`schema-1-first` is of the first version, `schema-1` of the one in which averages of the weights,
groups of batches, clipping and variants of the loss had come: a schema may gain fields.

`evaluation.npz` is left out: every evaluation writes it anew, and it is as large as the test set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

from nn.checkpoint import load_model
from nn.config import RunConfig, read_config
from nn.data import load
from nn.runs import messages as m
from nn.runs.client import send, wait_for_answer, wait_until
from nn.runs.folder import Library, RunFolder

HERE = Path(__file__).parent
PATIENCE = 120.0
IMAGES = 5

CONFIGURATION = """\
schema_version = 1

[data]
dataset = "mnist"
limit = 200
validation = 40

[network]
layers = [
    { kind = "conv2d", filters = 4, kernel_size = "5x3", stride = 3, activation = "silu" },
    { kind = "batch_norm", momentum = 0.8 },
    { kind = "residual", layers = [
        { kind = "conv2d", filters = 6, kernel_size = 3, stride = 2, groups = 2 },
        { kind = "leaky_relu", negative_slope = 0.1 },
    ] },
    { kind = "max_pool2d", pool_size = 3, stride = 1, padding = "same" },
    { kind = "spatial_dropout", rate = 0.1 },
    { kind = "global_avg_pool2d" },
    { kind = "layer_norm" },
    { kind = "dense", units = 10, initializer = "glorot_uniform" },
]

[training]
epochs = 1
batch_size = 20
accumulate = 2
patience = 50
learning_rate = 0.03
clip_norm = 2.0
average = 0.9
seed = 7
threads = 1

[training.schedule]
kind = "one_cycle"
rise = 0.4

[training.optimizer]
kind = "adamw"
weight_decay = 0.02

[training.loss]
label_smoothing = 0.05
class_weights = "balanced"

[training.augmentation]
shift = 1
rotate = 5
"""


def main() -> None:
    """Write the files of this version's schema."""
    target = HERE / f"schema-{RunConfig.model_fields['schema_version'].default}"
    if target.exists():
        sys.exit(f"{target} is there already: files of a schema are written once")
    with tempfile.TemporaryDirectory() as folder:
        # What is saved names files by these paths, which are those of no machine.
        os.chdir(folder)
        os.environ["PYTHONPATH"] = str(HERE.parents[1])
        library = Library(Path("saved_models"))
        library.path.mkdir()
        write_configuration(library.path)
        run = library.create_run(read_config(library.path / "configuration.toml"))
        train(run)
        leave_out = shutil.ignore_patterns("evaluation.npz", "trainer.lock")
        shutil.copytree(library.path, target, ignore=leave_out)
        (target / "expected.json").write_text(json.dumps(expected(library, run), indent=1) + "\n")


def write_configuration(folder: Path) -> None:
    """The same configuration in both languages."""
    toml = folder / "configuration.toml"
    toml.write_text(CONFIGURATION)
    as_json = read_config(toml).model_dump_json(indent=2)
    (folder / "configuration.json").write_text(as_json + "\n")


def train(run: RunFolder) -> None:
    """A run of two trainers that gets every command, and another that fails: not at its end yet."""
    trainer = start(run)
    trainer.wait(PATIENCE)
    send(run, m.Set(field="training.epochs", value=3))
    trainer = start(run)
    tell(run, m.Pause())
    for _ in range(3):
        tell(run, m.Step())
    tell(run, m.Set(field="training.learning_rate", value=0.02))
    tell(run, m.Evaluate())
    tell(run, m.Save(name="model"))
    send(run, m.Resume())
    tell(run, m.Pause())
    tell(run, m.Stop())
    trainer.wait(PATIENCE)
    fail(run)
    for journal, kinds in ((run.events(), m.Event), (run.commands(), m.Command)):
        missing = set(get_args(kinds)) - {type(message) for message in journal.read_all()}
        assert not missing, f"the journal has no {missing}"


def fail(run: RunFolder) -> None:
    """A trainer gives up on a checkpoint that is none; the true one is put back."""
    checkpoint = run.checkpoint_file.read_bytes()
    run.checkpoint_file.write_bytes(b"broken")
    start(run).wait(PATIENCE)
    run.checkpoint_file.write_bytes(checkpoint)


def start(run: RunFolder) -> subprocess.Popen[bytes]:
    """A trainer that is told no absolute path."""
    with run.log_file.open("ab") as log:
        trainer = subprocess.Popen(
            [sys.executable, "-P", "-m", "nn.runs.trainer", str(run.path)], stderr=log
        )
    assert wait_until(lambda: run.has_trainer() or trainer.poll() is not None, PATIENCE)
    return trainer


def tell(run: RunFolder, command: m.Command) -> None:
    answer = wait_for_answer(run, send(run, command), PATIENCE)
    assert answer is not None
    assert answer.error is None, answer.error


def expected(library: Library, run: RunFolder) -> dict[str, object]:
    """What a reader must find."""
    model = load_model(library.model_path("model"))
    probabilities = model.network.predict(load("mnist", "test").images[:IMAGES])
    start(run).wait(PATIENCE)
    finished = run.events().read_all()[-1]
    assert isinstance(finished, m.Finished)
    figures = ("step", "epochs", "best_epoch", "test_accuracy", "test_loss")
    return {
        "probabilities": probabilities.tolist(),
        "finished": {name: getattr(finished, name) for name in figures},
    }


if __name__ == "__main__":
    main()
