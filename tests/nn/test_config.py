from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from nn import presets
from nn.augment import Augmentation
from nn.config import RunConfig, is_live, preset, read_config
from nn.layers.activation import ReLU
from nn.layers.conv import Conv2D
from nn.optimizers import SGD, Adam
from nn.schedules import Cosine, Step
from nn.schema import InputError, Schema

TOML = """
description = "as in a preset"
[[network.layers]]
kind = "flatten"
[[network.layers]]
kind = "dense"
units = 10
[training]
learning_rate = 0.01
optimizer = { kind = "sgd" }
"""


def refusal(path: str, value: Any) -> str:
    with pytest.raises(InputError) as caught:
        preset("small").changed({path: value})
    return str(caught.value)


@pytest.mark.parametrize("name", presets.names())
def test_presets_are_sound(name: str) -> None:
    config = preset(name)
    config.check()
    named = {"fashion": "keras:fashion_mnist", "cifar10": "keras:cifar10"}
    assert config.data.dataset == named.get(name, "mnist")
    assert 10 < len(presets.read(name)["description"]) < 100
    assert RunConfig.parse(json.loads(config.model_dump_json())) == config


def test_the_original_comes_first() -> None:
    assert presets.names()[0] == presets.DEFAULT == "original"
    assert preset("lenet").plan().parameters == 61_706


def test_a_preset_that_is_not_there() -> None:
    with pytest.raises(
        InputError, match=r"^preset: 'resnet' is not known; choose one of original, "
    ):
        preset("resnet")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "training.learning_rate",
            -1,
            "training.learning_rate: -1 is too small; give a number greater than 0",
        ),
        (
            "training.learning_rate",
            "fast",
            "training.learning_rate: 'fast' is not a number; write one such as 0.5",
        ),
        (
            "training.learning_rate",
            float("nan"),
            "training.learning_rate: nan is not a number; write one such as 0.5",
        ),
        (
            "training.epochs",
            "5.5",
            "training.epochs: '5.5' is not a whole number; write one such as 10",
        ),
        ("training.epochs", True, "training: epochs cannot be True; give a number"),
        ("training.threads", 0, "training.threads: 0 is too small; give 1 or more"),
        ("training.optimizer", 5, "training.optimizer: 5 is not a group of fields"),
        (
            "training.optimizer",
            "lion",
            "training.optimizer: 'lion' is not known; choose one of 'adam', 'adamw', 'rmsprop', "
            "'sgd'",
        ),
        (
            "training.optimizer.momentum",
            0.5,
            "training.optimizer: there is no field 'momentum'; choose one of kind, beta1, beta2, "
            "epsilon, weight_decay",
        ),
        (
            "network.layers.0.filters",
            0,
            "network.layers.0.filters: 0 is too small; give 1 or more",
        ),
        (
            "network.layers.0.filters",
            "many",
            "network.layers.0.filters: 'many' is not a whole number; write one such as 10",
        ),
        (
            "network.layers.0.kernel_size",
            "3x",
            "network.layers.0.kernel_size: '3x' is no size; give a number from 1 to 64, "
            "or two as in 3x5",
        ),
        (
            "network.layers.0.padding",
            "big",
            "network.layers.0.padding: 'big' is no padding; give same, valid or a number "
            "from 0 to 64",
        ),
        ("network.layers", [], "network.layers: 1 or more are needed"),
        ("network.layers", "conv2d", "network.layers: 'conv2d' is not a list"),
        ("data", "mnist", "data: 'mnist' is not a group of fields"),
        ("data.limit", 5, "data.limit: 5 is too small; give 10 or more"),
        ("schema_version", 2, "schema_version: 2 is not known; choose 1"),
        *(
            (path, 1, f"{path}: there is no such field; name one as in training.learning_rate")
            for path in (
                "network.layers.99.filters",
                "network.layers.-1.filters",
                "network.layers.first",
                "network.layers.99",
                "a.b",
                "data.limit.x",
                "training.optimizer.kind.x",
            )
        ),
    ],
)
def test_refusals(path: str, value: Any, sentence: str) -> None:
    assert refusal(path, value) == sentence


