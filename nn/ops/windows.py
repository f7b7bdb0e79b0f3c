"""Sliding windows over maps in the layout (height, width, channels, batch)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from nn.ops.buffers import Buffers

Pair: TypeAlias = tuple[int, int]
Borders: TypeAlias = tuple[Pair, Pair]
"""Rows added above and below, columns added to the left and to the right."""


def borders(size: Pair, kernel: Pair, stride: Pair, padding: str | int) -> Borders:
    """How many rows and columns a padding adds.

    `same` gives ceil(size / stride) outputs; an odd number of rows puts the extra one at the end,
    as TensorFlow does. `valid` adds none. A number is added on all four sides.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if isinstance(padding, int):
        return (padding, padding), (padding, padding)

    def same(axis: int) -> Pair:
        outputs = ceil(size[axis] / stride[axis])
        total = max((outputs - 1) * stride[axis] + kernel[axis] - size[axis], 0)
        return total // 2, total - total // 2

    return same(0), same(1)


def output_size(size: Pair, kernel: Pair, stride: Pair, padding: str | int) -> Pair:
    """Rows and columns of the output; zero or less where the kernel does not fit."""
    added = borders(size, kernel, stride, padding)

    def along(axis: int) -> int:
        return (size[axis] + sum(added[axis]) - kernel[axis]) // stride[axis] + 1

    return along(0), along(1)


def extent(kernel: Pair, dilation: Pair) -> Pair:
    """Rows and columns that a kernel covers when its positions are `dilation` apart."""
    return (kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1


@dataclass(frozen=True)
class Frame:
    """Maps inside padded ones: the padded size, and where the map lies in it."""

    size: Pair
    inside: tuple[slice, slice]

    @property
    def map_size(self) -> Pair:
        """Rows and columns of the map."""
        rows, columns = self.inside
        return rows.stop - rows.start, columns.stop - columns.start

    @property
    def borders(self) -> Borders:
        """What stands around the map."""
        (height, width), (rows, columns) = self.size, self.inside
        return (rows.start, height - rows.stop), (columns.start, width - columns.stop)

    def pad(self, x: npt.NDArray[Any], value: float, buffers: Buffers) -> npt.NDArray[Any]:
        """x with `value` around it; x itself where nothing is added."""
        if self.size == x.shape[:2]:
            return x
        padded = buffers("padded input", *self.size, *x.shape[2:])
        padded.fill(value)
        padded[self.inside] = x
        return padded


def frame(size: Pair, kernel: Pair, stride: Pair, padding: str | int) -> Frame:
    """The frame that a padding puts around maps of that size."""
    return frame_of(size, borders(size, kernel, stride, padding))


def frame_of(size: Pair, borders: Borders) -> Frame:
    """The frame of maps of that size with these borders around them."""
    (top, bottom), (left, right) = borders
    inside = (slice(top, top + size[0]), slice(left, left + size[1]))
    return Frame((size[0] + top + bottom, size[1] + left + right), inside)


def sliding_windows(
    padded: npt.NDArray[Any], kernel: Pair, stride: Pair, dilation: Pair = (1, 1)
) -> npt.NDArray[Any]:
    """Every window of a padded map, without copying.

    (H, W, C, N) becomes (rows, columns, kernel height, kernel width, C, N), read-only.
    """
    covered = extent(kernel, dilation)
    view = np.lib.stride_tricks.sliding_window_view(padded, covered, axis=(0, 1))
    view = view[:: stride[0], :: stride[1], ..., :: dilation[0], :: dilation[1]]
    windows: npt.NDArray[Any] = view.transpose(0, 1, 4, 5, 2, 3)
    return windows


def view(
    maps: npt.NDArray[Any], start: Pair, shape: tuple[int, ...], strides: tuple[int, ...]
) -> npt.NDArray[Any]:
    """What lies from a position on, in any shape and strides (in bytes).

    NumPy's `as_strided` does the same in several times the time, which small layers notice.
    """
    if maps.flags.c_contiguous:
        offset = start[0] * maps.strides[0] + start[1] * maps.strides[1]
        return np.ndarray(shape, maps.dtype, maps, offset, strides)
    return np.lib.stride_tricks.as_strided(maps[start[0] :, start[1] :], shape, strides)


def tap(maps: npt.NDArray[Any], position: Pair, size: Pair, stride: Pair) -> npt.NDArray[Any]:
    """What one position of the kernel sees: (rows, columns, C, N), a view of (H, W, C, N).

    The position is counted in rows and columns of the map: a dilated kernel's are further apart.
    """
    (i, j), (rows, columns) = position, size
    return maps[
        i : i + stride[0] * (rows - 1) + 1 : stride[0],
        j : j + stride[1] * (columns - 1) + 1 : stride[1],
    ]
