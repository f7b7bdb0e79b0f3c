"""Matrix products in blocks that BLAS computes as they lie.

Before it multiplies, OpenBLAS copies both matrices into an order of its own. For large ones that is
soon paid back; for those of a convolution it takes up to half of the time. On processors with
AVX-512 it leaves out the copying for a product of at most a million multiply-adds, so a product of
more is cut into blocks of fewer: twice as fast for the transforms of `nn.ops.frequencies`, a fifth
faster for windows. Elsewhere nothing is cut: each block would be copied again.

Source: OpenBLAS, "Small Matrix Optimization", in its interface/gemm.c and, for what is small,
kernel/x86_64/sgemm_small_kernel_permit_skylakex.c.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import prod

import numpy as np
from threadpoolctl import threadpool_info

from nn.types import Array

SMALL = 1_000_000
"""Multiply-adds of a block at most."""

ROWS, COLUMNS = 8, 64
"""Of a block at least: with fewer, it does not pay."""

WIDE = 512
"""Columns of a block that is cut by columns alone. Narrower ones would lie in the cache in each
other's way, as their rows are far apart; rather, rows are cut."""

TRANSPOSED = 16, 64
"""Rows and columns of a block if the second matrix is a transposed one: OpenBLAS computes up to
1,200 values so."""

ARCHITECTURES = {"SkylakeX", "Cooperlake", "SapphireRapids"}
"""What OpenBLAS calls the processors for which it has such products."""


def multiply(a: Array, b: Array, out: Array) -> None:
    """out = a b, like `numpy.matmul` of (..., m, k) and (..., k, n)."""
    (m, k), n = a.shape[-2:], b.shape[-1]
    rows, columns = m, n
    if m * k * n > SMALL and multiplies_in_place():
        rows, columns = _block(m, k, n, b.strides[-1] != b.itemsize)
    if (rows, columns) == (m, n):
        np.matmul(a, b, out=out)
        return
    for above, tall in _runs(m, rows):
        for left, wide in _runs(n, columns):
            _by_blocks(a[..., above, :], b[..., left], out[..., above, left], tall, wide)


@cache
def multiplies_in_place() -> bool:
    """Whether the library below NumPy's products has small ones without copying."""
    libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    return bool(libraries) and all(each.get("architecture") in ARCHITECTURES for each in libraries)


@lru_cache(maxsize=1024)
def _block(m: int, k: int, n: int, transposed: bool) -> tuple[int, int]:
    """How tall and wide the blocks of a product are; as the product if it is not worth cutting."""
    least = TRANSPOSED if transposed else (ROWS, COLUMNS)
    if k * prod(least) > SMALL:
        return m, n
    if transposed:
        return least
    if m * k * WIDE <= SMALL:
        return m, _even(n, SMALL // (m * k))
    columns = _even(n, max(SMALL // (k * ROWS), COLUMNS))
    return _even(m, SMALL // (k * columns)), columns


def _even(count: int, most: int) -> int:
    """A length of at most so many, of which few are left over or none."""
    if count <= most:
        return count
    divisors = (length for length in range(most, most // 2, -1) if count % length == 0)
    return next(divisors, most)


def _runs(count: int, length: int) -> list[tuple[slice, int]]:
    """What is made of whole lengths, and what is left over, with their lengths."""
    whole = count // length * length
    runs = [(slice(0, whole), length), (slice(whole, count), count - whole)]
    return [(span, each) for span, each in runs if span.stop > span.start]


def _by_blocks(a: Array, b: Array, out: Array, rows: int, columns: int) -> None:
    """Views only: splitting an axis copies nothing."""
    *_, m, k = a.shape
    n = b.shape[-1]
    tall = a.reshape(*a.shape[:-2], m // rows, 1, rows, k)
    wide = b.reshape(*b.shape[:-1], n // columns, columns).swapaxes(-3, -2)
    blocks = out.reshape(*out.shape[:-2], m // rows, rows, n // columns, columns)
    np.matmul(tall, wide[..., np.newaxis, :, :, :], out=blocks.swapaxes(-3, -2))
