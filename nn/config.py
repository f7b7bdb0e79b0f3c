"""What a run is: data, network and training, validated.

This one declaration drives files (JSON, TOML), the command line's `--set` and the dashboard's form.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator, model_validator

from nn import presets
from nn.augment import Augmentation, suggested
from nn.data import DatasetInfo, describe, lasting_name
from nn.layers import AnyLayer
from nn.losses import Loss
from nn.names import check_model_name
from nn.network import Plan, plan
from nn.optimizers import Adam, AnyOptimizer
from nn.schedules import AnySchedule, Constant
from nn.schema import InputError, Schema, setting, show


class DataConfig(Schema):
    """What is learned from."""

    dataset: str = setting(
        "mnist", "mnist, keras:NAME as in keras:cifar10, or the path of a dataset"
    )
    limit: int | None = setting(None, "use the first so many training images; empty: all", ge=10)
    validation: int = setting(
        5000,
        "training images held out to judge each epoch, at most a fifth of them; 0: none",
        ge=0,
    )

    @field_validator("dataset")
    @classmethod
    def _outlive_the_working_directory(cls, dataset: str) -> str:
        """A run and its model are looked at later, and from anywhere."""
        return lasting_name(dataset)


class NetworkConfig(Schema):
    """The layers, from the image to one output a class (softmax follows by itself)."""

    layers: tuple[AnyLayer, ...] = setting((), "the layers in order", min_length=1)


class TrainingConfig(Schema):
    """How it is trained."""

    epochs: int = setting(5, "times through the training images", ge=1, le=100_000, live=True)
    batch_size: int = setting(128, "images a batch", ge=1, le=65_536)
    accumulate: int = setting(
        1,
        "batches whose gradients become one step: as a batch so many times larger, in less memory",
        ge=1,
        le=65_536,
    )
    patience: int | None = setting(
        None,
        "end after so many epochs without a better one; empty: train all epochs",
        ge=1,
        le=100_000,
        live=True,
    )
    learning_rate: float = setting(0.001, "size of a step", gt=0, le=100, live=True)
    schedule: AnySchedule = setting(Constant(), "how the rate changes", live=True)
    optimizer: AnyOptimizer = setting(Adam(), "how gradients become steps")
    loss: Loss = setting(Loss(), "what training makes small")
    clip_norm: float | None = setting(
        None,
        "shorten a gradient that is longer than this, so that no step is wild; empty: never",
        gt=0,
        live=True,
    )
    average: float | None = setting(
        None,
        "judge and save the running average of weights, this share kept a step: 0.999; empty: off",
        gt=0,
        lt=1,
    )
    checkpoint_seconds: float = setting(
        30, "write a checkpoint at least this often, besides each epoch", gt=0, live=True
    )
    seed: int = setting(0, "what all randomness grows from", ge=0, lt=2**32)
    threads: int | None = setting(
        None, "processors to use; empty: all that this process may use", ge=1, le=1024
    )
    augmentation: Augmentation = setting(
        Augmentation(), "how training images are changed at random", live=True
    )

    @field_validator("augmentation", mode="before")
    @classmethod
    def _refuse_other_words(cls, augmentation: Any) -> Any:
        """The words are resolved where the dataset is known."""
        if isinstance(augmentation, str):
            shown = show(augmentation)
            raise InputError(f"{shown} is not known; write suggested, off or its fields")
        return augmentation


class RunConfig(Schema):
    """Everything that a run needs to be repeated."""

    schema_version: Literal[1] = 1
    data: DataConfig = DataConfig()
    network: NetworkConfig
    training: TrainingConfig = TrainingConfig()
    save_as: str | None = setting(None, "name under which the finished model is saved")

    @field_validator("save_as")
    @classmethod
    def _be_a_name(cls, save_as: str | None) -> str | None:
        if save_as is not None:
            check_model_name(save_as)
        return save_as

    @model_validator(mode="before")
    @classmethod
    def _resolve_words(cls, values: Any) -> Any:
        """A file may say `augmentation = "suggested"`."""
        return _with_augmentation_resolved(values)

    def plan(self) -> Plan:
        """The network's shapes and sizes, with what is wrong with it, if anything."""
        info = self.dataset()
        return plan(self.network.layers, info.input_shape, len(info.class_names))

    def dataset(self) -> DatasetInfo:
        """Facts about the dataset, without loading it."""
        return describe(self.data.dataset)

    def check(self) -> None:
        """Refuse what is valid field by field and yet cannot run.

        Raises:
            InputError: if the dataset is unknown or fields do not fit together.
        """
        problem = self.plan().problem
        if problem is not None:
            raise InputError(f"network.layers: {problem}")
        for path, conflict in self.conflicts(len(self.dataset().class_names)).items():
            raise InputError(f"{path}: {conflict}")

    def conflicts(self, classes: int) -> dict[str, str]:
        """What is wrong with fields beside others, or for so many classes: sentences by path."""
        found = {}
        problem = self.training.loss.problem(classes)
        if problem is not None:
            found["training.loss.class_weights"] = problem
        if self.training.patience is not None and self.data.validation == 0:
            found["training.patience"] = (
                "without validation images no epoch is better than another; "
                "leave it empty, or set data.validation above 0"
            )
        return found

    def changed(self, values: Mapping[str, Any]) -> RunConfig:
        """A copy with some fields changed, named by path, as in `training.learning_rate`.

        Raises:
            InputError: if a field does not exist or a value will not do.
        """
        tree = self.model_dump(mode="json")
        # The dataset first: it decides what augmentation is suggested.
        for path in sorted(values, key=lambda path: not path.startswith("data.")):
            _put(tree, path, values[path])
            tree = _with_augmentation_resolved(tree)
        return RunConfig.parse(tree)


