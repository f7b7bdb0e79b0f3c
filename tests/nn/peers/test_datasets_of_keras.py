"""Keras's own loaders on files of their formats, made here: nothing is downloaded."""

from __future__ import annotations

import gzip
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nn.config import preset
from nn.data import describe, load
from nn.training import EpochDone, Training

pytest.importorskip("tensorflow")

SHADES = np.linspace(20, 235, 10).astype(np.uint8)


def labels_of(count: int, classes: int = 10) -> Any:
    return np.random.default_rng(count).permutation(np.arange(count) % classes)


def coloured(labels: Any) -> Any:
    """Images (N, 3, 32, 32) that show their class: red by shade, green dark, blue by row."""
    images = np.zeros((len(labels), 3, 32, 32), np.uint8)
    images[:, 0] = SHADES[labels % 10][:, np.newaxis, np.newaxis]
    images[:, 2] = np.arange(32, dtype=np.uint8)[:, np.newaxis]
    return images


def pickled(path: Path, shown: Any, **named: Any) -> None:
    """As https://www.cs.toronto.edu/~kriz/cifar.html says: rows of 1,024 reds, greens and blues."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = {b"data": coloured(shown).reshape(len(shown), 3072)}
    values |= {name.encode(): of_each.tolist() for name, of_each in named.items()}
    path.write_bytes(pickle.dumps(values))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which Keras finds what it would have downloaded, and does not check its hash."""
    from keras.src.datasets import cifar10, cifar100, fashion_mnist

    for module in (cifar10, cifar100, fashion_mnist):
        monkeypatch.setattr(module, "get_file", lambda fname, **_: str(tmp_path / fname))
    return tmp_path


def test_fashion_mnist(found: Path) -> None:
    labels = {"train": labels_of(60).astype(np.uint8), "t10k": labels_of(20).astype(np.uint8)}
    images = {
        k: np.broadcast_to(SHADES[v][:, None, None], (len(v), 28, 28)) for k, v in labels.items()
    }
    for part in labels:
        head = struct.pack(">4i", 2051, len(labels[part]), 28, 28)
        packed = gzip.compress(head + images[part].tobytes())
        (found / f"{part}-images-idx3-ubyte.gz").write_bytes(packed)
        head = struct.pack(">2i", 2049, len(labels[part]))
        packed = gzip.compress(head + labels[part].tobytes())
        (found / f"{part}-labels-idx1-ubyte.gz").write_bytes(packed)
    for part, name in (("train", "train"), ("test", "t10k")):
        data = load("keras:fashion_mnist", part)
        assert np.array_equal(data.images[..., 0], images[name])
        assert np.array_equal(data.labels, labels[name])
        assert data.class_names[9] == "Ankle boot"


def test_cifar10_and_its_preset(found: Path) -> None:
    folder = found / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        pickled(folder / name, labels_of(10_000), labels=labels_of(10_000))
    train, test = load("keras:cifar10", "train", 400), load("keras:cifar10", "test")
    assert len(test) == 10_000
    assert np.array_equal(train.labels, labels_of(10_000)[:400])
    assert np.array_equal(train.images, coloured(train.labels).transpose(0, 2, 3, 1))
    settings = {"epochs": 3, "batch_size": 20, "augmentation": "off"}
    config = preset("cifar10").changed({f"training.{k}": v for k, v in settings.items()})
    config.check()
    training = Training(config, train, test.take(20))
    *_, last = (done for done in training.run() if isinstance(done, EpochDone))
    assert last.train.accuracy > 0.3, "ten shades of red are told apart by more than chance"


def test_cifar100(found: Path) -> None:
    folder = found / "cifar-100-python-target" / "cifar-100-python"
    labels = {"train": labels_of(300, 100), "test": labels_of(200, 100)}
    for part, fine in labels.items():
        pickled(folder / part, fine, fine_labels=fine, coarse_labels=fine // 5)
    train, test = load("keras:cifar100", "train"), load("keras:cifar100", "test")
    for data, fine in ((train, labels["train"]), (test, labels["test"])):
        assert np.array_equal(data.labels, fine)
        assert np.array_equal(data.images, coloured(fine).transpose(0, 2, 3, 1))
    assert describe("keras:cifar100").class_names[99] == "worm"
