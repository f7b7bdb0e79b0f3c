from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors import safe_open
from safetensors.numpy import save_file

from nn.checkpoint import (
    ModelCard,
    load_checkpoint,
    load_model,
    load_network,
    read_card,
    read_fingerprint,
    save_checkpoint,
    save_model,
)
from nn.config import RunConfig, preset
from nn.data import Dataset, fingerprint
from nn.network import Network
from nn.schema import InputError
from nn.training import Training

CONFIG: RunConfig = preset("mlp").changed(
    {"network.layers": [{"kind": "flatten"}, {"kind": "dense", "units": 10}]}
)
CARD = ModelCard(
    config=CONFIG,
    input_shape=(28, 28, 1),
    class_names=tuple("0123456789"),
    created="2024-01-01T00:00:00Z",
    test_accuracy=0.9,
    test_loss=0.3,
    test_count=40,
    epochs=1.5,
)


def network() -> Network:
    return Network(CONFIG.network.layers, (28, 28, 1), 10, np.random.default_rng(0))


def message(read: Any, path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_model_comes_back_bit_for_bit(tmp_path: Path, digits: Dataset) -> None:
    path = tmp_path / "m.safetensors"
    saved = network()
    save_model(path, saved.parameters, CARD)
    model = load_model(path)
    assert (model.path, model.card) == (path, CARD)
    assert read_card(path) == CARD
    for name, value in saved.parameters.items():
        assert_array_equal(model.network.parameters[name], value)
    images = digits.images[:20]
    assert_array_equal(model.network.predict(images), saved.predict(images))


def test_others_can_read_a_model(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(path, network().parameters, CARD)
    with safe_open(path, framework="np") as file:
        assert set(file.keys()) == {"2.dense.weights", "2.dense.biases"}
        card = json.loads(file.metadata()["card"])
    layer = card["config"]["network"]["layers"][1]
    assert (layer["kind"], layer["units"]) == ("dense", 10)
    assert card["test_accuracy"] == 0.9


def test_a_model_of_an_earlier_version_has_fewer_figures(tmp_path: Path) -> None:
    card = CARD.model_dump(mode="json")
    for name in ("test_top_5_accuracy", "test_macro_f1", "test_calibration_error"):
        del card[name]
    path = tmp_path / "m.safetensors"
    metadata = {"format": "cnn-tui model", "card": json.dumps(card)}
    save_file(network().parameters, path, metadata)
    assert load_model(path).card == CARD


@pytest.mark.parametrize(
    "fields",
    [
        {"training.optimizer": "adam"},
        {"training.optimizer": "sgd"},
        {
            "training.accumulate": 3,
            "training.batch_size": 40,
            "training.loss": {"label_smoothing": 0.1, "class_weights": "balanced"},
            "training.patience": 1,
        },
    ],
    ids=["adam", "sgd", "inside a group of batches"],
)
def test_a_checkpoint_continues_bit_for_bit(
    tmp_path: Path, digits: Dataset, fields: dict[str, Any]
) -> None:
    config = CONFIG.changed({"training.epochs": 2, "data.validation": 20} | fields)
    parts = digits.take(300), digits.subset(np.arange(400, 440))
    whole, first = Training(config, *parts), Training(config, *parts)
    list(whole.run())
    path = tmp_path / "c.safetensors"
    happened = first.run()
    for _ in range(2):
        next(happened)
    save_checkpoint(path, first.state(), first.config)
    state, read = load_checkpoint(path)
    assert read == config
    assert state.position == first.state().position
    second = Training(read, *parts)
    second.restore(state)
    list(second.run())
    for name, value in whole.state().arrays.items():
        assert_array_equal(second.state().arrays[name], value)
    assert second.state().position == whole.state().position


def test_running_statistics_are_saved_with_a_model(tmp_path: Path, digits: Dataset) -> None:
    block = {"kind": "residual", "layers": [{"kind": "batch_norm"}]}
    layers = [block, {"kind": "flatten"}, {"kind": "dense", "units": 10}]
    config = CONFIG.changed({"network.layers": layers})
    training = Training(config, digits.take(200), digits.take(40))
    next(training.run())
    trained = training.network
    names = {"1.residual.1.batch_norm.running_mean", "1.residual.1.batch_norm.running_variance"}
    assert set(trained.state) == names
    assert trained.state["1.residual.1.batch_norm.running_mean"] > 0
    path = tmp_path / "m.safetensors"
    save_model(path, trained.stored, CARD.model_copy(update={"config": config}))
    loaded = load_model(path).network
    for name, value in trained.stored.items():
        assert_array_equal(loaded.stored[name], value)
    assert_array_equal(loaded.predict(digits.images[:20]), trained.predict(digits.images[:20]))


@pytest.mark.parametrize(
    ("read", "what"),
    [(load_model, "model"), (read_card, "model"), (load_checkpoint, "checkpoint")],
)
def test_files_that_are_none_of_ours(tmp_path: Path, read: Any, what: str) -> None:
    assert message(read, tmp_path / "none") == f"there is no such file; give a {what}"
    folder = f"is a folder; give a {what} file ending in .safetensors"
    assert message(read, tmp_path) == folder
    text = tmp_path / "notes.txt"
    text.write_text("not a tensor in sight, in more than eight bytes")
    assert message(read, text).startswith(f"is no {what}, or only a part of one (")
    empty = tmp_path / "empty"
    empty.touch()
    assert message(read, empty).startswith(f"is no {what}, or only a part of one (")
    foreign = tmp_path / "foreign.safetensors"
    save_file({"w": np.zeros(3)}, foreign)
    assert message(read, foreign) == f"holds tensors, but it is no {what} of cnn-tui"


def test_a_model_is_no_checkpoint_and_the_other_way_round(tmp_path: Path, digits: Dataset) -> None:
    model, checkpoint = tmp_path / "m.safetensors", tmp_path / "c.safetensors"
    save_model(model, network().parameters, CARD)
    training = Training(CONFIG, digits, digits)
    save_checkpoint(checkpoint, training.state(), CONFIG)
    assert message(load_checkpoint, model) == "holds tensors, but it is no checkpoint of cnn-tui"
    assert message(load_model, checkpoint) == "holds tensors, but it is no model of cnn-tui"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_files(tmp_path: Path, share: float, digits: Dataset) -> None:
    path = tmp_path / "m.safetensors"
    save_model(path, network().parameters, CARD)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert message(load_model, path).startswith("is no model, or only a part of one (")
    save_checkpoint(path, Training(CONFIG, digits, digits).state(), CONFIG)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert message(load_checkpoint, path).startswith("is no checkpoint, or only a part of one (")


def test_a_model_whose_weights_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    parameters = network().parameters
    save_model(path, parameters | {"2.dense.weights": np.zeros((3, 3), np.float32)}, CARD)
    assert message(load_model, path) == (
        "is a model whose parts do not fit together: 2.dense.weights has the shape (3, 3); "
        "the network needs it in the shape (10, 784)"
    )
    save_model(path, {"2.dense.weights": parameters["2.dense.weights"]}, CARD)
    assert "2.dense.biases is missing" in message(load_model, path)
    save_model(path, parameters, CARD.model_copy(update={"class_names": ("a", "b")}))
    assert "the last layer gives 10; end with a dense layer of 2 units" in message(load_model, path)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({}, "is a model whose description is broken ('card')"),
        ({"card": "{"}, "is a model whose description is broken ("),
        ({"card": "[]"}, "is a model whose description is broken (configuration: a list is not"),
        ({"card": "{}"}, "is a model whose description is broken (config: a value is needed)"),
    ],
)
def test_a_model_whose_description_is_broken(
    tmp_path: Path, metadata: dict[str, str], sentence: str
) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"w": np.zeros(3)}, path, {"format": "cnn-tui model"} | metadata)
    assert message(load_model, path).startswith(sentence)


