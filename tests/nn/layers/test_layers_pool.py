"""Max pooling against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from nn.layers.pool import MaxPool2D
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