def test_refusals_that_list_what_there_is() -> None:
    layer = refusal("network.layers.0", {"kind": "lstm"})
    assert layer.startswith("network.layers.0: 'lstm' is not known; choose one of 'conv2d', ")
    algorithm = refusal("network.layers.0.algorithm", "magic")
    assert algorithm.startswith("network.layers.0.algorithm: 'magic' is not known; choose 'auto', ")
    for path, start in {
        "nonsense": "configuration: there is no field 'nonsense'; choose one of schema_version, ",
        "training.epoch": "training: there is no field 'epoch'; choose one of epochs, batch_size, ",
        "network.layers.0.units": "network.layers.0: there is no field 'units'; choose one of ",
    }.items():
        assert refusal(path, 1).startswith(start)


@pytest.mark.parametrize("values", [5, "text", [1], None])
def test_a_configuration_is_a_group_of_fields(values: object) -> None:
    with pytest.raises(InputError, match=r"^configuration: .* is not a group of fields$"):
        RunConfig.parse(values)


def test_a_configuration_needs_a_network() -> None:
    with pytest.raises(InputError, match=r"^network: a value is needed$"):
        RunConfig.parse({})


def test_changed_fields() -> None:
    config = preset("small")
    changed = config.changed(
        {
            "training.learning_rate": "0.5",
            "training.epochs": "7",
            "training.schedule": {"kind": "step", "after": "2,4"},
            "network.layers.0.filters": "12",
            "network.layers.0.kernel_size": "3x5",
            "data.limit": 1000,
        }
    )
    assert changed.training.learning_rate == 0.5
    assert changed.training.epochs == 7
    assert changed.training.schedule == Step(after=(2, 4))
    assert changed.network.layers[0] == Conv2D(filters=12, kernel_size=(3, 5))
    assert changed.network.layers[1:] == config.network.layers[1:]
    assert changed.data.limit == 1000
    assert config == preset("small")
    assert changed.changed({"data.limit": None}).data.limit is None


def test_a_kind_alone_brings_its_defaults() -> None:
    config = preset("small").changed({"training.optimizer.beta1": 0.5})
    assert config.training.optimizer == Adam(beta1=0.5)
    for path in ("training.optimizer", "training.optimizer.kind"):
        assert config.changed({path: "sgd"}).training.optimizer == SGD()
        assert config.changed({path: "adam"}).training.optimizer == Adam()
    assert config.changed({"training.schedule": "cosine"}).training.schedule == Cosine()
    assert config.changed({"network.layers.0": "relu"}).network.layers[0] == ReLU()
    both = {"training.optimizer": "sgd", "training.optimizer.momentum": 0.5}
    assert config.changed(both).training.optimizer == SGD(momentum=0.5)


def test_augmentation_as_suits_the_dataset() -> None:
    def augmented(dataset: str) -> Augmentation:
        # The dataset counts, wherever it stands.
        words = {"training.augmentation": "suggested", "data.dataset": dataset}
        return preset("small").changed(words).training.augmentation

    digits, clothes, photographs = (
        augmented(name) for name in ("mnist", "keras:fashion_mnist", "keras:cifar10")
    )
    assert digits.shift > 0
    assert digits.flip == 0, "a mirrored digit is no digit"
    assert clothes.flip > 0
    assert photographs.flip > 0
    assert len({digits, clothes, photographs}) == 3
    once = preset("small").changed({"training.augmentation": "suggested"})
    assert once.training.augmentation == digits
    assert once.changed({"training.augmentation": "off"}).training.augmentation.is_off
    more = {"training.augmentation": "suggested", "training.augmentation.noise": 0.1}
    assert preset("small").changed(more).training.augmentation == digits.model_copy(
        update={"noise": 0.1}
    )
    tree = preset("small").model_dump(mode="json")
    tree["training"]["augmentation"] = "suggested"
    assert RunConfig.parse(tree) == once
    with pytest.raises(
        InputError,
        match=r"^training\.augmentation: 'some' is not known; write suggested, off or its fields$",
    ):
        preset("small").changed({"training.augmentation": "some"})
    with pytest.raises(InputError, match=r"data\.dataset: 'cats' is not known; choose mnist"):
        preset("small").changed({**more, "data.dataset": "cats"})


