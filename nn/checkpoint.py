"""Model and checkpoint files, in the safetensors format: no code in a file, readable elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from nn.config import RunConfig
from nn.data import Fingerprint
from nn.files import write_atomically
from nn.network import Network, copy_arrays
from nn.schema import InputError, Schema
from nn.training import TrainingState
from nn.types import Array

MODEL_SUFFIX = ".safetensors"


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
        network = Network(card.config.network.layers, card.input_shape, len(card.class_names))
        copy_arrays(stored, network.stored)
    except InputError as error:
        raise InputError(f"{path}: is a model whose parts do not fit together: {error}") from None
    return Model(path, card, network)


def read_card(path: Path) -> ModelCard:
    """What a model file says about itself; the weights stay on disk.

    Raises:
        InputError: if there is no such file or it holds no model of ours.
    """
    metadata = _metadata(path, "cnn-tui model", "model")
    try:
        return ModelCard.parse(json.loads(metadata["card"]))
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
        position = json.loads(metadata["position"])
        config = RunConfig.parse(json.loads(metadata["config"]))
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: is a checkpoint whose description is broken ({error})") from None
    return TrainingState(arrays, position), config


def read_fingerprint(path: Path) -> Fingerprint | None:
    """Which images a checkpoint has learned from; None if it does not say.

    Raises:
        InputError: if there is no such file or it holds no checkpoint.
    """
    metadata = _metadata(path, "cnn-tui checkpoint", "checkpoint")
    try:
        return Fingerprint.parse(json.loads(metadata["data"])) if "data" in metadata else None
    except ValueError as error:
        raise InputError(f"{path}: is a checkpoint whose description is broken ({error})") from None


def _write(path: Path, arrays: Mapping[str, Array], metadata: dict[str, str]) -> None:
    whole = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    write_atomically(path, save(whole, metadata))


def _metadata(path: Path, wanted: str, what: str) -> dict[str, str]:
    with _open(path, what) as file:
        metadata: dict[str, str] = file.metadata() or {}
    if metadata.get("format") != wanted:
        raise InputError(f"{path}: holds tensors, but it is no {what} of cnn-tui")
    return metadata


def _read(path: Path, wanted: str, what: str) -> tuple[dict[str, Array], dict[str, str]]:
    metadata = _metadata(path, wanted, what)
    with _open(path, what) as file:
        return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118


def _open(path: Path, what: str) -> Any:
    if not path.exists():
        raise InputError(f"{path}: there is no such file; give a {what}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a {what} file ending in {MODEL_SUFFIX}")
    try:
        return safe_open(path, framework="np")
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{path}: is no {what}, or only a part of one ({error}); "
            f"give a file that cnn-tui has saved"
        ) from None
