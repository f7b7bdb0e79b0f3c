"""Keras files, as Keras loads and runs them, where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from export_models import NAMES, named_model, some_images
from numpy.testing import assert_allclose

from nn.checkpoint import Model
from nn.export import export, find_format

keras: Any = pytest.importorskip("keras")

# Keras's own conversion of its variables is not up to NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def load(model: Model, folder: Path) -> Any:
    path = folder / "mine.keras"
    path.write_bytes(export(model, find_format("keras")))
    return keras.models.load_model(path)


@pytest.mark.parametrize("name", NAMES)
def test_keras_gives_the_same_probabilities(name: str, tmp_path: Path) -> None:
    model = named_model(name)
    loaded = load(model, tmp_path)
    images = some_images(model, 5)
    found = loaded.predict(images, batch_size=2, verbose=0)
    assert_allclose(found, model.network.predict(images), rtol=0, atol=1e-5)


def test_the_file_says_what_it_takes_and_gives(tmp_path: Path) -> None:
    loaded = load(named_model("several of all"), tmp_path)
    assert (loaded.layers[0].name, loaded.layers[-1].name) == ("images", "probabilities")
    assert loaded.input_shape == (None, 14, 13, 3)
    assert loaded.output_shape == (None, 3)
