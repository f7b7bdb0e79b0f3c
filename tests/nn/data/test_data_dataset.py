from pathlib import Path

import numpy as np
import pytest

from nn.data import DATASETS, Dataset, Part, as_floats, describe, load, mnist
from nn.schema import InputError


@pytest.fixture
def five() -> Dataset:
    images = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2, 1)
    return Dataset("five", images, np.array([0, 1, 0, 1, 1]), ("no", "yes"))


def test_take_keeps_the_first_images_and_lets_go_of_the_others(five: Dataset) -> None:
    first = five.take(2)
    assert len(first) == 2
    assert first.images.ravel().tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert first.labels.tolist() == [0, 1]
    assert (first.name, first.class_names) == ("five", ("no", "yes"))
    assert not np.shares_memory(first.images, five.images)


def test_take_of_more_than_there_are_takes_all(five: Dataset) -> None:
    assert len(five.take(99)) == 5


def test_subset_follows_the_order_of_the_indices(five: Dataset) -> None:
    chosen = five.subset(np.array([4, 0]))
    assert chosen.images[:, 0, 0, 0].tolist() == [16, 0]
    assert chosen.labels.tolist() == [1, 0]


def test_floats_run_from_exactly_0_to_exactly_1() -> None:
    floats = as_floats(np.array([0, 51, 255], dtype=np.uint8))
    assert floats.dtype == np.float32
    assert floats.tolist() == [0.0, np.float32(0.2), 1.0]


def test_describe_reads_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mnist, "FILE", tmp_path / "missing.npz")
    info = describe("mnist")
    assert (info.name, info.input_shape) == ("mnist", (28, 28, 1))
    assert (info.train_count, info.test_count) == (60_000, 10_000)
    assert info.class_names == ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def test_every_dataset_is_listed_under_its_own_name() -> None:
    assert [describe(name).name for name in DATASETS] == list(DATASETS)


LOADED = ["mnist"]


@pytest.mark.parametrize("name", LOADED)
@pytest.mark.parametrize("part", ["train", "test"])
def test_what_was_described_is_what_is_read(name: str, part: Part) -> None:
    info, data = describe(name), load(name, part)
    count = info.train_count if part == "train" else info.test_count
    assert data.images.shape == (count, *info.input_shape)
    assert data.images.dtype == np.uint8
    assert set(data.labels.tolist()) == set(range(len(info.class_names)))
    assert data.class_names == info.class_names


@pytest.mark.parametrize("ask", [describe, lambda name: load(name, "test")])
def test_an_unknown_name_lists_what_there_is(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(InputError) as caught:
        ask("minst")
    assert str(caught.value) == (
        "data.dataset: 'minst' is not known; choose mnist or "
        "keras:mnist, keras:fashion_mnist, keras:cifar10, keras:cifar100, "
        "or give the path of a dataset"
    )


def test_limit_keeps_the_first_images() -> None:
    few, all_of_them = load("mnist", "test", limit=3), load("mnist", "test")
    assert np.array_equal(few.images, all_of_them.images[:3])
    assert few.labels.tolist() == [7, 2, 1]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_that_leaves_nothing_is_refused(limit: int) -> None:
    with pytest.raises(InputError, match=rf"data.limit: {limit} is too small; give 1 or more"):
        load("mnist", "test", limit=limit)
