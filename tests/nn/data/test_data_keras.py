import sys
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest

from nn.data import describe, load
from nn.schema import InputError

GREY = (np.arange(3 * 28 * 28) % 251).astype(np.uint8).reshape(3, 28, 28)
COLOUR = (np.arange(3 * 32 * 32 * 3) % 251).astype(np.uint8).reshape(3, 32, 32, 3)
# Keras unpacks CIFAR with the channels first and then turns the axes, which leaves such strides.
TURNED = np.ascontiguousarray(COLOUR.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
NAMES = ["keras:mnist", "keras:fashion_mnist", "keras:cifar10", "keras:cifar100"]


def install(monkeypatch: pytest.MonkeyPatch, name: str, load_data: Any) -> None:
    """Put a module in TensorFlow's place that has only the dataset `name`."""
    datasets = SimpleNamespace(**{name: SimpleNamespace(load_data=load_data)})
    fake = SimpleNamespace(keras=SimpleNamespace(datasets=datasets))
    monkeypatch.setitem(sys.modules, "tensorflow", fake)


@pytest.mark.parametrize("name", NAMES[:2])
def test_grey_images_get_a_channel(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    labels = np.array([9, 0, 4], dtype=np.uint8)
    install(
        monkeypatch,
        name.removeprefix("keras:"),
        lambda: ((GREY, labels), (GREY[:2], labels[:2])),
    )
    train, test = load(name, "train"), load(name, "test")
    assert train.images.shape == (3, 28, 28, 1)
    assert np.array_equal(train.images[..., 0], GREY)
    assert train.labels.dtype == np.int64
    assert train.labels.tolist() == [9, 0, 4]
    assert np.array_equal(test.images[..., 0], GREY[:2])
    assert test.name == name
    assert test.class_names == describe(name).class_names


@pytest.mark.parametrize("name", NAMES[2:])
@pytest.mark.parametrize("images", [TURNED, TURNED.transpose(0, 3, 1, 2)], ids=["last", "first"])
def test_colour_images_have_channels_last_and_flat_labels(
    monkeypatch: pytest.MonkeyPatch, name: str, images: np.ndarray[Any, Any]
) -> None:
    labels = np.array([[6], [9], [0]], dtype=np.uint8)
    install(monkeypatch, name.removeprefix("keras:"), lambda: ((images, labels), (images, labels)))
    dataset = load(name, "train")
    assert np.array_equal(dataset.images, COLOUR)
    assert dataset.images.flags.c_contiguous
    assert dataset.labels.tolist() == [6, 9, 0]


def test_what_keras_prints_stays_out_of_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load_data() -> object:
        print("Downloading data")
        labels = np.zeros(3, dtype=np.uint8)
        return (GREY, labels), (GREY, labels)

    install(monkeypatch, "mnist", load_data)
    load("keras:mnist", "test")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Downloading data\n"


@pytest.mark.parametrize(
    "failure",
    [
        Exception("URL fetch failure on the address: None -- Name or service not known"),
        URLError("Network is unreachable"),
        ValueError("Incomplete or corrupted file detected."),
    ],
)
def test_a_failed_download_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def load_data() -> object:
        raise failure

    install(monkeypatch, "cifar10", load_data)
    with pytest.raises(InputError) as caught:
        load("keras:cifar10", "train")
    message = str(caught.value)
    assert message.startswith(f"data.dataset: keras:cifar10 could not be loaded ({failure}); check")
    assert "\n" not in message


@pytest.mark.parametrize("name", NAMES)
def test_without_tensorflow_the_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(InputError, match=r'pip install "cnn-tui\[tensorflow\]"'):
        load(name, "test")
    assert describe(name).test_count == 10_000


@pytest.mark.parametrize(
    ("name", "shape", "train_count", "some_classes", "classes"),
    [
        ("keras:mnist", (28, 28, 1), 60_000, {0: "0", 9: "9"}, 10),
        (
            "keras:fashion_mnist",
            (28, 28, 1),
            60_000,
            {0: "T-shirt/top", 5: "Sandal", 9: "Ankle boot"},
            10,
        ),
        ("keras:cifar10", (32, 32, 3), 50_000, {0: "airplane", 4: "deer", 9: "truck"}, 10),
        ("keras:cifar100", (32, 32, 3), 50_000, {0: "apple", 53: "orange", 99: "worm"}, 100),
    ],
)
def test_shapes_counts_and_classes_are_those_of_the_documentation(
    name: str,
    shape: tuple[int, int, int],
    train_count: int,
    some_classes: dict[int, str],
    classes: int,
) -> None:
    info = describe(name)
    assert (info.input_shape, info.train_count) == (shape, train_count)
    assert len(set(info.class_names)) == len(info.class_names) == classes
    assert {index: info.class_names[index] for index in some_classes} == some_classes
