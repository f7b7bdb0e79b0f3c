"""The second look: what other models say, and the nearest training images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.checkpoint import ModelCard, save_model
from nn.config import RunConfig
from nn.network import Network
from nn.runs import second_look_process
from nn.runs.second_look_process import ModelAsked, NeighboursFound, SecondLookProcess, Wanted
from nn.runs.side_process import WorkFailed

PATIENCE = 60.0
SHAPE = (6, 5, 1)
RNG = np.random.default_rng(0)
TRAIN = RNG.integers(0, 256, (30, *SHAPE), np.uint8)
TEST = RNG.integers(0, 256, (8, *SHAPE), np.uint8)


@pytest.fixture
def dataset(tmp_path: Path) -> str:
    """Noise of three classes; the third test image is among the training images."""
    test = TEST.copy()
    test[2] = TRAIN[17]
    labels = np.arange(30) % 3
    path = tmp_path / "noise.npz"
    np.savez(path, x_train=TRAIN, y_train=labels, x_test=test, y_test=labels[:8])
    return str(path)


def save(tiny: RunConfig, path: Path, shape: tuple[int, int, int], broken: bool = False) -> Network:
    """A model of random weights for such images."""
    layers = [{"kind": "flatten"}, {"kind": "dense", "units": 3}]
    config = tiny.changed({"network.layers": layers})
    network = Network(config.network.layers, shape, 3, np.random.default_rng(4))
    if broken:
        for values in network.parameters.values():
            values[...] = np.nan
    card = ModelCard(config=config, input_shape=shape, class_names=tuple("abc"), created="2026")
    save_model(path, network.parameters, card)
    return network


def wanted(dataset: str, *models: Path, limit: int | None = None) -> Wanted:
    return Wanted(dataset=dataset, limit=limit, indices=(5, 2), models=models, neighbours=4)


def test_models_answer_and_neighbours_are_found(
    tiny: RunConfig, dataset: str, tmp_path: Path
) -> None:
    fitting, other = tmp_path / "fitting.safetensors", tmp_path / "other.safetensors"
    network = save(tiny, fitting, SHAPE)
    save(tiny, other, (5, 6, 1))
    with SecondLookProcess(wanted(dataset, fitting, other)) as process:
        asked, found = process.events()
        assert process._process.wait(PATIENCE) == 0
    assert isinstance(asked, ModelAsked)
    assert (asked.path, asked.class_names, asked.problem) == (fitting, tuple("abc"), "")
    expected = network.predict(np.stack([TEST[5], TRAIN[17]]))
    assert_allclose(asked.probabilities, expected, rtol=1e-5)
    assert isinstance(found, NeighboursFound)
    far, same = found.neighbours
    plain = sorted(range(30), key=lambda i: np.linalg.norm(TRAIN[i] / 255.0 - TEST[5] / 255.0))
    assert [each.index for each in far] == plain[:4]
    assert (same[0].index, same[0].label, same[0].distance) == (17, 17 % 3, 0)
    assert_array_equal(same[0].image(SHAPE), TRAIN[17])


def test_only_what_the_run_learned_from_counts(dataset: str) -> None:
    (found,) = second_look_process.events(wanted(dataset, limit=10))
    assert isinstance(found, NeighboursFound)
    assert all(each.index < 10 for row in found.neighbours for each in row)


def test_what_is_wrong_with_a_model_is_said_and_the_others_are_asked(
    tiny: RunConfig, dataset: str, tmp_path: Path
) -> None:
    names = ("cut", "diverged", "gone", "whole")
    cut, diverged, gone, whole = (tmp_path / f"{name}.safetensors" for name in names)
    save(tiny, cut, SHAPE)
    cut.write_bytes(cut.read_bytes()[:100])
    save(tiny, diverged, SHAPE, broken=True)
    save(tiny, whole, SHAPE)
    answers = list(second_look_process.events(wanted(dataset, cut, diverged, gone, whole)))
    problems = [each.problem for each in answers if isinstance(each, ModelAsked)]
    assert problems[0].startswith("is no model, or only a part of one")
    assert "no numbers" in problems[1]
    assert problems[2].startswith("there is no such file")
    assert problems[3] == ""
    assert isinstance(answers[-1], NeighboursFound)


def test_data_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    (event,) = second_look_process.events(wanted(str(tmp_path / "gone.npz")))
    assert isinstance(event, WorkFailed)
    assert event.kind == "input"
    assert "gone.npz" in event.message
