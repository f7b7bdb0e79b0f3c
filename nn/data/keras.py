"""Datasets that `tf.keras.datasets` downloads, for those who have TensorFlow installed.

TensorFlow only fetches and unpacks them, into ~/.keras/datasets; it computes nothing here.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from functools import partial
from typing import Any

import numpy as np

from nn.data.dataset import Arrays, DatasetInfo, Part, Source
from nn.schema import InputError

DIGITS = tuple("0123456789")

# https://github.com/zalandoresearch/fashion-mnist#labels
CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)

# https://www.cs.toronto.edu/~kriz/cifar.html, also for the hundred below
CIFAR10 = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)

CIFAR100_LIST = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle
bowl boy bridge bus butterfly camel can castle caterpillar cattle
chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain
mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
plain plate poppy porcupine possum rabbit raccoon ray road rocket
rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
CIFAR100 = tuple(CIFAR100_LIST.split())

INFOS = (
    DatasetInfo("keras:mnist", (28, 28, 1), DIGITS, 60_000, 10_000),
    DatasetInfo("keras:fashion_mnist", (28, 28, 1), CLOTHES, 60_000, 10_000),
    DatasetInfo("keras:cifar10", (32, 32, 3), CIFAR10, 50_000, 10_000),
    DatasetInfo("keras:cifar100", (32, 32, 3), CIFAR100, 50_000, 10_000),
)


def read(info: DatasetInfo, part: Part) -> Arrays:
    """Images (N, H, W) or (N, H, W, C) and labels of one part, downloaded when first asked for.

    Raises:
        InputError: if TensorFlow is not installed or the dataset cannot be fetched.
    """
    train, test = _load_data(info.name)
    images, labels = train if part == "train" else test
    height, width, channels = info.input_shape
    if images.shape[1:] == (channels, height, width):
        # A person's own Keras settings may put the channels first.
        images = images.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels


def _load_data(name: str) -> tuple[Arrays, Arrays]:
    module = name.removeprefix("keras:")
    # Keras reports its download on standard output, which belongs to what a command prints.
    with contextlib.redirect_stdout(sys.stderr):
        datasets = _tensorflow().keras.datasets
        try:
            train, test = getattr(datasets, module).load_data()
        except Exception as error:  # Keras raises a bare Exception when a download fails
            raise InputError(
                f"data.dataset: {name} could not be loaded ({error}); "
                "check the network and the folder ~/.keras/datasets, or choose mnist"
            ) from error
    return train, test


def _tensorflow() -> Any:
    try:
        return importlib.import_module("tensorflow")
    except ImportError as error:
        raise InputError(
            "data.dataset: Keras's datasets need TensorFlow; "
            'install it with pip install "cnn-tui[tensorflow]", or choose mnist'
        ) from error


SOURCES = tuple(Source(info, partial(read, info)) for info in INFOS)
