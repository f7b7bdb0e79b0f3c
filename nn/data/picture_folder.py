"""Folders with one sub-folder of pictures a class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nn.data.bounded import reading, require_room
from nn.data.contents import Collection, Contents, Indices, Labels, Pixels, contents, in_order
from nn.data.pictures import has_colours, read_picture
from nn.schema import InputError

GREY, COLOUR = (28, 28, 1), (32, 32, 3)
"""What pictures are made into: MNIST's size, or CIFAR's as soon as one of them has colours."""

SUFFIXES = frozenset(
    ".bmp .gif .jpeg .jpg .pbm .pgm .png .pnm .ppm .tif .tiff .webp".split()  # noqa: SIM905
)

_LOOKED_AT = 10
"""So many pictures of each class decide whether the dataset is one of colours."""


def open_folder(folder: Path) -> Contents:
    """The classes are the sub-folders of `train` (and `test`), or of the folder itself.

    With `test` and nothing else there is nothing to train on. Pictures are kept in an order that is
    shuffled, as a folder has none of its own, and is always the same.

    Raises:
        InputError: if there are no classes, one has no pictures, or a picture is broken.
    """
    split = (folder / "train").is_dir()
    if [path.name for path in _sub_folders(folder)] == ["test"]:
        return _test_alone(folder / "test")
    root = folder / "train" if split else folder
    names = _class_names(root)
    if not names:
        raise InputError(
            f"{folder}: holds neither IDX files nor sub-folders of pictures; "
            "give a folder with one sub-folder a class"
        )
    pictures = [_pictures(root / name) for name in names]
    for name, files in zip(names, pictures, strict=True):
        if not files:
            kinds = ", ".join(sorted(SUFFIXES))
            raise InputError(f"{root / name}: has no picture; give some that end in {kinds}")
    shape = _shape(pictures)
    train = _collection(root, pictures, shape)
    test = None
    if split and (folder / "test").is_dir():
        test = _test(folder / "test", names, shape)
    return contents(shape, names, train, test)


def _test_alone(root: Path) -> Contents:
    names = _class_names(root)
    pictures = [_pictures(root / name) for name in names]
    shape = _shape(pictures)
    return contents(shape, names, None, _collection(root, pictures, shape))


def _class_names(root: Path) -> tuple[str, ...]:
    return tuple(in_order([path.name for path in _sub_folders(root)]))


def _shape(pictures: list[list[Path]]) -> tuple[int, int, int]:
    looked_at = [path for paths in pictures for path in paths[:_LOOKED_AT]]
    return COLOUR if any(map(has_colours, looked_at)) else GREY


def _test(root: Path, names: tuple[str, ...], shape: tuple[int, int, int]) -> Collection:
    for path in _sub_folders(root):
        if path.name not in names:
            raise InputError(f"{path}: is a class of the test alone; {root.parent}/train has none")
    return _collection(root, [_pictures(root / name) for name in names], shape)


def _sub_folders(folder: Path) -> list[Path]:
    with reading(folder):
        return [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]


def _pictures(folder: Path) -> list[Path]:
    """A class's pictures, by name; what else lies there is left alone."""
    if not folder.exists():
        return []
    with reading(folder):
        return sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and path.name[0] != "." and path.is_file()
        )


def _collection(root: Path, pictures: list[list[Path]], shape: tuple[int, int, int]) -> Collection:
    files = [path for paths in pictures for path in paths]
    require_room(root, len(files) * shape[0] * shape[1] * shape[2])
    labels: Labels = np.repeat(np.arange(len(pictures)), [len(paths) for paths in pictures])
    order = np.random.default_rng(0).permutation(len(files))

    def read(indices: Indices) -> Pixels:
        images = np.empty((len(indices), *shape), np.uint8)
        for image, index in zip(images, order[indices], strict=True):
            image[:] = read_picture(files[index], shape)
        return images

    return Collection(str(root), labels[order], read)
