"""`evaluation.npz`: a network's answers on the test set, and how it did in the epochs before.

A view that opens late knows from it what the last epoch changed. It is small beside the answers: a
confusion matrix for each epoch, of the newest ones where there are many classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nn.files import write_atomically
from nn.metrics import Evaluation
from nn.schema import InputError
from nn.types import Integers

MOST_BYTES = 1 << 22
"""Of all confusion matrices together."""


@dataclass(frozen=True, eq=False)
class StoredEvaluation:
    """Answers of the network at `step`, which is None in files of earlier versions.

    `matrices` are the confusion matrices (classes, classes) at the ends of epochs, by step.
    """

    evaluation: Evaluation
    step: int | None
    matrices: Mapping[int, Integers]

    @property
    def before(self) -> tuple[int, Integers] | None:
        """The confusion matrix of the last epoch that was over before `step`, and its step."""
        earlier = [step for step in self.matrices if self.step is not None and step < self.step]
        return (max(earlier), self.matrices[max(earlier)]) if earlier else None


def newest(matrices: Mapping[int, Integers]) -> dict[int, Integers]:
    """As many of the newest confusion matrices as there is room for, and small ones."""
    steps = sorted(matrices)
    room = MOST_BYTES // matrices[steps[-1]].astype(np.int32).nbytes if steps else 0
    return {step: matrices[step].astype(np.int32) for step in steps[-room:] if room}


def write_evaluation(
    path: Path, answers: Evaluation, step: int, matrices: Mapping[int, Integers]
) -> None:
    """Write the file."""
    classes, content = answers.probabilities.shape[1], BytesIO()
    np.savez(
        content,
        probabilities=answers.probabilities,
        labels=answers.labels,
        loss=answers.loss,
        step=step,
        matrix_steps=np.array(list(matrices), np.int64),
        matrices=np.array(list(matrices.values()), np.int32).reshape(-1, classes, classes),
    )
    write_atomically(path, content.getvalue())


def read_evaluation(path: Path) -> StoredEvaluation:
    """Read the file.

    Raises:
        InputError: if it is missing or broken.
    """
    try:
        # Opened here: of a broken file NumPy would leave it open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            probabilities, labels = stored["probabilities"], stored["labels"]
            if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
                raise ValueError("its arrays do not fit together")
            if "step" not in stored:
                true = np.take_along_axis(probabilities, labels[:, None], axis=1)
                loss = -np.log(np.maximum(true, np.finfo(true.dtype).tiny)).mean()
                return StoredEvaluation(Evaluation(probabilities, labels, float(loss)), None, {})
            matrices = dict(zip(stored["matrix_steps"].tolist(), stored["matrices"], strict=True))
            answers = Evaluation(probabilities, labels, float(stored["loss"]))
            return StoredEvaluation(answers, int(stored["step"]), matrices)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); the next evaluation replaces it"
        ) from None
