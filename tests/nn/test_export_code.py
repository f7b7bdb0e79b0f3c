"""Code for other libraries, as far as it can be judged without them."""

from __future__ import annotations

import math
import tomllib
from typing import Any, Literal

import pytest

from nn import presets
from nn.config import RunConfig, preset
from nn.export.code import LANGUAGES, find_language, write
from nn.export.python import Code, call, factor_code
from nn.layers import LAYERS, LayerConfig
from nn.schedules import Cosine, Exponential, OneCycle, ScheduleConfig, Step
from nn.schema import InputError

PYTHON = ("pytorch", "keras")


@pytest.mark.parametrize("name", presets.names())
@pytest.mark.parametrize("language", PYTHON)
def test_the_code_of_every_preset_can_be_read(name: str, language: str) -> None:
    text = write(preset(name), language)
    compile(text, "copied.py", "exec")
    assert text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 110


def test_toml_is_the_configuration() -> None:
    config = preset("cifar10")
    assert RunConfig.parse(tomllib.loads(write(config, "toml"))) == config


def test_an_unknown_language_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"^to: 'c' is not known; choose one of toml, pytorch, ke"):
        find_language("c")


@pytest.mark.parametrize("language", PYTHON)
def test_every_layer_has_code(language: str) -> None:
    for layer in LAYERS:
        kind = layer.model_fields["kind"].default
        flat = kind == "dense"
        config = RunConfig.parse({"network": {"layers": [{"kind": kind}]}})
        text = LANGUAGES[language].write(config, (8,) if flat else (8, 8, 32), 10)
        compile(text, f"{kind}.py", "exec")


@pytest.mark.parametrize(("language", "title"), [("pytorch", "PyTorch"), ("keras", "Keras")])
def test_a_layer_without_code_is_named(language: str, title: str) -> None:
    class Unknown(LayerConfig):
        kind: Literal["blur"] = "blur"

        def output_shape(self, input_shape: Any) -> Any:
            return input_shape

        def build(self, input_shape: Any, dtype: Any) -> Any:
            raise NotImplementedError

    config = preset("small")
    network = config.network.model_copy(update={"layers": (Unknown(),)})
    strange = config.model_copy(update={"network": network})
    with pytest.raises(InputError, match=f"^there is no {title} code for a layer blur; choose"):
        write(strange, language)


SCHEDULES: tuple[ScheduleConfig, ...] = (
    Step(after=(2, 7), drop=0.3),
    Exponential(drop=0.8),
    Cosine(),
    Cosine(warmup=0, floor=0.1),
    Cosine(warmup=3.5, floor=0),
    OneCycle(),
    OneCycle(rise=0.1, start=0.5, floor=0.1),
)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda each: each.model_dump_json())
def test_the_rate_of_every_schedule_is_written_out(schedule: ScheduleConfig) -> None:
    epochs = 10
    module: dict[str, Any] = {"EPOCHS": epochs, "cos": math.cos, "pi": math.pi}
    exec(factor_code(schedule), module)
    for step in range(41):
        epoch = step / 4
        expected = schedule.factor(epoch, epochs, [])
        assert module["factor"](epoch) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_what_is_not_in_the_code_is_said() -> None:
    config = preset("best").changed(
        {"training.patience": 3, "training.loss.class_weights": "balanced"}
    )
    text = " ".join(write(config, "pytorch").split())
    assert "changed at random (shift 2, rotate 10, scale 0.1, shear 0.1, elastic 0.7)" in text
    assert "the end after 3 epochs without a better one" in text
    assert "N / (classes * count)" in text
    assert "Not in this code" not in write(preset("small"), "pytorch")
    keras = " ".join(write(config, "keras").split())
    assert "batch norms gather the biased variance" in keras
    weighted = preset("small").changed({"training.loss.class_weights": [1.0] * 10})
    told = " ".join(write(weighted, "keras").split())
    assert "a batch's loss is divided by its images" in told


def test_long_calls_are_broken() -> None:
    assert call("f", 1, "a", x=Code("y")) == 'f(1, "a", x=y)'
    long = {f"{letter}{'x' * 10}": 1 for letter in "abcde"}
    assert call("function", **long) == (
        "function(\n"
        "    axxxxxxxxxx=1, bxxxxxxxxxx=1, cxxxxxxxxxx=1, dxxxxxxxxxx=1, exxxxxxxxxx=1\n"
        ")"
    )
    several = call("f", **long, gxxxxxxxxxx=2).splitlines()
    assert several[1] == "    axxxxxxxxxx=1,"
    assert several[-2:] == ["    gxxxxxxxxxx=2,", ")"]
