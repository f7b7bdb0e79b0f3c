"""What holds of every export format, also where the libraries are not installed."""

from __future__ import annotations

import sys
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from export_models import END, make_model

from nn.checkpoint import Model
from nn.export import FORMATS, Exported, Format, export, find_format, keras_file, onnx_file
from nn.export.base import Placed
from nn.layers import Layer, LayerConfig
from nn.layers.conv import Conv2D
from nn.layers.pool import AvgPool2D, MaxPool2D
from nn.schema import InputError
from nn.types import Array, Shape


@pytest.fixture
def model() -> Model:
    return make_model((4, 5, 2), END)


def test_an_unknown_format_is_refused() -> None:
    assert [find_format(name).suffix for name in ("onnx", "keras")] == [".onnx", ".keras"]
    with pytest.raises(InputError, match=r"^format: 'tflite' is not known; choose onnx or keras$"):
        find_format("tflite")


@pytest.mark.parametrize("name", ["onnx", "keras"])
def test_a_missing_package_is_named(
    name: str, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    sentence = rf'^format: {name} files need the package {name}; .* "cnn-tui\[{name}\]"$'
    with pytest.raises(InputError, match=sentence):
        export(model, FORMATS[name])


class Mirror(LayerConfig):
    """A layer that nobody has heard of."""

    kind: Literal["mirror"] = "mirror"

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def build(self, input_shape: Shape, dtype: npt.DTypeLike) -> Layer:
        raise NotImplementedError


def test_a_layer_without_conversion_is_named() -> None:
    at = Placed((4, 5, 2), {})
    unused: Any = None
    with pytest.raises(InputError, match=r"^format: onnx files cannot hold a layer mirror; choose"):
        onnx_file.convert(Mirror(), at, "images", unused)
    with pytest.raises(
        InputError, match=r"^format: keras files cannot hold a layer mirror; choose"
    ):
        keras_file.convert(Mirror(), at, unused, unused)


def written(by: float) -> Format:
    """A format whose files answer wrongly by so much."""

    def build(model: Model) -> Exported:
        def answer(images: Array) -> Array:
            return model.network.predict(images) + np.float32(by)

        return Exported(b"content", answer)

    return Format("plain", ".plain", build)


def test_a_file_is_tried_before_it_is_written(model: Model) -> None:
    assert export(model, written(by=1e-6)) == b"content"
    sentence = r"^format: plain cannot say .* by 0\.01; choose another format$"
    with pytest.raises(InputError, match=sentence):
        export(model, written(by=0.01))
    with pytest.raises(InputError, match=r"^format: plain cannot say"):
        export(model, written(by=float("nan")))


@pytest.mark.parametrize(
    "config",
    [
        MaxPool2D(padding=1),
        AvgPool2D(padding=1),
        Conv2D(stride=(2, 2), dilation=(2, 1)),
    ],
)
def test_what_keras_has_no_word_for_is_refused(config: LayerConfig) -> None:
    unused: Any = None
    sentence = f"^format: keras files cannot hold a layer {config.kind}; choose another format$"
    with pytest.raises(InputError, match=sentence):
        keras_file.convert(config, Placed((4, 5, 2), {}), unused, unused)
