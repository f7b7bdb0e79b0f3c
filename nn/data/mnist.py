"""The MNIST database of handwritten digits, which comes with the package.

Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86(11), 1998. Licence: MNIST-LICENSE.md.
"""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np

from nn.data.dataset import Arrays, DatasetInfo, Part, Source
from nn.schema import InputError

FILE = resources.files("nn.data") / "mnist.npz"
SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"

INFO = DatasetInfo(
    name="mnist",
    input_shape=(28, 28, 1),
    class_names=tuple("0123456789"),
    train_count=60_000,
    test_count=10_000,
)


def read(part: Part) -> Arrays:
    """Images (N, 28, 28) and labels (N,) of one part; the other part is not unpacked.

    Raises:
        InputError: if the file is missing or is not the one that was shipped.
    """
    try:
        with resources.as_file(FILE) as path, path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != SHA256:
                raise InputError(f"{FILE}: the bundled MNIST is damaged; install cnn-tui again")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return arrays[f"x_{part}"], arrays[f"y_{part}"]
    except OSError as error:
        raise InputError(
            f"{FILE}: the bundled MNIST cannot be read ({error.strerror}); install cnn-tui again"
        ) from error


SOURCE = Source(INFO, read)
