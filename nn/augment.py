"""Training images made anew at every step: moved, bent, disturbed, so that no two are the same.

Positions are in pixels, rows first; the middle of an image is at ((H - 1) / 2, (W - 1) / 2).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nn.schema import Schema, setting
from nn.types import Array, Bytes

Floats = NDArray[np.float32]

ERASED_AREA = 0.02, 0.2
"""The share of an image that erasing takes, at least and at most."""


class Augmentation(Schema):
    """How training images are changed at random; 0 everywhere leaves them as they are."""

    shift: float = setting(0, "move by up to so many pixels, both ways; 0: off", ge=0, le=64)
    rotate: float = setting(0, "turn by up to so many degrees; 0: off", ge=0, le=180)
    scale: float = setting(
        0, "grow or shrink by up to this share, as in 0.1 for a tenth; 0: off", ge=0, le=1
    )
    shear: float = setting(
        0, "slant by up to so many pixels sideways for each one upwards; 0: off", ge=0, le=1
    )
    elastic: float = setting(
        0, "bend as if drawn on rubber, pixels moving by about so many; 0: off", ge=0, le=16
    )
    elastic_smoothness: float = setting(
        4, "pixels over which neighbours move together", ge=0.5, le=64
    )
    noise: float = setting(0, "standard deviation of noise, white being 1; 0: off", ge=0, le=1)
    erase: float = setting(0, "share of images that lose a random rectangle; 0: off", ge=0, le=1)
    flip: float = setting(
        0, "share of images that are mirrored left to right, never for digits; 0: off", ge=0, le=1
    )

    @property
    def moves(self) -> bool:
        """Whether pixels change their places, other than by mirroring."""
        return any((self.shift, self.rotate, self.scale, self.shear, self.elastic))

    @property
    def is_off(self) -> bool:
        """Whether images stay as they are."""
        return not (self.moves or self.noise or self.erase or self.flip)


CHARACTERS = Augmentation(shift=2, rotate=10, scale=0.1, shear=0.1, elastic=1)
CLOTHES = Augmentation(shift=2, rotate=5, scale=0.1, erase=0.3, flip=0.5)
PHOTOGRAPHS = Augmentation(shift=4, rotate=10, scale=0.1, erase=0.3, flip=0.5)


def suggested(dataset: str, channels: int) -> Augmentation:
    """Strengths to start from, for a dataset by its name and its number of colours.

    Grey images of unknown things are taken for characters, which never get mirrored.
    """
    if dataset == "keras:fashion_mnist":
        return CLOTHES
    return PHOTOGRAPHS if channels > 1 else CHARACTERS


def augment(images: Bytes | Array, how: Augmentation, rng: np.random.Generator) -> Bytes | Array:
    """Change each image of a batch in its own way.

    Args:
        images: (N, H, W, C), uint8 or floats in [0, 1]; they are not written to.
        how: what to do, and how strongly.
        rng: all randomness comes from here.

    Returns:
        The images themselves if all is off, or else float32 in [0, 1], of the same shape.
    """
    if how.is_off:
        return images
    changed = _as_floats(images)
    if how.flip:
        mirrored = rng.random(len(images)) < how.flip
        changed[mirrored] = changed[mirrored, :, ::-1]
    if how.moves:
        changed = resample(changed, *_sources(images.shape, how, rng))
    if how.noise:
        changed += rng.standard_normal(changed.shape, np.float32) * np.float32(how.noise)
        np.clip(changed, 0, 1, out=changed)
    if how.erase:
        _erase(changed, how.erase, rng)
    return changed


def resample(images: Floats, rows: Floats, columns: Floats) -> Floats:
    """Images whose pixels are fetched from other places, between pixels by bilinear interpolation.

    Args:
        images: (N, H, W, C); beyond their edges all is 0.
        rows: (N, H, W), where to fetch each pixel.
        columns: likewise.

    Returns:
        (N, H, W, C), float32.
    """
    count, height, width, channels = images.shape
    # With a border of zeros, every place has its four neighbours.
    bordered = np.zeros((count, height + 3, width + 3, channels), np.float32)
    bordered[:, 1:-2, 1:-2] = images
    rows, columns = np.clip(rows, -1, height), np.clip(columns, -1, width)
    top, left = np.floor(rows), np.floor(columns)
    down, right = (rows - top)[..., np.newaxis], (columns - left)[..., np.newaxis]
    stride = width + 3
    at = ((top + 1) * stride + left + 1).astype(np.intp)
    at += np.arange(count)[:, np.newaxis, np.newaxis] * ((height + 3) * stride)
    pixels = bordered.reshape(-1, channels)

    def blend(at: NDArray[np.intp]) -> Floats:
        start = pixels.take(at, axis=0, mode="clip")
        ahead = pixels.take(at + 1, axis=0, mode="clip")
        ahead -= start
        ahead *= right
        ahead += start
        return ahead

    above, below = blend(at), blend(at + stride)
    below -= above
    below *= down
    below += above
    return below


def _as_floats(images: Bytes | Array) -> Floats:
    """A copy as float32 in [0, 1]."""
    if images.dtype == np.uint8:
        return np.divide(images, 255, dtype=np.float32)
    return images.astype(np.float32)


def places(height: int, width: int, maps: Floats, shifts: Floats) -> tuple[Floats, Floats]:
    """Where each pixel of an image comes from, by a linear map about the middle and a shift.

    Args:
        height: of the images.
        width: of the images.
        maps: (N, 2, 2), applied to each pixel's (row, column) as seen from the middle.
        shifts: (N, 2), added to that.

    Returns:
        Rows and columns of (N, H, W), as `resample` takes them.
    """
    middle = np.array(((height - 1) / 2, (width - 1) / 2), np.float32)
    y = np.arange(height, dtype=np.float32)[:, np.newaxis] - middle[0]
    x = np.arange(width, dtype=np.float32) - middle[1]
    by_row, by_column = maps[..., 0, np.newaxis, np.newaxis], maps[..., 1, np.newaxis, np.newaxis]
    start = (middle + shifts)[..., np.newaxis, np.newaxis]
    rows = by_row[:, 0] * y + by_column[:, 0] * x + start[:, 0]
    columns = by_row[:, 1] * y + by_column[:, 1] * x + start[:, 1]
    return rows, columns


def _sources(
    shape: tuple[int, ...], how: Augmentation, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Where each pixel comes from: rows and columns of (N, H, W)."""
    count, height, width, _ = shape
    angle, slant, size = (
        rng.uniform(-limit, limit, count) for limit in (np.radians(how.rotate), how.shear, 1)
    )
    # Slanted first, then turned, then scaled: growing and shrinking are equally likely.
    cos, sin = np.cos(angle), np.sin(angle)
    maps = np.array(((cos - sin * slant, -sin), (sin + cos * slant, cos)))
    maps *= (1 + how.scale) ** size
    shifts = rng.uniform(-how.shift, how.shift, (count, 2))
    maps = maps.transpose(2, 0, 1).astype(np.float32)
    rows, columns = places(height, width, maps, shifts.astype(np.float32))
    if how.elastic:
        rows += _bends((count, height, width), how, rng)
        columns += _bends((count, height, width), how, rng)
    return rows, columns


