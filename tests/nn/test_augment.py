"""Changed training images, against what plain shifts, turns and counts give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nn.augment import ERASED_AREA, Augmentation, augment, places, resample
from nn.config import preset
from nn.data import Dataset
from nn.schema import InputError
from nn.types import Array

IDENTITY = np.eye(2, dtype=np.float32)[np.newaxis]

EVERYTHING = Augmentation(
    shift=2, rotate=10, scale=0.1, shear=0.1, elastic=1.4, noise=0.05, erase=0.5, flip=0.5
)


def noise(*shape: int) -> Any:
    return np.random.default_rng(5).random(shape, np.float32)


def moved(images: Array, maps: Array, shifts: Any = ((0, 0),)) -> Array:
    count, height, width, _ = images.shape
    whole = np.broadcast_to(maps, (count, 2, 2)).astype(np.float32)
    by = np.broadcast_to(np.asarray(shifts, np.float32), (count, 2))
    return resample(images.astype(np.float32), *places(height, width, whole, by))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 9), (1, 6)])
def test_nothing_moves_at_the_identity(height: int, width: int, channels: int) -> None:
    images = noise(3, height, width, channels)
    assert_array_equal(moved(images, IDENTITY), images)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (2, 0), (0, -3), (-1, 4), (7, 0), (9, -30)])
def test_whole_pixels_are_shifted_exactly(down: int, right: int) -> None:
    images = noise(2, 7, 9, 3)
    wanted = np.zeros_like(images)
    for row in range(7):
        for column in range(9):
            if 0 <= row + down < 7 and 0 <= column + right < 9:
                wanted[:, row, column] = images[:, row + down, column + right]
    assert_array_equal(moved(images, IDENTITY, [(down, right)] * 2), wanted)


def test_half_a_pixel_is_the_mean_of_two() -> None:
    images = noise(1, 4, 4, 1)
    wanted = (images + np.pad(images, ((0, 0), (0, 1), (0, 0), (0, 0)))[:, 1:]) / 2
    assert_allclose(moved(images, IDENTITY, [(0.5, 0)]), wanted, rtol=1e-6)


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_those_of_numpy(size: int, turns: int) -> None:
    images = noise(2, size, size, 3)
    angle = turns * np.pi / 2
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    assert_allclose(moved(images, turn), np.rot90(images, turns, axes=(1, 2)), atol=1e-5)


def test_doubling_the_distances_halves_the_picture() -> None:
    images = np.zeros((1, 9, 9, 1), np.float32)
    images[0, 4, 4], images[0, 4, 8], images[0, 0, 4] = 1, 0.5, 0.25
    wanted = np.zeros_like(images)
    wanted[0, 4, 4], wanted[0, 4, 6], wanted[0, 2, 4] = 1, 0.5, 0.25
    assert_array_equal(moved(images, IDENTITY * 2), wanted)


def test_every_image_moves_by_its_own_map() -> None:
    images = noise(2, 5, 5, 1)
    both = moved(images, np.concatenate([IDENTITY, -IDENTITY]))
    assert_array_equal(both[0], images[0])
    assert_array_equal(both[1], images[1, ::-1, ::-1])


def test_what_is_off_leaves_the_images_themselves(digits: Dataset) -> None:
    assert augment(digits.images, Augmentation(), np.random.default_rng(0)) is digits.images


@pytest.mark.parametrize(
    "field", [name for name in Augmentation.model_fields if name != "elastic_smoothness"]
)
def test_everything_is_off_by_default_and_on_alone(digits: Dataset, field: str) -> None:
    assert getattr(Augmentation(), field) == 0
    before = digits.images.copy()
    how = Augmentation.parse({field: 0.5})
    changed = augment(digits.images, how, np.random.default_rng(0))
    assert changed.dtype == np.float32
    assert changed.shape == digits.images.shape
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert not np.allclose(changed, before / 255, atol=0.01)
    assert_array_equal(digits.images, before)


def test_floats_and_bytes_are_changed_alike(digits: Dataset) -> None:
    images = digits.images[:20]
    one = augment(images, EVERYTHING, np.random.default_rng(3))
    other = augment((images / 255).astype(np.float32), EVERYTHING, np.random.default_rng(3))
    assert_allclose(one, other, atol=1e-6)


def test_the_generator_decides_everything(digits: Dataset) -> None:
    images = digits.images[:50]
    one, same, other = (
        augment(images, EVERYTHING, np.random.default_rng([0, step, 1])) for step in (4, 4, 5)
    )
    assert_array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize(
    "how",
    [{"shift": 2}, {"rotate": 15}, {"shear": 0.2}, {"elastic": 1.4}, {"scale": 0.1}],
    ids=lambda how: next(iter(how)),
)
def test_ink_is_kept_within_a_few_hundredths(digits: Dataset, how: dict[str, float]) -> None:
    changed = augment(digits.images, Augmentation.parse(how), np.random.default_rng(0))
    assert changed.mean(dtype=float) == pytest.approx(digits.images.mean() / 255, rel=0.04)


def centres(images: Array) -> Array:
    """Each image's centre of mass, (N, 2)."""
    mass = images[..., 0] / images.sum(axis=(1, 2, 3))[:, None, None]
    rows = (mass * np.arange(images.shape[1])[:, None]).sum(axis=(1, 2))
    columns = (mass * np.arange(images.shape[2])).sum(axis=(1, 2))
    return np.stack([rows, columns], axis=1)