def test_check_names_what_does_not_fit() -> None:
    config = preset("small")
    config.check()
    with pytest.raises(InputError, match=r"^data\.dataset: 'cats' is not known; choose mnist or"):
        config.changed({"data.dataset": "cats"}).check()
    with pytest.raises(InputError, match=r"^network\.layers: the last layer gives 9; end with a"):
        config.changed({"network.layers.9.units": 9}).check()
    with pytest.raises(
        InputError, match=r"^training\.loss\.class_weights: 2 given for 10 classes; g"
    ):
        config.changed({"training.loss.class_weights": "1, 2"}).check()
    with pytest.raises(
        InputError, match=r"^training\.patience: without validation images no epoch"
    ):
        config.changed({"training.patience": 3, "data.validation": 0}).check()


def optional_fields(schema: type[Schema], path: str = "") -> Iterator[str]:
    for name, info in schema.model_fields.items():
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, Schema):
            yield from optional_fields(annotation, f"{path}{name}.")
        elif type(None) in get_args(annotation):
            yield f"{path}{name}"


def test_empty_text_empties_every_optional_field() -> None:
    paths = list(optional_fields(RunConfig))
    assert {"data.limit", "training.threads", "training.patience", "save_as"} <= set(paths)
    assert "training.loss.class_weights" in paths
    for path in paths:
        value: Any = preset("small").changed({path: ""})
        for name in path.split("."):
            value = getattr(value, name)
        assert value is None, path


def test_a_configuration_of_before_is_one_without_the_new_fields() -> None:
    config = preset("small")
    tree = config.model_dump(mode="json")
    for name in ("loss", "accumulate", "patience"):
        del tree["training"][name]
    assert RunConfig.parse(tree) == config
    assert config.training.loss.class_weights is None
    assert config.training.loss.label_smoothing == 0


def test_live_fields() -> None:
    live = ["epochs", "patience", "learning_rate", "schedule", "schedule.warmup", "schedule.kind"]
    assert all(is_live(f"training.{name}") for name in live)
    fixed = [
        "batch_size",
        "accumulate",
        "loss",
        "optimizer",
        "optimizer.beta1",
        "seed",
        "threads",
        "epoch",
        "",
    ]
    assert not any(is_live(f"training.{name}") for name in fixed)
    assert not any(
        is_live(path) for path in ("", "training", "epochs", "data.limit", "data.epochs")
    )


def test_files_in_both_formats(tmp_path: Path) -> None:
    toml, plain = tmp_path / "run.toml", tmp_path / "run.json"
    toml.write_text(TOML)
    config = read_config(toml)
    assert config.training.optimizer == SGD()
    assert config.training.learning_rate == 0.01
    plain.write_text(config.model_dump_json())
    assert read_config(plain) == config


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("run.toml", "x = ", "is not valid TOML: "),
        ("run.json", '{"network": ', "is not valid JSON: "),
        ("run.json", "[]", "configuration: a list is not a group of fields"),
        ("run.json", '{"training": {"learning_rate": NaN}, "network": {}}', "network.layers: 1 or"),
        (
            "run.toml",
            TOML.replace("0.01", "nan"),
            "training.learning_rate: nan is not a number; write one such as 0.5",
        ),
        ("run.toml", TOML.replace("10", '"ten"'), "network.layers.1.units: 'ten' is not a whole"),
        ("run.toml", TOML + "speed = 1", "training: there is no field 'speed'; choose one of"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_config(path)
    assert str(caught.value).startswith(f"{path}: {sentence}")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file; give a TOML or JSON config"):
        read_config(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r": cannot be read \(Is a directory\); give a TOML"):
        read_config(tmp_path)
    (tmp_path / "picture.toml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(InputError, match=r"picture.toml: is not text in UTF-8; give a TOML"):
        read_config(tmp_path / "picture.toml")
