"""What a dataset was when a training began, to notice later that it has changed."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from nn.data.dataset import Dataset
from nn.schema import InputError, Schema


class Fingerprint(Schema):
    """Facts about the images that a training uses; the digests stand for all pixels and labels."""

    dataset: str
    train_count: int
    test_count: int
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    train_digest: str
    test_digest: str

    def require(self, now: Fingerprint) -> None:
        """Refuse data that are not those of this fingerprint.

        Raises:
            InputError: naming the dataset and what differs first.
        """
        difference = self._difference(now)
        if difference is not None:
            raise InputError(
                f"data.dataset: {self.dataset} has changed since the run began: {difference}; "
                "put it back as it was, or start a new run"
            )

    def _difference(self, now: Fingerprint) -> str | None:
        if now.input_shape != self.input_shape:
            was, became = ("×".join(map(str, each.input_shape)) for each in (self, now))
            return f"its images are {became}, not {was}"
        counts = {
            "classes": (len(self.class_names), len(now.class_names)),
            "training images": (self.train_count, now.train_count),
            "test images": (self.test_count, now.test_count),
        }
        for what, (before, after) in counts.items():
            if before != after:
                return f"it gives {after:,} {what}, not {before:,}"
        if now.class_names != self.class_names:
            return "its classes have other names"
        if now.train_digest != self.train_digest:
            return "its training images or their labels are others"
        if now.test_digest != self.test_digest:
            return "its test images or their labels are others"
        return None


def fingerprint(train: Dataset, test: Dataset) -> Fingerprint:
    """The fingerprint of a dataset's two parts, as they were loaded."""
    return Fingerprint(
        dataset=train.name,
        train_count=len(train),
        test_count=len(test),
        input_shape=train.images.shape[1:],
        class_names=train.class_names,
        train_digest=_digest(train),
        test_digest=_digest(test),
    )


def _digest(data: Dataset) -> str:
    digest = blake2b(digest_size=16)
    for array in (data.images, data.labels):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