def is_live(path: str) -> bool:
    """Whether a field of that path, or the one that it is a part of, may change in training."""
    group, _, inside = path.partition(".")
    name = inside.partition(".")[0]
    field = TrainingConfig.model_fields.get(name) if group == "training" else None
    extra = field.json_schema_extra if field is not None else None
    return isinstance(extra, dict) and extra.get("live") is True


def preset(name: str) -> RunConfig:
    """The configuration of a preset.

    Raises:
        InputError: if there is none of that name.
    """
    known = presets.names()
    if name not in known:
        raise InputError(f"preset: {name!r} is not known; choose one of {', '.join(known)}")
    values = presets.read(name)
    values.pop("description")
    return RunConfig.parse(values, f"preset {name}: ")


def read_config(path: Path) -> RunConfig:
    """A configuration from a TOML or JSON file.

    Raises:
        InputError: if the file cannot be read or says something that will not do.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no such file; give a TOML or JSON configuration"
        ) from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); give a TOML or JSON configuration"
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: is not text in UTF-8; give a TOML or JSON configuration"
        ) from None
    try:
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if path.suffix == ".json" else "TOML"
        raise InputError(f"{path}: is not valid {kind}: {error}") from None
    if isinstance(values, dict):
        values.pop("description", None)
    return RunConfig.parse(values, f"{path}: ")


def _with_augmentation_resolved(values: Any) -> Any:
    """The same configuration with `suggested` or `off` as augmentation put into figures."""
    match values:
        case {"training": {"augmentation": "suggested" | "off" as word} as training}:
            how = Augmentation()
            if word == "suggested":
                data = DataConfig.parse(values.get("data", {}), "data.")
                how = suggested(data.dataset, describe(data.dataset).input_shape[2])
            return values | {"training": training | {"augmentation": how.model_dump()}}
    return values


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    """Set one field of nested values.

    Text in place of a layer, an optimizer or a schedule is its kind, with that kind's defaults.
    """
    *groups, name = (path.removesuffix(".kind") if isinstance(value, str) else path).split(".")
    at: Any = tree
    try:
        for group in groups:
            at = at[_key(at, group)]
        old = at.get(name) if isinstance(at, dict) else at[_key(at, name)]
        has_kind = isinstance(old, dict) and "kind" in old
        at[_key(at, name)] = {"kind": value} if has_kind and isinstance(value, str) else value
    except (LookupError, TypeError):
        raise InputError(
            f"{path}: there is no such field; name one as in training.learning_rate"
        ) from None


def _key(at: Any, name: str) -> str | int:
    return int(name) if isinstance(at, list) and name.isdecimal() else name
