"""Pooling against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nn.layers.pool import AvgPool2D, GlobalAvgPool2D, MaxPool2D
from nn.schema import InputError


def maps(*rows: list[float]) -> np.ndarray:
    """One map of one channel, as a batch of one."""
    return np.array(rows, float)[:, :, None, None]


def test_hand_made_maxima() -> None:
    layer = MaxPool2D().build((2, 4, 1), np.float64)
    y = layer.forward(maps([1, 2, -5, -6], [4, 3, -7, -8]), training=True)
    assert_array_equal(y, maps([4, -5]))
    dx = layer.backward(maps([10, 20]))
    assert_array_equal(dx, maps([0, 0, 20, 0], [10, 0, 0, 0]))


def test_ties_go_to_the_first_position() -> None:
    layer = MaxPool2D().build((2, 4, 1), np.float64)
    layer.forward(maps([0, 7, 5, 5], [7, 7, 5, 5]), training=True)
    dx = layer.backward(maps([1, 2]))
    assert_array_equal(dx, maps([0, 1, 2, 0], [0, 0, 0, 0]))


def test_overlapping_windows_add_up_at_a_shared_maximum() -> None:
    layer = MaxPool2D(pool_size=(1, 2), stride=(1, 1)).build((1, 4, 1), np.float64)
    y = layer.forward(maps([1, 9, 9, 2]), training=True)
    assert_array_equal(y, maps([9, 9, 9]))
    assert_array_equal(layer.backward(maps([1, 10, 100])), maps([0, 11, 100, 0]))


def test_what_no_window_covers_gets_no_gradient() -> None:
    layer = MaxPool2D().build((3, 3, 1), np.float64)
    y = layer.forward(maps([1, 2, 99], [3, 4, 99], [99, 99, 99]), training=True)
    assert_array_equal(y, maps([4]))
    assert_array_equal(layer.backward(maps([5])), maps([0, 0, 0], [0, 5, 0], [0, 0, 0]))


def test_a_window_that_does_not_fit_is_explained() -> None:
    with pytest.raises(InputError, match="its 3×3 window does not fit into its 2×5 input; drop it"):
        MaxPool2D(pool_size=(3, 3)).output_shape((2, 5, 1))


def test_padding_is_never_the_largest() -> None:
    layer = MaxPool2D(pool_size=(2, 2), padding=1).build((2, 2, 1), np.float64)
    y = layer.forward(maps([-1, -2], [-3, -4]), training=True)
    assert_array_equal(y, maps([-1, -2], [-3, -4]))
    dx = layer.backward(maps([1, 2], [3, 4]))
    assert_array_equal(dx, maps([1, 2], [3, 4]))


def test_padding_does_not_count_in_an_average() -> None:
    layer = AvgPool2D(pool_size=(2, 2), stride=(1, 1), padding="same").build((2, 2, 1), np.float64)
    y = layer.forward(maps([1, 2], [3, 6]), training=True)
    assert_array_equal(y, maps([3, 4], [4.5, 6]))
    dx = layer.backward(maps([4, 2], [2, 1]))
    assert_array_equal(dx, maps([1, 1 + 1], [1 + 1, 1 + 1 + 1 + 1]))


def test_a_global_average() -> None:
    layer = GlobalAvgPool2D().build((2, 2, 1), np.float64)
    assert_array_equal(layer.forward(maps([1, 2], [3, 6]), training=True), [[3]])
    assert_array_equal(layer.backward(np.array([[8.0]])), maps([2, 2], [2, 2]))
    with pytest.raises(InputError, match="needs maps"):
        GlobalAvgPool2D().output_shape((8,))


@pytest.mark.parametrize("family", [MaxPool2D, AvgPool2D])
def test_windows_of_nothing_but_padding_are_refused(family: type[MaxPool2D | AvgPool2D]) -> None:
    pool = family(pool_size=(2, 3), padding=2)
    sentence = "its padding of 2 leaves 2×3 windows without any input; use 1 or less"
    with pytest.raises(InputError, match=f"^{sentence}$"):
        pool.output_shape((8, 8, 1))
