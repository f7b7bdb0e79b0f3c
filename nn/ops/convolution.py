"""The convolution of deep learning (a cross-correlation), by different algorithms.

    y[i, j, f, n] = sum over a, b, c of  x[i s + a, j t + b, c, n] * w[f, a, b, c]

x is the padded input (H, W, C, N), w the weights (F, kernel height, kernel width, C), y the output
(rows, columns, F, N), and (s, t) the stride. See Dumoulin and Visin, "A guide to convolution
arithmetic for deep learning" (2016), and for the gradients Goodfellow, Bengio and Courville, "Deep
Learning" (2016), section 9.5.

`Einsum` is the definition, and the truth that tests hold the others to. `Gemm` is fast.
"""

from __future__ import annotations

from itertools import product
from typing import Protocol

import numpy as np

from nn.ops.buffers import Buffers
from nn.ops.windows import Pair, sliding_windows, tap
from nn.types import Array


class Convolution(Protocol):
    """One way to compute a convolution and its two gradients; results go into the last argument."""

    def forward(self, x: Array, w: Array, stride: Pair, buffers: Buffers, y: Array) -> None:
        """Write the output y for the padded input x."""

    def weight_gradient(
        self, x: Array, dy: Array, stride: Pair, buffers: Buffers, dw: Array
    ) -> None:
        """Write the loss's gradient with respect to the weights."""

    def input_gradient(
        self, dy: Array, w: Array, stride: Pair, buffers: Buffers, dx: Array
    ) -> None:
        """Write the loss's gradient with respect to the padded input."""


class Einsum:
    """The formulas as they stand, over a view of all windows."""

    def forward(self, x: Array, w: Array, stride: Pair, buffers: Buffers, y: Array) -> None:
        """Write the output y for the padded input x."""
        windows = sliding_windows(x, (w.shape[1], w.shape[2]), stride)
        np.einsum("ijabcn,fabc->ijfn", windows, w, out=y, optimize=True)

    def weight_gradient(
        self, x: Array, dy: Array, stride: Pair, buffers: Buffers, dw: Array
    ) -> None:
        """Every weight meets each input that it was multiplied with."""
        windows = sliding_windows(x, (dw.shape[1], dw.shape[2]), stride)
        np.einsum("ijabcn,ijfn->fabc", windows, dy, out=dw, optimize=True)

    def input_gradient(
        self, dy: Array, w: Array, stride: Pair, buffers: Buffers, dx: Array
    ) -> None:
        """Every input gets back what it gave to each window that it was in."""
        dx.fill(0)
        for a, b in product(range(w.shape[1]), range(w.shape[2])):
            share = np.einsum("ijfn,fc->ijcn", dy, w[:, a, b], optimize=True)
            tap(dx, (a, b), (dy.shape[0], dy.shape[1]), stride)[...] += share


class Gemm:
    """Matrix products over the windows of one output row at a time ("im2col").

    In the layout (H, W, C, N) a row of a window is one run of contiguous memory. Working row by
    row keeps the copied windows in the cache and the memory bounded, where copying all windows
    would need kernel height x kernel width times the input.
    """

    def forward(self, x: Array, w: Array, stride: Pair, buffers: Buffers, y: Array) -> None:
        """Write the output y for the padded input x."""
        windows = sliding_windows(x, (w.shape[1], w.shape[2]), stride)
        matrix = w.reshape(len(w), -1)
        for row, out in zip(windows, y, strict=True):
            np.matmul(matrix, _columns(row, buffers), out=out)

    def weight_gradient(
        self, x: Array, dy: Array, stride: Pair, buffers: Buffers, dw: Array
    ) -> None:
        """Write the loss's gradient with respect to the weights."""
        windows = sliding_windows(x, (dw.shape[1], dw.shape[2]), stride)
        total = dw.reshape(len(dw), -1)
        total.fill(0)
        each = buffers("weight gradient by column", dy.shape[1], *total.shape)
        summed = buffers("weight gradient of a row", *total.shape)
        for row, dy_row in zip(windows, dy, strict=True):
            np.matmul(dy_row, _columns(row, buffers).transpose(0, 2, 1), out=each)
            total += np.sum(each, axis=0, out=summed)

    def input_gradient(
        self, dy: Array, w: Array, stride: Pair, buffers: Buffers, dx: Array
    ) -> None:
        """Write the loss's gradient with respect to the padded input."""
        kernel = (w.shape[1], w.shape[2])
        rows, columns, _, n = dy.shape
        matrix = w.reshape(len(w), -1).T
        share = buffers("windows of a row", columns, *kernel, dx.shape[2], n)
        dx.fill(0)
        for i in range(rows):
            np.matmul(matrix, dy[i], out=share.reshape(columns, -1, n))
            band = dx[i * stride[0] : i * stride[0] + kernel[0]]
            for a, b in product(range(kernel[0]), range(kernel[1])):
                tap(band, (a, b), (1, columns), stride)[0] += share[:, a, b]


def _columns(row: Array, buffers: Buffers) -> Array:
    """A row's windows, copied: (columns, kernel height * kernel width * C, N)."""
    copy = buffers("windows of a row", *row.shape)
    np.copyto(copy, row)
    return copy.reshape(len(row), -1, row.shape[-1])


ALGORITHMS: dict[str, Convolution] = {"einsum": Einsum(), "gemm": Gemm()}


def choose(algorithm: str) -> Convolution:
    """The algorithm of that name; `auto` takes the fastest that applies."""
    return ALGORITHMS["gemm" if algorithm == "auto" else algorithm]
