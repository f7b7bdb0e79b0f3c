"""The command as a script meets it: output, exit codes, sentences for wrong input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.config import preset
from nn.data import load
from nn.runs import messages as m
from nn.runs.client import send, wait_until
from nn.runs.folder import Library
from tui.commands.train import Wish

PATIENCE = 60.0
TINY = ["--preset", "small", "--limit", "500", "--batch-size", "20", "--threads", "1"]

Command = Callable[..., subprocess.CompletedProcess[str]]


def arguments(models: Path, *words: object) -> list[str]:
    command, *rest = map(str, words)
    line = [sys.executable, "-P", "-m", "tui.cli", command]
    return [*line, *rest] if command == "--help" else [*line, "--models", str(models), *rest]


@pytest.fixture
def models(tmp_path: Path) -> Iterator[Path]:
    """A library's folder; trainers that are left in it at the end are stopped."""
    yield tmp_path / "models"
    for run in Library(tmp_path / "models").runs():
        if run.has_trainer():
            send(run, m.Stop())
            assert wait_until(lambda run=run: not run.has_trainer(), PATIENCE)


@pytest.fixture
def cnn_tui(models: Path) -> Command:
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            arguments(models, *words),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


def lines(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A model trained by the command, and what `train --json` said last."""
    folder = tmp_path_factory.mktemp("trained")
    done = subprocess.run(
        arguments(folder, "train", *TINY, "--epochs", "2", "--save", "mine", "--json"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return folder / "mine.safetensors", lines(done.stdout)[-1]


def test_help_names_every_command_and_loads_neither_textual_nor_numpy() -> None:
    code = (
        "import sys\n"
        "sys.argv = ['cnn-tui', '--help']\n"
        "from tui.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code in (0, None), end.code\n"
        "assert 'textual' not in sys.modules and 'numpy' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    for command in (
        "attach",
        "train",
        "lr-find",
        "profile",
        "evaluate",
        "predict",
        "export",
        "runs",
        "models",
        "rm",
        "selftest",
    ):
        assert re.search(rf"\b{command}\b", done.stdout), command


def test_training_ends_with_the_promised_line(trained: tuple[Path, dict[str, object]]) -> None:
    model, done = trained
    assert done["event"] == "finished"
    assert {
        "test_accuracy",
        "test_loss",
        "epochs",
        "seconds",
        "images_per_second",
        "run",
        "model",
    } <= done.keys()
    assert done["epochs"] == 2
    assert done["model"] == str(model)
    assert model.exists()


def test_evaluate_gives_the_accuracy_that_training_gave(
    trained: tuple[Path, dict[str, object]], cnn_tui: Command
) -> None:
    model, done = trained
    result = json.loads(cnn_tui("evaluate", model, "--json").stdout)
    assert result["accuracy"] == done["test_accuracy"]
    assert result["count"] == 10_000
    assert sum(map(sum, result["confusion"])) == 10_000
    right = sum(result["confusion"][i][i] for i in range(10))
    assert right / 10_000 == result["accuracy"]
    for i, score in enumerate(result["classes"]):
        assert score["name"] == str(i)
        assert score["support"] == sum(result["confusion"][i])
        assert score["recall"] == pytest.approx(result["confusion"][i][i] / score["support"])
    for name in ("precision", "recall", "f1"):
        mean = sum(score[name] for score in result["classes"]) / 10
        assert result["averages"]["macro"][name] == pytest.approx(mean)
    assert result["averages"]["weighted"]["recall"] == pytest.approx(result["accuracy"])
    assert result["accuracy"] < result["top_5_accuracy"] == done["test_top_5_accuracy"] <= 1
    assert result["averages"]["macro"]["f1"] == done["test_macro_f1"]
    calibration = result["calibration"]
    assert calibration["error"] == pytest.approx(done["test_calibration_error"], rel=1e-3)
    assert sum(each["count"] for each in calibration["bins"]) == 10_000
    right = sum(each["count"] * each["accuracy"] for each in calibration["bins"])
    assert right == pytest.approx(10_000 * result["accuracy"])


def test_evaluate_shows_tables(trained: tuple[Path, dict[str, object]], cnn_tui: Command) -> None:
    model, done = trained
    shown = cnn_tui("evaluate", model).stdout
    for share in ("test_accuracy", "test_top_5_accuracy", "test_calibration_error"):
        assert f"{100 * float(str(done[share])):.2f} %" in shown
    for words in ("precision", "macro average", "weighted average", "it says", "it is right"):
        assert words in shown
    assert max(map(len, shown.splitlines())) <= 80
    matrix = shown.partition("Rows are true classes, columns what the model said:")[2].split("\n")
    counts = [[int(word.replace("·", "0")) for word in line.split()] for line in matrix if line]
    assert counts[0] == list(range(10)), "the header"
    assert [row[0] for row in counts[1:]] == list(range(10))
    assert sum(sum(row[1:]) for row in counts[1:]) == 10_000


def test_predict_classifies_pictures(
    trained: tuple[Path, dict[str, object]], cnn_tui: Command, tmp_path: Path
) -> None:
    digits = load("mnist", "test", 20)
    files = []
    for i, image in enumerate(digits.images):
        files.append(tmp_path / f"{i}.png")
        Image.fromarray(image[:, :, 0]).save(files[-1])
    answers = lines(cnn_tui("predict", trained[0], *files, "--json").stdout)
    assert [answer["path"] for answer in answers] == [str(file) for file in files]
    right = sum(answer["label"] == str(y) for answer, y in zip(answers, digits.labels, strict=True))
    assert right >= 10, "a network trained on 400 digits knows most of twenty"
    for answer in answers:
        probabilities = answer["probabilities"]
        assert isinstance(probabilities, list)
        assert sum(probabilities) == pytest.approx(1, abs=1e-5)
        assert probabilities[int(str(answer["label"]))] == max(probabilities)


def test_a_picture_that_is_none_does_not_stop_the_others(
    trained: tuple[Path, dict[str, object]], cnn_tui: Command, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    Image.fromarray(load("mnist", "test", 1).images[0, :, :, 0]).save(good)
    bad.write_text("this is no picture")
    done = cnn_tui("predict", trained[0], bad, good, "--json")
    assert done.returncode == 2
    assert str(bad) in done.stderr
    assert [answer["path"] for answer in lines(done.stdout)] == [str(good)]


def test_accuracy_below_the_bar_is_a_failure(cnn_tui: Command) -> None:
    done = cnn_tui("train", *TINY, "--epochs", "1", "--min-accuracy", "0.9999")
    assert done.returncode == 1
    assert "is below --min-accuracy 0.9999" in done.stderr
    assert "epoch 1/1" in done.stderr
    assert "test accuracy" in done.stdout


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "term"]
)
def test_an_interrupted_training_is_saved_and_says_how_to_go_on(
    models: Path, cnn_tui: Command, number: signal.Signals, code: int
) -> None:
    process = subprocess.Popen(
        arguments(models, "train", *TINY, "--epochs", "10000"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    library = Library(models)
    with process:
        assert process.stderr is not None
        assert "epoch 1/10000" in process.stderr.readline()
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    run = library.find_run("latest")
    assert f"cnn-tui train --resume {run.id}" in said
    assert not run.has_trainer()
    assert run.checkpoint_file.exists()
    past = len(run.events().read_all())
    more = cnn_tui("train", "--resume", run.id, "--epochs", 3, "--json")
    assert more.returncode == 0, more.stderr
    told = lines(more.stdout)
    assert told[0] == {"event": "started", "run": run.id}, "scripts can steer it from the start"
    assert [line["event"] for line in told[1:]] == ["epoch"] * (len(told) - 2) + ["finished"]
    assert len(run.events().read_all()) > past


def test_a_detached_run_is_steered_from_the_shell(models: Path, cnn_tui: Command) -> None:
    started = cnn_tui("train", *TINY, "--epochs", "10000", "--detach", "--json")
    run = json.loads(started.stdout)["run"]
    assert json.loads(cnn_tui("pause", run, "--json").stdout)["state"] == "paused"
    assert [row["phase"] for row in lines(cnn_tui("runs", "--json").stdout)] == ["paused"]
    refused = cnn_tui("train", "--resume", run)
    assert refused.returncode == 2
    assert "is training already" in refused.stderr
    assert json.loads(cnn_tui("resume", run, "--json").stdout)["state"] == "training"
    assert json.loads(cnn_tui("stop", "latest", "--json").stdout)["state"] == "stopped"
    assert wait_until(lambda: not Library(models).find_run(run).has_trainer(), PATIENCE)
    assert [row["phase"] for row in lines(cnn_tui("runs", "--json").stdout)] == ["stopped"]
    late = cnn_tui("pause", run)
    assert late.returncode == 2
    assert "is not training, it is stopped" in late.stderr


def test_a_run_whose_configuration_is_broken_is_not_resumed(models: Path, cnn_tui: Command) -> None:
    run = Library(models).create_run(preset("small"))
    run.config_file.write_text("{")
    done = cnn_tui("resume", run.id)
    assert done.returncode == 2
    assert f"{run.config_file}: cannot be read" in done.stderr
    assert done.stdout == ""


def test_a_killed_trainer_is_a_failure_that_can_be_resumed(models: Path) -> None:
    process = subprocess.Popen(
        arguments(models, "train", *TINY, "--epochs", "10000"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        process.stderr.readline()
        run = Library(models).find_run("latest")
        started = next(e for e in run.events().read_all() if isinstance(e, m.Started))
        os.kill(started.process, signal.SIGKILL)
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "was killed" in said
    assert f"--resume {run.id}" in said


@pytest.mark.parametrize("words", [["--models", "elsewhere", "runs"], ["--ascii", "attach"]])
def test_an_option_before_a_command_is_refused_and_not_lost(words: list[str]) -> None:
    line = [sys.executable, "-P", "-m", "tui.cli", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    assert f"{words[0]}: goes behind the command" in done.stderr
    assert "Traceback" not in done.stderr


def test_lists_of_nothing_say_what_to_do(cnn_tui: Command) -> None:
    assert "cnn-tui train" in cnn_tui("runs").stdout
    assert "cnn-tui train --save" in cnn_tui("models").stdout
    assert cnn_tui("models", "--json").stdout == ""


def test_models_are_listed(trained: tuple[Path, dict[str, object]]) -> None:
    model, done = trained
    listed = subprocess.run(
        arguments(model.parent, "models", "--json"), capture_output=True, text=True, check=True
    )
    (row,) = lines(listed.stdout)
    assert row["name"] == "mine"
    assert row["test_accuracy"] == done["test_accuracy"]


def test_a_configuration_file_is_trained(cnn_tui: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(preset("mlp").changed({"data.limit": 300}).model_dump_json())
    done = cnn_tui("train", "--config", file, "--epochs", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout)[-1]["epochs"] == 1


@pytest.fixture
def broken(tmp_path: Path, trained: tuple[Path, dict[str, object]]) -> dict[str, Path]:
    """Files that are not what they should be."""
    files = {name: tmp_path / name for name in ("text.safetensors", "cut.safetensors", "x.toml")}
    files["text.safetensors"].write_text("not a model")
    files["cut.safetensors"].write_bytes(trained[0].read_bytes()[:5000])
    files["x.toml"].write_text("this is = = no toml")
    files["folder"] = tmp_path / "folder"
    files["folder"].mkdir()
    return files


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "--preset", "smal"], "preset: 'smal' is not known; choose one of original"),
        (["train", "--learning-rate", "-1"], "training.learning_rate: -1.0 is too small"),
        (["train", "--epochs", "0"], "training.epochs: 0 is too small; give 1 or more"),
        (["train", "--data", "minst"], "'minst' is not known"),
        (["train", "--set", "training.epoch=3"], "there is no field"),
        (["train", "--set", "training.epochs"], "is no FIELD=VALUE"),
        (["train", "--set", "training.optimizer=adamm"], "'adamm' is not known"),
        (
            [
                "train",
                "--set",
                "network.layers.0.kernel_size=40",
                "--set",
                "network.layers.0.padding=valid",
            ],
            "kernel does not fit into its 28×28 input",
        ),
        (["train", "--set", "training.loss.class_weights=1,2"], "2 given for 10 classes"),
        (
            ["train", "--set", "training.patience=2", "--set", "data.validation=0"],
            "training.patience: without validation images",
        ),
        (["train", "--save", "../x"], "'../x' will not do"),
        (["train", "--config", "missing.toml"], "missing.toml: there is no such file"),
        (["train", "--config", "{x.toml}"], "is not valid TOML"),
        (["train", "--config", "{x.toml}", "--preset", "small"], "give one of them"),
        (["train", "--config", "{folder}"], "folder: cannot be read (Is a directory)"),
        (["train", "--min-accuracy", "98"], "--min-accuracy: 98 is not from 0 to 1"),
        (["train", "--min-accuracy", "nan"], "--min-accuracy: nan is not from 0 to 1"),
        (["train", "--min-accuracy", "0.9", "--detach"], "--detach does not wait for it"),
        (["train", "--resume", "zzz"], "run: there are none"),
        (["evaluate", "nothing"], "model: 'nothing' is not known"),
        (["evaluate", ""], "model: '' is not known"),
        (["evaluate", "a" * 5000], "is not known; saved models"),
        (["evaluate", "no/such.safetensors"], "there is no file no/such.safetensors"),
        (["evaluate", "{text.safetensors}"], "is no model, or only a part of one"),
        (["evaluate", "{cut.safetensors}"], "is no model, or only a part of one"),
        (["predict", "{mine}", "missing.png"], "missing.png"),
        (["predict", "{mine}", "{x.toml}"], "x.toml"),
        (["pause", "latest"], "run: there are none"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_wrong_input_ends_with_its_sentence(
    words: list[str],
    sentence: str,
    broken: dict[str, Path],
    trained: tuple[Path, dict[str, object]],
    cnn_tui: Command,
) -> None:
    files = {**broken, "mine": trained[0]}
    named = [str(files[w[1:-1]]) if w.startswith("{") else w for w in words]
    done = cnn_tui(*named)
    assert done.returncode == 2, done.stderr
    assert sentence.lower() in done.stderr.lower()
    assert done.stderr.startswith("cnn-tui: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_an_unknown_option_and_a_number_that_is_none_are_wrong_input(cnn_tui: Command) -> None:
    for words in (["train", "--epoch", "3"], ["train", "--epochs", "three"], ["dream"]):
        done = cnn_tui(*words)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_without_a_terminal_the_dashboard_says_what_to_use(models: Path) -> None:
    line = [sys.executable, "-P", "-m", "tui.cli", "--models", str(models)]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert "use `cnn-tui train` without one" in done.stderr


def test_a_dataset_by_path_works_later_from_another_folder(models: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.array([name == "bright" for name in ("bright", "dark")] * 60)
    images = rng.integers(0, 60, (120, 28, 28)) + 150 * labels[:, None, None]
    names = np.where(labels, "[bold]bright", "dark")
    rows = (",".join(map(str, (n, *i.ravel()))) for n, i in zip(names, images, strict=True))
    (tmp_path / "shades.csv").write_text("\n".join(rows))

    def run(folder: Path, *words: object) -> str:
        line = arguments(models, *words)
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    small = ("--preset", "small", "--set", "network.layers.9.units=2", "--epochs", "3")
    run(tmp_path, "train", "--data", "shades.csv", *small, "--batch-size", "10", "--save", "mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = json.loads(run(elsewhere, "evaluate", "mine", "--json"))
    assert [each["name"] for each in result["classes"]] == ["[bold]bright", "dark"]
    assert (result["count"], result["accuracy"]) == (20, 1.0)
    assert "[bold]bright" in run(elsewhere, "evaluate", "mine")
    assert "shades.csv" in run(elsewhere, "models")
    row = json.loads(run(elsewhere, "models", "--json"))
    assert row["dataset"] == str(tmp_path / "shades.csv")


def test_a_dataset_with_the_models_classes_in_another_order_is_refused(
    trained: tuple[Path, dict[str, object]], cnn_tui: Command, tmp_path: Path
) -> None:
    images, labels = np.zeros((20, 28, 28), np.uint8), np.arange(20) % 10
    np.savez(tmp_path / "odd.npz", x_train=images, y_train=labels, class_names=list("9876543210"))
    done = cnn_tui("evaluate", trained[0], "--data", tmp_path / "odd.npz")
    assert done.returncode == 2
    assert done.stderr == (
        f"cnn-tui: data: {tmp_path}/odd.npz has the classes in another order than {trained[0]}; "
        "number them as its training data did\n"
    )


def test_a_dashboard_that_cannot_open_leaves_the_terminal_as_it_was(models: Path) -> None:
    ours, its = os.openpty()
    process = subprocess.Popen(
        arguments(models, "attach", "abc"), stdin=its, stdout=its, stderr=its, close_fds=True
    )
    os.close(its)
    said = b""
    with suppress(OSError):  # a terminal whose other end is closed says so with an error
        while piece := os.read(ours, 4096):
            said += piece
    os.close(ours)
    assert process.wait(PATIENCE) == 2
    opened, left = b"\x1b[?1049h", b"\x1b[?1049l"
    assert opened in said
    assert b"run: there are none" in said.partition(left)[2]


def test_a_saved_model_is_not_replaced_unasked(
    trained: tuple[Path, dict[str, object]],
) -> None:
    model, _ = trained
    before = model.read_bytes()
    done = subprocess.run(
        arguments(model.parent, "train", *TINY, "--save", "mine"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "add --force" in done.stderr
    assert model.read_bytes() == before


def test_empty_text_means_what_the_help_says() -> None:
    empty = ["data.limit=", "training.patience=", "training.loss.class_weights=", "save_as="]
    fields = {"data.limit": 100, "training.patience": 3, "save_as": "x"}
    wish = Wish(None, "small", fields, empty, resume=None, force=False)
    assert wish.config() == preset("small")
    wish = Wish(None, "small", {}, ["training.loss.class_weights=1,2"], resume=None, force=False)
    assert wish.config().training.loss.class_weights == (1, 2)


def test_an_early_end_is_told(models: Path, cnn_tui: Command) -> None:
    standstill = ["training.optimizer=sgd", "training.learning_rate=1e-30", "training.patience=2"]
    fields = [word for field in standstill for word in ("--set", field)]
    done = cnn_tui("train", *TINY, "--epochs", 9, *fields)
    assert done.returncode == 0, done.stderr
    assert "\nbest of 3 epochs: 1, ended after 2 epochs without a better one\n" in done.stdout
    run = Library(models).find_run("latest")
    again = cnn_tui("train", "--resume", run.id, "--epochs", 3, "--json")
    last = lines(again.stdout)[-1]
    assert (last["event"], last["reason"]) == ("finished", "epochs")
    wrong = cnn_tui("train", "--resume", run.id, "--set", "training.patience=0")
    assert wrong.returncode == 2
    assert "training.patience: 0 is too small" in wrong.stderr
