import hashlib
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from nn.data import Part, load, mnist
from nn.schema import InputError

# The original files, as MNIST-LICENSE.md lists them.
IDX_SHA256 = {
    ("train", "images"): "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ("train", "labels"): "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ("test", "images"): "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ("test", "labels"): "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@pytest.mark.parametrize("part", ["train", "test"])
def test_the_bundled_digits_are_bit_for_bit_the_original_files(part: Part) -> None:
    dataset = load("mnist", part)
    count = len(dataset)
    images = struct.pack(">4I", 0x00000803, count, 28, 28) + dataset.images.tobytes()
    labels = struct.pack(">2I", 0x00000801, count) + dataset.labels.astype(np.uint8).tobytes()
    assert hashlib.sha256(images).hexdigest() == IDX_SHA256[part, "images"]
    assert hashlib.sha256(labels).hexdigest() == IDX_SHA256[part, "labels"]


def test_the_licence_lists_the_same_sums() -> None:
    text = (Path(mnist.__file__).parent / "MNIST-LICENSE.md").read_text(encoding="utf-8")
    assert all(sha256 in text for sha256 in IDX_SHA256.values())


def test_a_part_has_the_public_shape_and_types() -> None:
    dataset = load("mnist", "test")
    assert dataset.images.shape == (10_000, 28, 28, 1)
    assert dataset.images.dtype == np.uint8
    assert dataset.labels.shape == (10_000,)
    assert dataset.labels.dtype == np.int64
    assert len(dataset.class_names) == 10


def test_the_test_part_leaves_the_training_images_packed() -> None:
    tracemalloc.start()
    load("mnist", "test")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The test images take 8 MB and the training images 47 MB.
    assert peak < 12_000_000


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = bytearray(mnist.FILE.read_bytes())
    content[5_000_000] ^= 1
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(content)
    monkeypatch.setattr(mnist, "FILE", damaged)
    with pytest.raises(InputError) as caught:
        load("mnist", "test")
    assert str(caught.value) == f"{damaged}: the bundled MNIST is damaged; install cnn-tui again"


def test_a_missing_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mnist, "FILE", tmp_path / "mnist.npz")
    with pytest.raises(InputError, match=r"cannot be read \(No such file or directory\); install"):
        load("mnist", "train")
