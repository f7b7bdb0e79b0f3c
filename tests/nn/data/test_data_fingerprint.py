"""Every change of what a training uses is noticed, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nn.data import Dataset, Fingerprint, fingerprint
from nn.schema import InputError


@pytest.fixture
def parts(digits: Dataset) -> tuple[Dataset, Dataset]:
    return digits.take(30), digits.subset(np.arange(100, 110))


def disturbed(array: Any) -> Any:
    changed = array.copy()
    changed.flat[-1] ^= 1
    return changed


def test_the_same_data_are_the_same(parts: tuple[Dataset, Dataset]) -> None:
    train, test = parts
    began = fingerprint(train, test)
    turned = replace(train, images=np.asfortranarray(train.images))
    began.require(fingerprint(turned, replace(test, images=test.images.copy())))
    assert Fingerprint.parse(began.model_dump(mode="json")) == began
    assert (began.train_count, began.test_count) == (30, 10)
    assert began.input_shape == (28, 28, 1)


@pytest.mark.parametrize(
    ("which", "change", "difference"),
    [
        (0, lambda d: d.take(29), "it gives 29 training images, not 30"),
        (1, lambda d: d.take(9), "it gives 9 test images, not 10"),
        (
            0,
            lambda d: replace(d, images=disturbed(d.images)),
            "its training images or their labels are others",
        ),
        (
            0,
            lambda d: replace(d, labels=disturbed(d.labels)),
            "its training images or their labels are others",
        ),
        (
            0,
            lambda d: d.subset(np.arange(30)[::-1]),
            "its training images or their labels are others",
        ),
        (
            1,
            lambda d: replace(d, labels=disturbed(d.labels)),
            "its test images or their labels are others",
        ),
        (
            0,
            lambda d: replace(d, class_names=(*d.class_names, "ten")),
            "it gives 11 classes, not 10",
        ),
        (
            0,
            lambda d: replace(d, class_names=d.class_names[::-1]),
            "its classes have other names",
        ),
        (
            0,
            lambda d: replace(d, images=d.images[:, :20]),
            "its images are 20×28×1, not 28×28×1",
        ),
    ],
)
def test_what_differs_is_told(
    parts: tuple[Dataset, Dataset], which: int, change: Any, difference: str
) -> None:
    began = fingerprint(*parts)
    now = list(parts)
    now[which] = change(now[which])
    with pytest.raises(InputError) as caught:
        began.require(fingerprint(*now))
    assert str(caught.value) == (
        f"data.dataset: mnist has changed since the run began: {difference}; "
        "put it back as it was, or start a new run"
    )