def dots(count: int) -> Array:
    images = np.zeros((count, 41, 41, 1), np.float32)
    images[:, 19:22, 19:22] = 1
    return images


def test_shifts_reach_their_limit_both_ways_and_not_beyond() -> None:
    changed = augment(dots(500), Augmentation(shift=3), np.random.default_rng(0))
    by = centres(changed) - 20
    assert np.abs(by).max() <= 3.001
    assert by.min() < -2.9
    assert by.max() > 2.9
    assert np.abs(by.mean(axis=0)).max() < 0.3


def test_turns_reach_their_limit_both_ways_and_not_beyond() -> None:
    images = np.zeros((500, 41, 41, 1), np.float32)
    images[:, 20, 35] = 1
    changed = augment(images, Augmentation(rotate=30), np.random.default_rng(0))
    rows, columns = (centres(changed) - 20).T
    angles = np.degrees(np.arctan2(rows, columns))
    assert np.abs(angles).max() <= 30.5
    assert angles.min() < -29
    assert angles.max() > 29
    assert np.abs(np.hypot(rows, columns) - 15).max() < 0.5


def test_sizes_grow_and_shrink_by_up_to_the_share() -> None:
    changed = augment(dots(500), Augmentation(scale=0.5), np.random.default_rng(0))
    sides = np.sqrt(changed.sum(axis=(1, 2, 3)) / 9)
    assert sides.max() == pytest.approx(1.5, abs=0.1)
    assert sides.min() == pytest.approx(1 / 1.5, abs=0.1)
    assert np.median(sides) == pytest.approx(1, abs=0.1)


def test_rubber_moves_pixels_by_as_much_as_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Array] = []

    def watch(images: Array, rows: Array, columns: Array) -> Array:
        seen.extend((rows, columns))
        return images

    monkeypatch.setattr("nn.augment.resample", watch)
    augment(dots(400), Augmentation(elastic=1.5), np.random.default_rng(0))
    at = np.arange(41, dtype=np.float32)
    for moved_by in (seen[0] - at[:, None], seen[1] - at):
        everywhere = moved_by.std(axis=0)
        assert everywhere.min() > 1.2
        assert everywhere.max() < 1.8
        steps = np.diff(moved_by, axis=2).std()
        assert steps < 1.5 / 4, "neighbours move together"


def test_noise_has_its_deviation() -> None:
    grey = np.full((50, 20, 20, 1), 0.5, np.float32)
    changed = augment(grey, Augmentation(noise=0.1), np.random.default_rng(0))
    assert changed.std() == pytest.approx(0.1, rel=0.05)
    assert changed.mean() == pytest.approx(0.5, abs=0.01)


def test_erasing_takes_one_rectangle_from_its_share_of_images() -> None:
    white = np.full((1000, 30, 40, 3), 2, np.float32)  # a level that noise never has
    changed = augment(white, Augmentation(erase=0.3), np.random.default_rng(0))
    touched = (changed != 2).any(axis=3)
    chosen = touched.any(axis=(1, 2))
    assert chosen.mean() == pytest.approx(0.3, abs=0.05)
    for mask in touched[chosen]:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        assert mask.sum() == (rows[-1] + 1 - rows[0]) * (columns[-1] + 1 - columns[0])
        assert ERASED_AREA[0] * 0.8 < mask.mean() < ERASED_AREA[1] * 1.2


def test_flips_mirror_their_share_of_images(digits: Dataset) -> None:
    changed = augment(digits.images, Augmentation(flip=0.5), np.random.default_rng(0))
    plain = digits.images / np.float32(255)
    same = (changed == plain).all(axis=(1, 2, 3))
    mirrored = (changed == plain[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | mirrored).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("rotate", 200, "training.augmentation.rotate: 200 is too large"),
        ("flip", -1, "training.augmentation.flip: -1 is too small"),
    ],
)
def test_bounds(field: str, value: float, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        preset("small").changed({f"training.augmentation.{field}": value})
    assert str(caught.value).startswith(sentence)