def _bends(shape: tuple[int, int, int], how: Augmentation, rng: np.random.Generator) -> Floats:
    """How far each pixel moves along one axis: noise, smoothed by a Gaussian.

    P. Simard, D. Steinkraus and J. Platt, "Best practices for convolutional neural networks applied
    to visual document analysis" (2003). Their strength of 34 is an `elastic` of 1.4 here.
    """
    _, height, width = shape
    noise = rng.random(shape, np.float32)
    noise -= 0.5
    noise *= np.sqrt(12) * how.elastic  # uniform noise of that standard deviation
    across = noise.reshape(-1, width) @ _smoothing(width, how.elastic_smoothness).T
    bends: Floats = _smoothing(height, how.elastic_smoothness) @ across.reshape(shape)
    return bends


@lru_cache(maxsize=8)
def _smoothing(size: int, deviation: float) -> Floats:
    """A matrix (size, size) that smooths noise along an axis and keeps its standard deviation.

    The variance of a weighted sum of independent values is the sum of the squared weights, so
    these add up to 1 in each row, also at the edges.
    """
    distance = np.subtract.outer(np.arange(size), np.arange(size)) / deviation
    weights = np.exp(-(distance**2) / 2)
    weights /= np.sqrt((weights**2).sum(axis=1, keepdims=True))
    return weights.astype(np.float32)


def _erase(images: Floats, share: float, rng: np.random.Generator) -> None:
    """Fill a rectangle of some images with noise.

    Z. Zhong et al., "Random erasing data augmentation" (2020), algorithm 1 with random values.
    """
    count, height, width, _ = images.shape
    area = rng.uniform(*ERASED_AREA, count) * (height * width)
    aspect = np.exp(rng.uniform(-1.2, 1.2, count))
    bands = []
    for size, side in ((height, np.sqrt(area * aspect)), (width, np.sqrt(area / aspect))):
        length = np.clip(np.rint(side), 1, size).astype(int)
        start = rng.integers(0, size - length + 1)[:, np.newaxis]
        along = np.arange(size)
        bands.append((start <= along) & (along < start + length[:, np.newaxis]))
    chosen: NDArray[np.bool_] = np.less(rng.random(count), share)
    erased = bands[0][:, :, np.newaxis] & bands[1][:, np.newaxis]
    erased[~chosen] = False
    images[erased] = rng.random((int(erased.sum()), images.shape[3]), np.float32)
