"""Model and checkpoint files, in the safetensors format: no code in a file, readable elsewhere."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic_core import from_json
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from nn.config import RunConfig
from nn.data import Fingerprint
from nn.data.bounded import require_image_shape
from nn.files import replacing
from nn.network import Network, copy_arrays, plan
from nn.schema import InputError, Schema
from nn.training import TrainingState
from nn.types import Array, Shape

MODEL_SUFFIX = ".safetensors"

SLACK = 1 << 20
"""So many numbers may be missing in a file before room for them is made."""


class ModelCard(Schema):
    """What a model file says about itself, besides the weights.

    The figures are those of `nn.metrics.Evaluation` on the test set; files of earlier versions
    have fewer of them, and a network of five classes or fewer no top-5 accuracy.
    """

    schema_version: Literal[1] = 1
    config: RunConfig
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    created: str
    test_accuracy: float | None = None
    test_loss: float | None = None
    test_top_5_accuracy: float | None = None
    test_macro_f1: float | None = None
    test_calibration_error: float | None = None
    test_count: int = 0
    epochs: float = 0
    run: str | None = None


@dataclass(frozen=True)
class Model:
    """A saved network, ready to answer. Images are scaled to [0, 1] and nothing else."""

    path: Path
    card: ModelCard
    network: Network


def save_model(path: Path, stored: Mapping[str, Array], card: ModelCard) -> None:
    """Write a model file, atomically; `stored` is what the network says that it needs."""
    _write(path, stored, {"format": "cnn-tui model", "card": card.model_dump_json()})


def load_model(path: Path) -> Model:
    """Read a model file and build its network.

    Raises:
        InputError: if there is no such file or it holds no model of ours.
    """
    card = read_card(path)
    stored, _ = _read(path, "cnn-tui model", "model")
    try:
        _require_weights(card, sum(value.size for value in stored.values()))
        network = Network(card.config.network.layers, card.input_shape, len(card.class_names))
        copy_arrays(stored, network.stored)
    except InputError as error:
        raise InputError(f"{path}: is a model whose parts do not fit together: {error}") from None
    return Model(path, card, network)


def _require_weights(card: ModelCard, stored: int) -> None:
    """Refuse a network far larger than its file before any room is made for it; what is a little
    wrong is told by name later."""
    require_image_shape("input_shape", card.input_shape)
    planned = plan(card.config.network.layers, card.input_shape, len(card.class_names)).parameters
    if planned > stored + SLACK:
        raise InputError(f"the network has {planned:,} parameters, but the file only {stored:,}")


def read_card(path: Path) -> ModelCard:
    """What a model file says about itself; the weights stay on disk.

    Raises:
        InputError: if there is no such file or it holds no model of ours.
    """
    metadata = _metadata(path, "cnn-tui model", "model")
    try:
        return ModelCard.parse(from_json(metadata["card"]))
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: is a model whose description is broken ({error})") from None


def save_checkpoint(
    path: Path, state: TrainingState, config: RunConfig, data: Fingerprint | None = None
) -> None:
    """Write a checkpoint, atomically; `data` says which images it has learned from."""
    metadata = {
        "format": "cnn-tui checkpoint",
        "position": json.dumps(state.position),
        "config": config.model_dump_json(),
    }
    if data is not None:
        metadata["data"] = data.model_dump_json()
    _write(path, state.arrays, metadata)


def load_checkpoint(path: Path) -> tuple[TrainingState, RunConfig]:
    """Read a checkpoint: where the training stood, and its configuration at that moment.

    Raises:
        InputError: if there is no such file or it holds no checkpoint.
    """
    arrays, metadata = _read(path, "cnn-tui checkpoint", "checkpoint")
    try:
        position = from_json(metadata["position"])
        config = RunConfig.parse(from_json(metadata["config"]))
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: is a checkpoint whose description is broken ({error})") from None
    return TrainingState(arrays, position), config


def load_network(path: Path, input_shape: Shape, classes: int) -> tuple[Network, int]:
    """The network of a checkpoint, as evaluations judge it, and after which step it was written.

    What else a continuation needs stays on disk.

    Raises:
        InputError: if there is no such file, or it holds no checkpoint of such a network.
    """
    metadata = _metadata(path, "cnn-tui checkpoint", "checkpoint")
    try:
        config = RunConfig.parse(from_json(metadata["config"]))
        step = int(from_json(metadata["position"])["step"])
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: is a checkpoint whose description is broken ({error})") from None
    judged = "parameters" if config.training.average is None else "average"
    try:
        network = Network(config.network.layers, input_shape, classes)
        with _open(path, "checkpoint") as file:
            for group, arrays in ((judged, network.parameters), ("state", network.state)):
                keys = {name: f"{group}.{name}" for name in arrays}
                there = set(file.keys())
                stored = {n: file.get_tensor(key) for n, key in keys.items() if key in there}
                copy_arrays(stored, arrays)
    except InputError as error:
        raise InputError(f"{path}: is a checkpoint of another network: {error}") from None
    return network, step


def read_fingerprint(path: Path) -> Fingerprint | None:
    """Which images a checkpoint has learned from; None if it does not say.

    Raises:
        InputError: if there is no such file or it holds no checkpoint.
    """
    metadata = _metadata(path, "cnn-tui checkpoint", "checkpoint")
    try:
        return Fingerprint.parse(from_json(metadata["data"])) if "data" in metadata else None
    except ValueError as error:
        raise InputError(f"{path}: is a checkpoint whose description is broken ({error})") from None


def _write(path: Path, arrays: Mapping[str, Array], metadata: dict[str, str]) -> None:
    """Straight from the arrays into the file, as a copy of them could be more than there is room
    for."""
    whole = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    with replacing(path) as draft:
        try:
            save_file(whole, draft, metadata)
        except SafetensorError as error:
            number = re.search(r"os error (\d+)", str(error))
            if number is None:
                raise
            code = int(number[1])
            raise OSError(code, os.strerror(code), str(path)) from None


def _metadata(path: Path, wanted: str, what: str) -> dict[str, str]:
    with _open(path, what) as file:
        metadata: dict[str, str] = file.metadata() or {}
    if metadata.get("format") != wanted:
        raise InputError(f"{path}: holds tensors, but it is no {what} of cnn-tui")
    return metadata


def _read(path: Path, wanted: str, what: str) -> tuple[dict[str, Array], dict[str, str]]:
    metadata = _metadata(path, wanted, what)
    with _open(path, what) as file:
        # Where there is no memory for a tensor, safetensors panics; NumPy raises a MemoryError.
        np.empty(path.stat().st_size, np.uint8)
        return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118


def _open(path: Path, what: str) -> Any:
    if not path.exists():
        raise InputError(f"{path}: there is no such file; give a {what}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a {what} file ending in {MODEL_SUFFIX}")
    if not path.is_file():
        raise InputError(f"{path}: is a device; give a {what} file ending in {MODEL_SUFFIX}")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: you may not read it; change its permissions")
    try:
        return safe_open(path, framework="np")
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: is no {what}, or only a part of one ({error}); "
            f"give a file that cnn-tui has saved"
        ) from None
