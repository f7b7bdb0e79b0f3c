"""Holding back a part of the training images for validation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nn.schema import InputError

Indices = NDArray[np.intp]


def split_validation(
    labels: NDArray[np.integer], count: int, rng: np.random.Generator
) -> tuple[Indices, Indices]:
    """Choose exactly `count` images at random to hold out, each class in proportion to its size.

    A class of n images among N deserves count * n / N of the places. It gets the whole part of
    that; the places left over go to the largest remainders (Hamilton's method), the lower class
    first where they tie.

    Args:
        labels: (N,), the class of each image.
        count: how many to hold out; 0 holds out none.
        rng: decides which images of a class are held out.

    Returns:
        The indices of the images to train on and of those held out, both in ascending order.

    Raises:
        InputError: if nothing would be left to train on, or `count` is negative.
    """
    total = len(labels)
    if not 0 <= count < max(total, 1):
        raise InputError(
            f"data.validation: {count} of {total} images cannot be held out; "
            f"give a number from 0 to {max(total - 1, 0)}"
        )
    held_out = np.zeros(total, dtype=bool)
    classes, sizes = np.unique(labels, return_counts=True)
    for label, places in zip(classes, _places(sizes, count), strict=True):
        members = np.flatnonzero(labels == label)
        held_out[rng.choice(members, size=places, replace=False)] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _places(sizes: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """How many of `count` places each class gets."""
    places, remainders = np.divmod(count * sizes, max(sizes.sum(), 1))
    left_over = count - places.sum()
    largest_first = np.argsort(-remainders, kind="stable")
    places[largest_first[:left_over]] += 1
    return places
