"""ONNX files, as onnxruntime runs them, where that is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from export_models import NAMES, named_model, some_images
from numpy.testing import assert_allclose

from nn.checkpoint import Model
from nn.export import export, find_format, onnx_file
from nn.schema import InputError

onnx: Any = pytest.importorskip("onnx")
onnxruntime: Any = pytest.importorskip("onnxruntime")


def write(model: Model, folder: Path) -> Path:
    path = folder / "mine.onnx"
    path.write_bytes(export(model, find_format("onnx")))
    return path


@pytest.mark.parametrize("name", NAMES)
def test_onnxruntime_gives_the_same_probabilities(name: str, tmp_path: Path) -> None:
    model = named_model(name)
    path = write(model, tmp_path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for count in (1, 5):
        images = some_images(model, count)
        (found,) = session.run(["probabilities"], {"images": images})
        assert_allclose(found, model.network.predict(images), rtol=0, atol=1e-5)


def test_the_file_says_what_it_takes_and_gives(tmp_path: Path) -> None:
    file = onnx.load(write(named_model("several of all"), tmp_path))
    (taken,), (given,) = file.graph.input, file.graph.output
    shapes = [
        [each.dim_param or each.dim_value for each in value.type.tensor_type.shape.dim]
        for value in (taken, given)
    ]
    assert (taken.name, given.name) == ("images", "probabilities")
    assert shapes == [["N", 14, 13, 3], ["N", 3]]
    properties = {each.key: each.value for each in file.metadata_props}
    assert json.loads(properties["class_names"]) == ["cat", "dog", "ant"]
    assert "divided by 255" in properties["preprocessing"]


def test_a_network_too_large_for_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "LARGEST", 1000)
    with pytest.raises(InputError, match="hold 1,000 bytes of weights, but this network has"):
        export(named_model("several of all"), find_format("onnx"))
