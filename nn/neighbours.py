"""Which of many images look most like a given one, as plain distances see it."""

from __future__ import annotations

import numpy as np

from nn.types import Array, Bytes, Integers

CHUNK_BYTES = 1 << 24
"""The distances to so many bytes of images are computed at a time."""


def nearest(images: Bytes, wanted: Bytes, count: int) -> tuple[Integers, Array]:
    """The images that lie nearest to each of those wanted, and how far away they are.

    The distance is that of Euclid between pixels from 0 to 1. Memory is needed for one chunk of
    the images at a time. Integers up to 2^53 are exact in float64, so equal images have distance 0.

    Args:
        images: (N, ...) of uint8.
        wanted: (M, ...), likewise.
        count: how many for each.

    Returns:
        Their indices and their distances, (M, count or fewer), the nearest first; of images that
        are equally far away, the first.
    """
    given = wanted.reshape(len(wanted), -1).astype(np.float64)
    lengths = (given**2).sum(axis=1)[:, np.newaxis]
    found: Integers = np.empty((len(wanted), 0), np.intp)
    squares: Array = np.empty((len(wanted), 0))
    step = max(CHUNK_BYTES // (8 * max(given.shape[1], 1)), 1)
    for start in range(0, len(images), step):
        part = images[start : start + step].reshape(-1, given.shape[1]).astype(np.float64)
        here = lengths - 2 * given @ part.T + (part**2).sum(axis=1)
        indices = np.broadcast_to(np.arange(start, start + len(part)), here.shape)
        found = np.concatenate([found, indices], axis=1)
        squares = np.concatenate([squares, here], axis=1)
        best = np.argsort(squares, axis=1, kind="stable")[:, :count]
        found = np.take_along_axis(found, best, axis=1)
        squares = np.take_along_axis(squares, best, axis=1)
    return found, np.sqrt(squares) / 255