def test_a_checkpoint_whose_description_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    for metadata in ({"position": "{"}, {"position": "{}"}, {"position": "{}", "config": "{}"}):
        save_file({"w": np.zeros(3)}, path, {"format": "cnn-tui checkpoint"} | metadata)
        assert message(load_checkpoint, path).startswith(
            "is a checkpoint whose description is broken ("
        )


def test_a_save_that_fails_leaves_the_old_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    save_model(path, network().parameters, CARD)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    empty = {name: np.zeros_like(value) for name, value in network().parameters.items()}
    with pytest.raises(OSError, match="No space left"):
        save_model(path, empty, CARD)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_parameters_that_are_no_single_block_of_memory_are_saved_right(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    parameters = network().parameters
    turned = {name: np.asfortranarray(value) for name, value in parameters.items()}
    save_model(path, turned, CARD)
    loaded = load_model(path).network.parameters
    for name, value in parameters.items():
        assert_array_equal(loaded[name], value)


def test_a_checkpoint_says_which_images_it_has_learned_from(
    tmp_path: Path, digits: Dataset
) -> None:
    path = tmp_path / "c.safetensors"
    state = Training(CONFIG, digits, digits).state()
    save_checkpoint(path, state, CONFIG)
    assert read_fingerprint(path) is None
    data = fingerprint(digits, digits.take(40))
    save_checkpoint(path, state, CONFIG, data)
    assert read_fingerprint(path) == data
    assert load_checkpoint(path)[0].position == state.position
    for broken in ("{", "{}", "[]"):
        metadata = {"format": "cnn-tui checkpoint", "data": broken}
        save_file({"w": np.zeros(3)}, path, metadata)
        assert message(read_fingerprint, path).startswith(
            "is a checkpoint whose description is broken ("
        )


def test_a_model_far_larger_than_its_file_is_refused_before_room_is_made(tmp_path: Path) -> None:
    wide = {"kind": "dense", "units": 65_536}
    layers = [{"kind": "flatten"}, wide, wide, wide, {"kind": "dense", "units": 10}]
    path = tmp_path / "m.safetensors"
    config = CONFIG.changed({"network.layers": layers})
    save_model(path, network().parameters, CARD.model_copy(update={"config": config}))
    tracemalloc.start()
    told = message(load_model, path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert told == (
        "is a model whose parts do not fit together: "
        "the network has 8,642,166,794 parameters, but the file only 7,850"
    )


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from nn.checkpoint import load_model
path = Path(sys.argv[1])
(size,) = (line.split()[1] for line in open("/proc/self/status") if line.startswith("VmSize"))
room = 1024 * int(size) + 3 * path.stat().st_size // 2
resource.setrlimit(resource.RLIMIT_AS, (room, room))
try:
    load_model(path)
except MemoryError:
    print("too little")
"""
"""Reads a file where there is room to map it into memory, and half the room for a copy of it."""


def test_a_model_that_does_not_fit_into_memory(tmp_path: Path) -> None:
    wide = [{"kind": "flatten"}, {"kind": "dense", "units": 40_000}, {"kind": "dense", "units": 10}]
    config = CONFIG.changed({"network.layers": wide})
    path = tmp_path / "wide.safetensors"
    card = CARD.model_copy(update={"config": config})
    save_model(path, Network(config.network.layers, (28, 28, 1), 10).stored, card)
    line = [sys.executable, "-c", LITTLE_MEMORY, str(path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("too little\n", "")


def test_a_model_of_absurdly_large_images_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    shape = (1_000_000, 1_000_000, 1)
    save_model(path, network().parameters, CARD.model_copy(update={"input_shape": shape}))
    assert "input_shape: has images of 1000000 x 1000000 x 1" in message(load_model, path)


def test_a_header_that_claims_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    claimed = {"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}
    header = json.dumps(claimed).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"few bytes")
    assert message(load_model, path).startswith("is no model, or only a part of one (")
    path.write_bytes((1 << 60).to_bytes(8, "little") + header)
    assert message(load_model, path).startswith("is no model, or only a part of one (")


def test_a_description_nested_without_end_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    metadata = {"format": "cnn-tui model", "card": "[" * 100_000}
    save_file({"w": np.zeros(3)}, path, metadata)
    assert message(read_card, path).startswith("is a model whose description is broken (")


def test_a_device_is_no_model() -> None:
    device = Path("/dev/zero")
    assert message(load_model, device) == "is a device; give a model file ending in .safetensors"


def test_a_model_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_model(path, network().parameters, CARD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("average", [None, 0.9])
def test_a_checkpoint_gives_the_network_that_is_judged(
    tmp_path: Path, digits: Dataset, average: float | None
) -> None:
    path = tmp_path / "c.safetensors"
    layers = [{"kind": "flatten"}, {"kind": "batch_norm"}, {"kind": "dense", "units": 10}]
    config = CONFIG.changed({"training.average": average, "network.layers": layers})
    training = Training(config, digits, digits)
    for _ in zip(range(3), training.run(), strict=False):
        pass
    save_checkpoint(path, training.state(), config)
    found, step = load_network(path, (28, 28, 1), 10)
    assert step == training.position.step > 0
    images = digits.images[:20]
    assert_array_equal(found.predict(images), training.judged.predict(images))
    if average is not None:
        assert (found.predict(images) != training.network.predict(images)).any()


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path, digits: Dataset) -> None:
    path = tmp_path / "c.safetensors"
    training = Training(CONFIG, digits, digits)
    save_checkpoint(path, training.state(), CONFIG)
    with pytest.raises(InputError, match=r"of another network: network\.layers: "):
        load_network(path, (28, 28, 1), 7)
    state = training.state()
    del state.arrays["parameters.2.dense.weights"]
    save_checkpoint(path, state, CONFIG)
    with pytest.raises(InputError, match=r"of another network: 2\.dense\.weights is missing"):
        load_network(path, (28, 28, 1), 10)
