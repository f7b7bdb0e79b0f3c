"""Fields found from declarations, and a configuration while it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import Field as Declared

from nn.config import RunConfig, TrainingConfig, preset
from nn.layers import LAYERS, Layer, LayerConfig
from nn.layers.base import Padding, Size
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.residual import Residual
from nn.optimizers import SGD
from nn.schedules import Step
from nn.schema import InputError, Schema, setting
from nn.types import Shape
from tui.form import LAYER_KINDS, LIST, Draft, Field, fields_of, parse
from tui.form_fields import FieldKind


def by_path(fields: list[Field]) -> dict[str, Field]:
    return {field.path: field for field in fields}


class Blur(LayerConfig):
    """A layer that nobody has thought of yet, with a field of every sort."""

    kind: Literal["blur"] = "blur"
    radius: int = setting(3, "how far it reaches", ge=1, le=9)
    strength: float = setting(0.5, "how much", live=True)
    window: Size = setting("3x5", "height and width")
    border: Padding = setting("same", "what is outside")
    shape: Literal["box", "gauss"] = setting("gauss", "which")
    after: tuple[int, ...] = setting((1, 2), "in which epochs")
    max_channels: int | None = setting(None, "how many")
    inverted: bool = setting(False, "sharpen")
    needed: int = Declared(description="has no default")

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        raise NotImplementedError


def test_fields_of_a_layer_follow_from_its_declaration() -> None:
    start = "network.layers.2"
    assert fields_of(Blur, start) == [
        Field(f"{start}.radius", "radius", "integer", help="how far it reaches", default="3"),
        Field(f"{start}.strength", "strength", "number", help="how much", live=True, default="0.5"),
        Field(f"{start}.window", "window", "size", help="height and width", default="3x5"),
        Field(f"{start}.border", "border", "text", help="what is outside", default="same"),
        Field(f"{start}.shape", "shape", "choice", ("box", "gauss"), "which", default="gauss"),
        Field(f"{start}.after", "after", "list", help="in which epochs", default="1, 2"),
        Field(f"{start}.max_channels", "max channels", "integer", help="how many", optional=True),
        Field(
            f"{start}.inverted", "inverted", "choice", ("true", "false"), "sharpen", default="false"
        ),
        Field(f"{start}.needed", "needed", "integer", help="has no default"),
    ]


def test_fields_that_are_typed_make_the_layer_again() -> None:
    blur = Blur(radius=5, window="2x4", shape="box", after=(), inverted=True, needed=1)
    fields = fields_of(blur)
    typed = {field.path: field.show(getattr(blur, field.path)) for field in fields}
    assert (typed["window"], typed["after"], typed["max_channels"]) == ("2x4", "", "")
    assert Blur.parse({field.path: parse(field, typed[field.path]) for field in fields}) == blur


class Warm(Schema):
    kind: Literal["warm"] = "warm"
    degrees: float = setting(20.0, "how warm")


class Cold(Schema):
    kind: Literal["cold"] = "cold"
    frost: bool = setting(True, "whether it freezes")


class Room(Schema):
    """A union in a group, as optimizers are."""

    climate: Annotated[Warm | Cold, Declared(discriminator="kind")] = setting(
        Cold(), "how it is", live=True
    )
    name: str | None = setting(None, "what it is called")


def test_a_union_is_a_choice_followed_by_the_fields_of_the_chosen_kind() -> None:
    climate = Field(
        "house.climate",
        "climate",
        "choice",
        choices=("warm", "cold"),
        help="how it is",
        live=True,
        default="cold",
        tagged=True,
    )
    name = Field("house.name", "name", "text", help="what it is called", optional=True)
    frost = Field(
        "house.climate.frost",
        "frost",
        "choice",
        choices=("true", "false"),
        help="whether it freezes",
        live=True,
        default="true",
    )
    degrees = Field(
        "house.climate.degrees", "degrees", "number", help="how warm", live=True, default="20"
    )
    assert fields_of(Room, "house") == [climate, frost, name]
    assert fields_of(Room(climate=Warm()), "house") == [climate, degrees, name]


def test_every_layer_has_fields_for_all_that_it_declares() -> None:
    for layer in LAYERS:
        declared = set(layer.model_fields) - {"kind"}
        assert {field.path for field in fields_of(layer)} == declared
    assert tuple(layer.model_fields["kind"].default for layer in LAYERS) == LAYER_KINDS


def test_live_fields_are_those_that_the_configuration_marks() -> None:
    live = {field.path for field in fields_of(TrainingConfig, "training") if field.live}
    assert {"training.epochs", "training.learning_rate", "training.schedule"} <= live
    assert not live & {"training.seed", "training.batch_size", "training.optimizer"}
    instance = TrainingConfig(schedule=Step())
    assert by_path(fields_of(instance, "training"))["training.schedule.after"].live


def test_fields_of_a_whole_run_come_in_the_order_of_the_declaration() -> None:
    config = preset("mlp").changed({"training.optimizer": "sgd"})
    paths = [field.path for field in fields_of(config)]
    assert paths[:5] == [
        "data.dataset",
        "data.limit",
        "data.validation",
        "network.layers.0",
        "network.layers.1",
    ]
    assert "schema_version" not in paths
    at = paths.index("training.optimizer")
    assert paths[at + 1 : at + 2] == ["training.optimizer.momentum"]
    assert by_path(fields_of(config))["network.layers.1"].label == "layer 2"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", " 12 ", 12),
        ("integer", "1.5", "1.5"),
        ("integer", "many", "many"),
        ("number", "1e-3", 0.001),
        ("number", "fast", "fast"),
        ("text", " same ", "same"),
        ("choice", "gemm", "gemm"),
        ("size", "3x5", "3x5"),
        ("list", "10, 20", ["10", "20"]),
        ("list", "10 20", ["10", "20"]),
        ("list", "", []),
        ("number", "", ""),
    ],
)
def test_what_a_text_means(
    kind: FieldKind,
    text: str,
    value: object,
) -> None:
    assert parse(Field("a", "a", kind), text) == value


def test_empty_text_of_an_optional_field_is_none() -> None:
    assert parse(Field("a", "a", "integer", optional=True), "  ") is None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("number", 0.001, "0.001"),
        ("number", 1e-08, "1e-08"),
        ("number", 20.0, "20"),
        ("integer", 128, "128"),
        ("integer", None, ""),
        ("size", (5, 5), "5"),
        ("size", (3, 5), "3x5"),
        ("list", (10, 20), "10, 20"),
        ("choice", SGD(), "sgd"),
        ("text", 2, "2"),
    ],
)
def test_how_a_value_is_typed(
    kind: FieldKind,
    value: object,
    text: str,
) -> None:
    assert Field("a", "a", kind).show(value) == text


@pytest.fixture
def config() -> RunConfig:
    """conv 6, relu, pool, conv 16 (valid), relu, pool, flatten, dense 120, …, dense 10."""
    return preset("lenet")


@pytest.fixture
def draft(config: RunConfig) -> Draft:
    return Draft(config)


@pytest.mark.parametrize("name", ["original", "small", "lenet", "mlp"])
def test_a_draft_of_a_sound_configuration_is_that_configuration(name: str) -> None:
    draft = Draft(preset(name))
    assert draft.config == preset(name)
    assert draft.errors == {}
    assert draft.plan == preset(name).plan()
    assert draft.wrong_layer is None
    assert draft.differing(preset(name)) == []


def test_typing_changes_the_configuration(draft: Draft, config: RunConfig) -> None:
    draft.set("training.learning_rate", "0.5")
    draft.set("network.layers.0.kernel_size", "3x5")
    draft.set("data.limit", "1000")
    assert draft.config == config.changed(
        {
            "training.learning_rate": 0.5,
            "network.layers.0.kernel_size": [3, 5],
            "data.limit": 1000,
        }
    )


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        ("training.learning_rate", "fast", "'fast' is not a number; write one such as 0.5"),
        ("training.learning_rate", "", "a value is needed"),
        ("training.learning_rate", "nan", "nan is not a number; write one such as 0.5"),
        ("training.epochs", "0", "0 is too small; give 1 or more"),
        ("training.batch_size", "1.5", "'1.5' is not a whole number; write one such as 10"),
        ("data.limit", "3", "3 is too small; give 10 or more"),
        ("network.layers.0.filters", "0", "0 is too small; give 1 or more"),
        (
            "network.layers.0.kernel_size",
            "5x",
            "'5x' is no size; give a number from 1 to 64, or two as in 3x5",
        ),
        (
            "network.layers.3.padding",
            "wide",
            "'wide' is no padding; give same, valid or a number from 0 to 64",
        ),
        ("network.layers.9.units", "ten", "'ten' is not a whole number; write one such as 10"),
        (
            "save_as",
            "my digits",
            "'my digits' will not do; use letters, digits, dots, dashes and underscores, "
            "64 at most",
        ),
        ("save_as", "con", "'con' is a device on some systems; choose another name"),
    ],
)
def test_a_wrong_text_has_its_sentence_beside_its_field(
    draft: Draft, config: RunConfig, path: str, text: str, sentence: str
) -> None:
    good = draft.texts[path]
    draft.set(path, text)
    assert draft.errors == {path: sentence}
    assert draft.texts[path] == text
    assert draft.config is None

    draft.set(path, good)
    assert draft.errors == {}
    assert draft.config == config


def test_every_wrong_field_is_named_at_once(draft: Draft) -> None:
    draft.set("training.epochs", "x")
    draft.set("network.layers.3.filters", "-1")
    draft.set("data.dataset", "mnits")
    assert set(draft.errors) == {"training.epochs", "network.layers.3.filters", "data.dataset"}
    assert draft.errors["data.dataset"].startswith("'mnits' is not known; choose")


def test_an_unknown_kind_is_wrong_until_it_is_known(draft: Draft, config: RunConfig) -> None:
    draft.set("training.optimizer", "adm")
    assert set(draft.errors) == {"training.optimizer"}
    assert draft.errors["training.optimizer"].startswith("'adm' is not known; choose one of")
    draft.set("training.optimizer", "adam")
    assert draft.config == config


BLOCK = f"{LIST}.1"
INSIDE = f"{BLOCK}.layers"


@pytest.fixture
def residual(draft: Draft) -> Draft:
    """A draft whose second layer is a residual block."""
    draft.add_layer("residual", 1)
    draft.set("network.layers.0.filters", "32")
    return draft


def test_layers_inside_a_layer_are_a_line_of_json(residual: Draft) -> None:
    assert residual.errors == {}
    assert [field.path for field in residual.fields(BLOCK)] == [INSIDE]
    conv = {"kind": "conv2d", "kernel_size": 3}
    assert json.loads(residual.texts[INSIDE]) == [conv, {"kind": "relu"}, conv]
    inner = {"kind": "residual", "layers": [{"kind": "conv2d", "kernel_size": [3, 5]}]}
    residual.set(INSIDE, json.dumps([{"kind": "silu"}, inner]))
    assert residual.errors == {}
    assert residual.config is not None
    block = residual.config.network.layers[1]
    assert block == Residual.parse({"layers": [{"kind": "silu"}, inner]})
    again = Draft(residual.config)
    assert again.config == residual.config
    assert json.loads(again.texts[INSIDE]) == [{"kind": "silu"}, inner]
    assert again.differing(residual.config) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "a value is needed"),
        ("[", 'no JSON yet; write a list such as [{"kind": "relu"}]'),
        ("[" * 5000, "no JSON yet; write a list"),
        ("{}", "a group of fields is not a list"),
        ("[]", "1 or more are needed"),
        ("[3]", "0: 3 is not a group of fields"),
        ('[{"kind": "conv3d"}]', "0: 'conv3d' is not known; choose one of 'conv2d', "),
        ('[{"filters": 3}]', "0: no 'kind' is given"),
        ('[{"kind": "relu"}, {"kind": "conv2d", "filters": 0}]', "1.filters: 0 is too small"),
    ],
)
def test_wrong_layers_inside_a_layer_keep_their_text(
    residual: Draft, text: str, sentence: str
) -> None:
    residual.set(INSIDE, text)
    assert set(residual.errors) == {INSIDE}
    assert sentence in residual.errors[INSIDE]
    assert residual.texts[INSIDE] == text
    assert residual.wrong_layer == 1
    assert "layers: " in str(residual.plan.problem)
    assert residual.layer_line(1) == f"residual {text}".strip()


def test_layers_inside_a_layer_that_do_not_fit_are_the_plans_problem(residual: Draft) -> None:
    residual.set(INSIDE, '[{"kind": "flatten"}]')
    assert residual.errors[LIST].startswith(
        "layer 2 (residual): its layers make 25088 of 28×28×32, which no shortcut can"
    )
    residual.move_layer(1, 2)
    assert residual.texts[f"{LIST}.3.layers"] == '[{"kind": "flatten"}]'


def test_a_wrong_item_of_a_list_is_the_lists_error(draft: Draft) -> None:
    draft.set("training.schedule", "step")
    draft.set("training.schedule.after", "10, soon")
    assert draft.errors == {
        "training.schedule.after": "'soon' is not a whole number; write one such as 10"
    }
    draft.set("training.schedule.after", "3 7")
    assert draft.config is not None
    assert draft.config.training.schedule == Step(after=(3, 7))


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
def test_every_optimizer_has_weight_decay(draft: Draft, optimizer: str) -> None:
    draft.set("training.optimizer", optimizer)
    draft.set("training.optimizer.weight_decay", "0.05")
    assert draft.errors == {}
    assert draft.config is not None
    assert draft.config.training.optimizer.weight_decay == 0.05


def test_clipping_may_change_in_training_and_averaging_may_not(draft: Draft) -> None:
    before = draft.config
    assert before is not None
    assert draft.texts["training.clip_norm"] == draft.texts["training.average"] == ""
    draft.set("training.clip_norm", "1.5")
    draft.set("training.average", "0.99")
    assert draft.config is not None
    assert (draft.config.training.clip_norm, draft.config.training.average) == (1.5, 0.99)
    assert draft.live_changes(before) == {"training.clip_norm": 1.5}
    assert draft.needs_new_run(before) == ["training.average"]
    draft.set("training.average", "1")
    assert draft.errors == {"training.average": "1.0 is too large; give a number less than 1.0"}


def test_another_optimizer_keeps_the_other_fields(draft: Draft) -> None:
    draft.set("training.learning_rate", "0.25")
    draft.set("training.seed", "seven")
    draft.set("training.optimizer.beta1", "0.5")
    draft.set("training.optimizer", "sgd")
    assert draft.texts["training.learning_rate"] == "0.25"
    assert draft.texts["training.seed"] == "seven"
    assert draft.texts["training.optimizer.momentum"] == "0.9"
    assert "training.optimizer.beta1" not in draft.texts
    draft.set("training.seed", "7")
    assert draft.config is not None
    assert draft.config.training.optimizer == SGD()
    assert (draft.config.training.seed, draft.config.training.learning_rate) == (7, 0.25)

    draft.set("training.optimizer", "adam")
    assert draft.texts["training.optimizer.beta1"] == "0.9"


def test_choosing_the_same_kind_again_changes_nothing(draft: Draft) -> None:
    draft.set("training.optimizer.beta1", "0.5")
    draft.set("training.optimizer", "adam")
    assert draft.texts["training.optimizer.beta1"] == "0.5"


def test_a_field_that_is_not_there_is_refused(draft: Draft) -> None:
    with pytest.raises(InputError, match=r"training\.speed: there is no such field"):
        draft.set("training.speed", "1")


def test_a_group_begins_with_its_heading(draft: Draft) -> None:
    headings = {field.path: field.heading for field in draft.fields() if field.heading}
    assert headings == {
        "training.loss.label_smoothing": "loss",
        "training.augmentation.shift": "augmentation",
    }


def test_fields_of_a_group(draft: Draft) -> None:
    names = [field.path for field in draft.fields("network.layers.0")]
    assert names == [f"network.layers.0.{name}" for name in Conv2D.model_fields if name != "kind"]
    assert draft.fields("network.layers.1") == []
    assert {field.path for field in draft.fields()} == set(draft.texts)


def test_layer_lines(draft: Draft) -> None:
    lines = [draft.layer_line(index) for index in range(draft.layer_count)]
    assert lines[:4] == [
        "conv2d 6 of 5×5, same",
        "relu",
        "max_pool2d 2×2",
        "conv2d 16 of 5×5, valid",
    ]
    draft.set("network.layers.0.filters", "six")
    assert draft.layer_line(0).startswith("conv2d six, 5, 1, same")
    assert draft.layer_line(3) == "conv2d 16 of 5×5, valid"


def test_moving_a_layer_takes_its_texts_along_also_wrong_ones(draft: Draft) -> None:
    draft.set("network.layers.0.filters", "six")
    draft.set("network.layers.3.kernel_size", "3x4")
    assert draft.move_layer(3, -2) == 1
    kinds = [draft.layer_kind(index) for index in range(5)]
    assert kinds == ["conv2d", "conv2d", "relu", "max_pool2d", "relu"]
    assert draft.texts["network.layers.0.filters"] == "six"
    assert draft.texts["network.layers.1.filters"] == "16"
    assert draft.texts["network.layers.1.kernel_size"] == "3x4"
    assert set(draft.errors) == {"network.layers.0.filters"}

    assert draft.move_layer(0, 1) == 1
    assert set(draft.errors) == {"network.layers.1.filters"}
    assert draft.texts["network.layers.0.kernel_size"] == "3x4"


def test_a_layer_moves_no_further_than_the_ends(draft: Draft, config: RunConfig) -> None:
    assert draft.move_layer(0, -1) == 0
    assert draft.move_layer(draft.layer_count - 1, 5) == draft.layer_count - 1
    assert draft.config == config


def test_dropping_a_layer_closes_the_gap(draft: Draft, config: RunConfig) -> None:
    draft.set("network.layers.3.filters", "24")
    draft.drop_layer(1)
    assert draft.texts["network.layers.2.filters"] == "24"
    expected = list(config.changed({"network.layers.3.filters": 24}).network.layers)
    del expected[1]
    assert draft.config is not None
    assert list(draft.config.network.layers) == expected


def test_dropping_keeps_the_order_of_more_than_ten_layers(draft: Draft) -> None:
    """Twelve layers: numbers of one digit and of two."""
    before = [draft.layer_line(index) for index in range(draft.layer_count)]
    assert len(before) == 12
    draft.drop_layer(2)
    after = [draft.layer_line(index) for index in range(draft.layer_count)]
    assert after == before[:2] + before[3:]


def test_adding_a_layer_gives_its_defaults(draft: Draft, config: RunConfig) -> None:
    draft.add_layer("dense", 7)
    assert draft.texts["network.layers.7.units"] == Field("", "", "integer").show(Dense().units)
    assert draft.texts["network.layers.8.units"] == "120"
    assert draft.config is not None
    layers = config.network.layers
    assert draft.config.network.layers == (*layers[:7], Dense(), *layers[7:])
    draft.add_layer("relu", draft.layer_count)
    assert draft.layer_kind(draft.layer_count - 1) == "relu"


def test_another_kind_of_layer_comes_with_its_defaults(draft: Draft) -> None:
    draft.set("network.layers.0", "max_pool2d")
    assert draft.texts["network.layers.0.pool_size"] == "2"
    assert "network.layers.0.filters" not in draft.texts
    assert draft.config is not None


def test_without_layers_there_is_nothing_to_train(draft: Draft) -> None:
    while draft.layer_count:
        draft.drop_layer(0)
    assert set(draft.errors) == {"network.layers"}
    assert draft.config is None
    assert (draft.plan.layers, draft.wrong_layer) == ((), None)
    draft.add_layer("flatten", 0)
    draft.add_layer("dense", 1)
    draft.set("network.layers.1.units", "10")
    assert draft.config is not None


def test_a_kernel_that_is_too_large_shows_in_the_plan(draft: Draft) -> None:
    draft.set("network.layers.3.kernel_size", "15")
    assert draft.plan.problem is not None
    assert draft.plan.problem.startswith("layer 4 (conv2d): its 15×15 kernel does not fit")
    assert draft.wrong_layer == 3
    assert len(draft.plan.layers) == 3
    assert draft.errors == {"network.layers": draft.plan.problem}
    assert draft.config is None
    draft.set("network.layers.3.kernel_size", "13")
    assert draft.plan.problem is None
    assert draft.wrong_layer is None


def test_a_wrong_field_ends_the_plan_at_its_layer(draft: Draft) -> None:
    draft.set("network.layers.3.filters", "many")
    assert [layer.name for layer in draft.plan.layers] == ["1.conv2d", "2.relu", "3.max_pool2d"]
    assert (
        draft.plan.problem
        == "layer 4 (conv2d): filters: 'many' is not a whole number; write one such as 10"
    )
    assert draft.wrong_layer == 3
    assert set(draft.errors) == {"network.layers.3.filters"}


def test_an_unknown_kind_of_layer_ends_the_plan_too(draft: Draft) -> None:
    draft.set("network.layers.2", "min_pool")
    assert draft.wrong_layer == 2
    assert draft.plan.problem is not None
    assert draft.plan.problem.startswith("layer 3 (min_pool): 'min_pool' is not known")


def test_the_first_wrong_layer_counts(draft: Draft) -> None:
    """One whose kernel does not fit, before one with a wrong text."""
    draft.set("network.layers.3.kernel_size", "15")
    draft.set("network.layers.7.units", "x")
    assert draft.wrong_layer == 3
    assert set(draft.errors) == {"network.layers", "network.layers.7.units"}


def test_a_last_layer_of_the_wrong_size_is_the_whole_networks_problem(draft: Draft) -> None:
    last = draft.layer_count - 1
    draft.set(f"network.layers.{last}.units", "11")
    assert draft.wrong_layer is None
    assert "dense layer of 10 units" in draft.errors["network.layers"]


def test_a_wrong_field_of_training_leaves_the_plan(draft: Draft, config: RunConfig) -> None:
    draft.set("training.epochs", "x")
    assert draft.plan == config.plan()


def test_an_unknown_dataset_leaves_the_plan_of_the_last_known_one(draft: Draft) -> None:
    draft.set("data.dataset", "keras:cifar10")
    assert draft.plan.input_shape == (32, 32, 3)
    draft.set("data.dataset", "keras:cifar1")
    assert set(draft.errors) == {"data.dataset"}
    assert draft.plan.input_shape == (32, 32, 3)
    assert draft.wrong_layer is None


def test_use_replaces_everything(draft: Draft) -> None:
    draft.set("training.epochs", "x")
    draft.use(preset("mlp"))
    assert (draft.config, draft.errors) == (preset("mlp"), {})
    assert draft.layer_count == len(preset("mlp").network.layers)


def test_what_can_change_in_a_run_and_what_cannot(draft: Draft, config: RunConfig) -> None:
    draft.set("training.learning_rate", "0.5")
    draft.set("training.schedule", "step")
    draft.set("training.schedule.after", "4")
    assert draft.needs_new_run(config) == []
    changes = draft.live_changes(config)
    assert changes == {
        "training.learning_rate": 0.5,
        "training.schedule": {"kind": "step", "drop": 0.1, "after": [4]},
    }
    assert config.changed(changes) == draft.config

    draft.set("training.seed", "1")
    draft.set("training.optimizer.beta1", "0.5")
    assert draft.needs_new_run(config) == ["training.optimizer.beta1", "training.seed"]


def test_what_a_run_has_changed_is_taken_over(draft: Draft, config: RunConfig) -> None:
    changes = {
        "training.learning_rate": 0.5,
        "training.schedule": {"kind": "step", "drop": 0.1, "after": [4]},
    }
    draft.set("data.limit", "1000")
    draft.follow(config, config.changed(changes))
    assert draft.config == config.changed({**changes, "data.limit": 1000})
    assert draft.history.last == "limit: 1000"
    draft.follow(config.changed(changes), config)
    assert draft.config == config.changed({"data.limit": 1000})


def test_what_is_being_edited_is_not_taken_over(draft: Draft, config: RunConfig) -> None:
    draft.set("training.learning_rate", "0.7")
    draft.set("training.schedule.floor", "oops")
    later = config.changed(
        {"training.learning_rate": 0.5, "training.schedule": "constant", "training.epochs": 99}
    )
    draft.follow(config, later)
    assert draft.texts["training.learning_rate"] == "0.7"
    assert draft.texts["training.schedule"] == "cosine"
    assert draft.texts["training.schedule.floor"] == "oops"
    assert draft.texts["training.epochs"] == "99"


def test_a_wrong_draft_has_no_changes_for_a_run(draft: Draft, config: RunConfig) -> None:
    draft.set("training.learning_rate", "0.5")
    draft.set("training.epochs", "x")
    assert draft.live_changes(config) == {}
    assert set(draft.differing(config)) == {"training.learning_rate", "training.epochs"}


def test_the_same_value_in_other_words_is_no_difference(draft: Draft, config: RunConfig) -> None:
    draft.set("network.layers.0.kernel_size", "5x5")
    draft.set("training.learning_rate", "2e-3")
    assert draft.differing(config) == []


def test_other_layers_need_a_new_run(draft: Draft, config: RunConfig) -> None:
    draft.drop_layer(1)
    assert draft.needs_new_run(config)
    draft.use(config)
    draft.set("network.layers.0.filters", "x")
    assert draft.needs_new_run(config) == ["network.layers.0.filters"]


def test_a_dataset_by_path_gives_its_shape_and_is_held_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images = np.zeros((12, 20, 30, 3), np.uint8)
    np.savez("mine.npz", x_train=images, y_train=np.arange(12) % 10)
    draft = Draft(preset("mlp"))
    draft.set("data.dataset", "mine.npz")
    assert "too few to keep some for the test" in draft.errors["data.dataset"]
    np.savez("mine.npz", x_train=images, y_train=np.arange(12) % 10, x_test=images, y_test=[1] * 12)
    draft.set("data.dataset", "mine.npz ")
    assert draft.errors == {}
    assert draft.plan.input_shape == (20, 30, 3)
    assert draft.config is not None
    assert draft.config.data.dataset == str(tmp_path / "mine.npz")
    assert draft.differing(draft.config) == []


def test_a_path_with_nothing_there_says_so_beside_the_field() -> None:
    draft = Draft(preset("mlp"))
    draft.set("data.dataset", "/no/such/place")
    assert draft.errors == {"data.dataset": "/no/such/place: there is no such file"}
    assert draft.config is None


def test_augmentation_can_be_typed_and_changes_a_run_that_trains() -> None:
    config = preset("mlp")
    draft = Draft(config)
    draft.set("training.augmentation.rotate", "12.5")
    assert draft.config is not None
    assert draft.config.training.augmentation.rotate == 12.5
    assert draft.needs_new_run(config) == []
    changes = draft.live_changes(config)
    assert list(changes) == ["training.augmentation"]
    assert config.changed(changes) == draft.config


def test_what_is_made_small_and_how_long_to_wait_can_be_typed() -> None:
    draft = Draft(preset("mlp"))
    fields = by_path(draft.fields("training"))
    new = ["loss.label_smoothing", "loss.class_weights", "accumulate", "patience"]
    for name in new:
        assert fields[f"training.{name}"].help, name
    assert [name for name in new if fields[f"training.{name}"].live] == ["patience"]
    typed = {"loss.label_smoothing": "0.1", "loss.class_weights": "1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5"}
    typed |= {"accumulate": "4", "patience": "3"}
    for name, text in typed.items():
        draft.set(f"training.{name}", text)
    assert draft.errors == {}
    assert draft.config is not None
    training = draft.config.training
    assert (training.accumulate, training.patience) == (4, 3)
    assert training.loss.label_smoothing == 0.1
    assert training.loss.class_weights == (1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5)
    again = Draft(draft.config)
    assert again.config == draft.config
    assert again.differing(draft.config) == []
    for name in ("loss.class_weights", "patience"):
        draft.set(f"training.{name}", "")
    assert draft.errors == {}
    assert draft.config.training.patience is None
    assert draft.config.training.loss.class_weights is None


def test_fields_that_contradict_others_say_so_beside_themselves() -> None:
    draft = Draft(preset("mlp"))
    draft.set("training.loss.class_weights", "1, 2")
    draft.set("training.patience", "3")
    draft.set("data.validation", "0")
    assert draft.config is None
    assert draft.errors["training.loss.class_weights"] == (
        "2 given for 10 classes; give one weight a class, or balanced"
    )
    assert draft.errors["training.patience"].startswith("without validation images no epoch is")
    draft.set("training.loss.class_weights", "often")
    assert draft.errors["training.loss.class_weights"] == (
        "'often' will not do; give balanced, or a number from 0.001 to 1,000 for each class"
    )


@pytest.mark.parametrize("text", ["x" * 100_000, "1" * 5000], ids=["letters", "digits"])
def test_what_is_wrong_with_a_long_text_is_said_in_short(text: str) -> None:
    draft = Draft(preset("lenet"))
    for field in draft.fields():
        if not field.choices and field.path in draft.texts:
            before = draft.texts[field.path]
            draft.set(field.path, text)
            sentences = [*draft.errors.values(), draft.plan.problem or ""]
            assert max(map(len, sentences)) < 300, field.path
            draft.set(field.path, before)
