import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import split_validation
from nn.schema import InputError


def held_out_by_class(sizes: tuple[int, ...], count: int) -> list[int]:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    _, held_out = split_validation(labels, count, np.random.default_rng(0))
    return [int(np.sum(labels[held_out] == label)) for label in range(len(sizes))]


@pytest.mark.parametrize(
    ("sizes", "count", "expected"),
    [
        ((10, 20, 30), 6, [1, 2, 3]),
        # 3 places for shares of 1.5, 0.9 and 0.6: one for the whole part, two for .9 and .6
        ((5, 3, 2), 3, [1, 1, 1]),
        # 5 places for shares of 3, 1.5 and 0.5: the tie goes to the lower class
        ((6, 3, 1), 5, [3, 2, 0]),
        ((4, 0, 4), 4, [2, 0, 2]),
        ((3, 1), 3, [2, 1]),
    ],
)
def test_classes_get_places_by_largest_remainder(
    sizes: tuple[int, ...], count: int, expected: list[int]
) -> None:
    assert held_out_by_class(sizes, count) == expected


@given(st.data())
def test_every_image_is_on_one_side_and_every_class_near_its_share(data: st.DataObject) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=80)))
    count = data.draw(st.integers(0, len(labels) - 1))
    seed = data.draw(st.integers(0, 1000))
    kept, held_out = split_validation(labels, count, np.random.default_rng(seed))
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert len(held_out) == count
    assert kept.tolist() == sorted(kept)
    assert held_out.tolist() == sorted(held_out)
    for label in set(labels.tolist()):
        share = count * np.mean(labels == label)
        assert abs(np.sum(labels[held_out] == label) - share) < 1


def test_the_generator_alone_decides_which_images_are_held_out() -> None:
    labels = np.arange(1000) % 10
    once, again, other = (
        split_validation(labels, 100, np.random.default_rng(seed))[1].tolist() for seed in (1, 1, 2)
    )
    assert once == again
    assert once != other


def test_none_held_out_keeps_all() -> None:
    kept, held_out = split_validation(np.array([3, 1, 3]), 0, np.random.default_rng(0))
    assert kept.tolist() == [0, 1, 2]
    assert held_out.tolist() == []


@pytest.mark.parametrize("count", [3, 4, -1])
def test_a_count_that_cannot_be_held_out_is_refused(count: int) -> None:
    with pytest.raises(
        InputError, match=f"data.validation: {count} of 3 images .* give a number from 0 to 2"
    ):
        split_validation(np.array([0, 1, 0]), count, np.random.default_rng(0))
