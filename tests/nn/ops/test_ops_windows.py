"""Sizes of outputs and windows, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from nn.ops.buffers import Buffers
from nn.ops.windows import borders, extent, frame, output_size, sliding_windows, tap


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "added", "outputs"),
    [
        # TensorFlow's rule for `same`: ceil(size / stride) outputs, the odd zero at the end.
        (28, 5, 1, "same", (2, 2), 28),
        (28, 4, 1, "same", (1, 2), 28),
        (28, 3, 2, "same", (0, 1), 14),
        (27, 3, 2, "same", (1, 1), 14),
        (5, 2, 2, "same", (0, 1), 3),
        (6, 1, 3, "same", (0, 0), 2),
        (28, 5, 1, "valid", (0, 0), 24),
        (28, 5, 2, "valid", (0, 0), 12),
        (7, 7, 3, "valid", (0, 0), 1),
        (4, 5, 1, "valid", (0, 0), 0),
        (28, 5, 1, 2, (2, 2), 28),
        (28, 5, 2, 2, (2, 2), 14),
        (1, 5, 1, 2, (2, 2), 1),
    ],
)
def test_hand_values(
    size: int,
    kernel: int,
    stride: int,
    padding: str | int,
    added: tuple[int, int],
    outputs: int,
) -> None:
    along_rows = (size, 9), (kernel, 1), (stride, 1), padding
    assert borders(*along_rows)[0] == added
    assert output_size(*along_rows)[0] == outputs
    along_columns = (9, size), (1, kernel), (1, stride), padding
    assert borders(*along_columns)[1] == added
    assert output_size(*along_columns)[1] == outputs


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 5))
def test_same_gives_one_output_for_every_stride_begun(size: int, kernel: int, stride: int) -> None:
    rows, _ = output_size((size, 1), (kernel, 1), (stride, 1), "same")
    assert rows == -(-size // stride)


@given(st.integers(1, 12), st.integers(1, 6), st.integers(1, 4), st.integers(0, 3))
def test_outputs_are_the_places_where_the_kernel_fits(
    size: int, kernel: int, stride: int, padding: int
) -> None:
    places = [
        start
        for start in range(0, size + 2 * padding, stride)
        if start + kernel <= size + 2 * padding
    ]
    rows, _ = output_size((size, 1), (kernel, 1), (stride, 1), padding)
    assert max(rows, 0) == len(places)


def test_windows_and_taps_show_the_same_values() -> None:
    maps = np.arange(5 * 6 * 2 * 3.0).reshape(5, 6, 2, 3)
    windows = sliding_windows(maps, (2, 3), (2, 1))
    assert windows.shape == (2, 4, 2, 3, 2, 3)
    assert not windows.flags.writeable
    for i, j in np.ndindex(2, 4):
        assert_array_equal(windows[i, j], maps[2 * i : 2 * i + 2, j : j + 3])
    for a, b in np.ndindex(2, 3):
        assert_array_equal(tap(maps, (a, b), (2, 4), (2, 1)), windows[:, :, a, b])


def test_windows_of_a_dilated_kernel() -> None:
    maps = np.arange(7 * 6 * 2 * 3.0).reshape(7, 6, 2, 3)
    assert extent((2, 3), (4, 2)) == (5, 5)
    windows = sliding_windows(maps, (2, 3), (2, 1), (4, 2))
    assert windows.shape == (2, 2, 2, 3, 2, 3)
    for i, j in np.ndindex(2, 2):
        assert_array_equal(windows[i, j], maps[2 * i : 2 * i + 5 : 4, j : j + 5 : 2])


def test_a_frame_puts_values_around_a_map() -> None:
    framed, buffers = frame((1, 2), (2, 3), (1, 1), "same"), Buffers(np.float64)
    x = np.array([[1.0, 2.0]])[..., None, None]
    padded = framed.pad(x, 7, buffers)
    assert_array_equal(padded[:, :, 0, 0], [[7, 1, 2, 7], [7, 7, 7, 7]])
    assert_array_equal(padded[framed.inside], x)
    assert (framed.map_size, framed.borders) == ((1, 2), ((0, 1), (1, 1)))
    assert frame((1, 2), (1, 1), (1, 1), "same").pad(x, 7, buffers) is x


def test_a_tap_is_a_view() -> None:
    maps = np.zeros((4, 4, 1, 1))
    tap(maps, (1, 0), (2, 2), (2, 2))[...] = 1
    assert_array_equal(maps[:, :, 0, 0], [[0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0]])
