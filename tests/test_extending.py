"""The recipes of docs/extending.md, carried out on a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = (ROOT / "docs" / "extending.md").read_text("utf-8")
FENCE = re.compile(r"```(python|diff)\n(?:# |--- )(\S+)\n(.*?)```", re.DOTALL)


def apply_change(file: Path, hunks: str) -> None:
    """Change a file as a diff says; `...` stands between its hunks."""
    text = file.read_text("utf-8")
    for hunk in hunks.split("...\n"):
        lines = hunk.splitlines()
        old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in " -")
        new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in " +")
        assert text.count(old) == 1, f"{file.name} does not have, once:\n{old}"
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with every recipe carried out."""
    copy = tmp_path_factory.mktemp("extended")
    for folder in ("nn", "tui", "tests"):
        shutil.copytree(
            ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "mnist.npz")
        )
    (copy / "nn/data/mnist.npz").symlink_to(ROOT / "nn/data/mnist.npz")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for language, name, text in FENCE.findall(RECIPES):
        if language == "python":
            (copy / name).write_text(text, "utf-8")
        else:
            apply_change(copy / name, text)
    return copy


def python(extended: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(extended)}
    return subprocess.run(
        [sys.executable, *words],
        cwd=extended,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_block_of_the_recipes_is_carried_out() -> None:
    blocks = re.findall(r"^```(?:python|diff)$", RECIPES, re.MULTILINE)
    assert len(blocks) == len(FENCE.findall(RECIPES)) > 0


def test_the_cases_of_the_recipes_pass(extended: Path) -> None:
    cases = (
        "tests/nn/layers/test_layer_contract.py",
        "tests/nn/test_optimizers.py",
        "tests/nn/data/test_data_dataset.py",
        "tests/tui/panels/test_panel_epochs.py",
    )
    words = ("-m", "pytest", "-n0", "-p", "no:cacheprovider", "-k")
    done = python(extended, *words, "softplus or formula or described or opens_by", *cases)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d+ passed", done.stdout)


def test_the_command_trains_with_all_of_it(extended: Path, tmp_path: Path) -> None:
    settings = {
        "network.layers.1": "softplus",
        "network.layers.1.sharpness": "4",
        "network.layers.9.units": "2",
        "training.optimizer": "signsgd",
        "training.learning_rate": "0.001",
        "data.dataset": "stripes",
    }
    assignments = [word for pair in settings.items() for word in ("--set", "=".join(pair))]
    words = ("train", "--models", str(tmp_path), "--preset", "small", *assignments)
    done = python(extended, "-m", "tui.cli", *words, "--min-accuracy", "0.95")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_form_offers_all_of_it(extended: Path) -> None:
    code = (
        "from nn.config import preset\n"
        "from tui.form import Draft\n"
        "draft = Draft(preset('small'))\n"
        "draft.add_layer('softplus', 1)\n"
        "draft.set('training.optimizer', 'signsgd')\n"
        "draft.set('data.dataset', 'stripes')\n"
        "print(draft.plan.input_shape, [f.path for f in draft.fields('network.layers.1')])\n"
    )
    done = python(extended, "-c", code)
    assert done.stdout == "(8, 8, 1) ['network.layers.1.sharpness']\n", done.stderr
