"""Advice on histories made by hand: clearly with a fault, clearly without, and in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log, sqrt
from typing import Any

import numpy as np
import pytest

from nn.config import RunConfig, preset
from nn.metrics import Evaluation
from nn.runs.advice import CHECKS, Facts, Remark, advise
from nn.runs.advice.statistics import apart, mean, rounded, share_error
from nn.runs.messages import EpochFinished

CONFIG: RunConfig = preset("small").changed(
    {"training.schedule": "constant", "training.learning_rate": 0.001, "training.epochs": 40}
)
NAMES = tuple("abcdefghij")
USUAL = {"1.conv2d": 1e-3, "2.dense": 2e-3}


def falling(start: float, end: float, count: int = 1000, noise: float = 0.05) -> np.ndarray:
    """Losses of batches that fall in a straight line, with the luck of the batches."""
    rng = np.random.default_rng(0)
    return np.linspace(start, end, count) + noise * rng.standard_normal(count)


def epochs(rows: Sequence[tuple[float, float, float | None, float | None]]) -> list[EpochFinished]:
    """Epochs of 100 steps: losses and accuracies of training and of validation."""
    return [
        EpochFinished(
            epoch=number,
            step=100 * number,
            train_loss=row[0],
            train_accuracy=row[1],
            validation_loss=row[2],
            validation_accuracy=row[3],
            test_loss=1.0,
            test_accuracy=0.5,
            best=True,
            elapsed=float(number),
        )
        for number, row in enumerate(rows, 1)
    ]


def answers(
    recalls: Sequence[float], support: int = 1000, confidence: float | None = None
) -> Evaluation:
    """Answers of which each class has a certain share right; the wrong ones are the next class.

    Each is given with the same confidence: what is right on average, unless told otherwise.
    """
    classes = len(recalls)
    labels = np.repeat(np.arange(classes), support)
    right = np.concatenate([np.arange(support) < round(share * support) for share in recalls])
    predicted = np.where(right, labels, (labels + 1) % classes)
    sure = float(right.mean()) if confidence is None else confidence
    probabilities = np.full((len(labels), classes), (1 - sure) / (classes - 1))
    probabilities[np.arange(len(labels)), predicted] = sure
    return Evaluation(probabilities, labels, 0.5)


WELL = [
    each.model_copy(update={"stuck_units": {"2.relu": (0, 8)}})
    for each in epochs([(1.0, 0.70, 0.8, 0.75), (0.6, 0.82, 0.6, 0.815), (0.4, 0.88, 0.5, 0.865)])
]


def facts(**values: Any) -> Facts:
    """A run that is well, but for what is given."""
    losses = values.pop("losses", falling(2.3, 0.4))
    usual = {
        "config": CONFIG,
        "train_count": 6400,
        "validation_count": 5000,
        "batches_per_epoch": 100,
        "rate": 0.001,
        "steps": np.arange(1.0, len(losses) + 1),
        "losses": losses,
        "epochs": WELL,
        "ratios": USUAL,
        "evaluation": answers([0.86] * 10),
        "class_names": NAMES,
    }
    return Facts(**usual | values)


def remark(found: Facts, kind: str) -> Remark | None:
    return next((each for each in advise(found).remarks if each.kind == kind), None)


def test_of_a_run_that_is_well_there_is_nothing_to_remark() -> None:
    advice = advise(facts())
    assert advice.remarks == ()
    assert advice.silence.startswith("Not everything can be told. Nothing to remark: no sign of")
    ended = facts(config=CONFIG.changed({"training.epochs": 3}), epochs=[*WELL[:2], WELL[2]])
    still = epochs([(1.0, 0.7, 0.8, 0.75), (0.42, 0.87, 0.51, 0.855), (0.4, 0.88, 0.5, 0.865)])
    still = [each.model_copy(update={"stuck_units": {}}) for each in still]
    assert advise(replace(ended, epochs=still)).silence.startswith("All well. Nothing to remark")


def test_of_a_run_that_has_just_begun_nothing_can_be_told() -> None:
    advice = advise(Facts(CONFIG))
    assert advice.silence == "Too early to tell: nothing has been measured yet."
    assert len(advice.waiting) == len(CHECKS)


def with_units(units: dict[str, tuple[int, int]]) -> list[EpochFinished]:
    return [each.model_copy(update={"stuck_units": units}) for each in WELL]


# Each: what is made up; which remark it is to give; whether it does.
BLOWN = np.concatenate([[2.4, 2.3, 6.0, 5.5], falling(2.4, 0.5)])
BLOWN_FOR_GOOD = np.concatenate([[2.4, 2.3, 6.0, 5.5], falling(2.303, 2.303, noise=0.01)])
RISEN = np.concatenate([falling(2.3, 0.5, 600), falling(0.5, 1.2, 300)])
FAR = falling(2.31, 2.2)
STILL = falling(0.6, 0.6, 400)
HEART = [(1.0, 0.7, 0.8, 0.75), (0.4, 0.88, 0.5, 0.86), (0.1, 0.97, 0.6, 0.86)]
HISTORIES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("numbers leave all bounds", {"diverged": "the loss is nan"}, "rate too high", True),
    ("the loss explodes and recovers", {"losses": BLOWN}, "rate too high", True),
    ("the loss explodes for good", {"losses": BLOWN_FOR_GOOD}, "rate too high", True),
    ("the loss rises again", {"losses": RISEN}, "rate too high", True),
    ("it begins with a high loss", {"losses": falling(6.0, 0.4)}, "rate too high", False),
    ("it jumps a little", {"losses": np.r_[2.4, 2.9, falling(2.4, 0.4)]}, "rate too high", False),
    (
        "single images are hard",
        {
            "losses": falling(2.3, 0.4, noise=1.0),
            "config": CONFIG.changed({"training.batch_size": 1}),
        },
        "rate too high",
        False,
    ),
    (
        "it exploded before the rate was changed",
        {"losses": BLOWN, "changed_at": 50},
        "rate too high",
        False,
    ),
    ("updates are tiny, far to go", {"losses": FAR, "ratios": {"a": 1e-5}}, "rate too low", True),
    ("updates are small, far to go", {"losses": FAR, "ratios": {"a": 4e-4}}, "rate too low", False),
    ("updates are tiny, nearly there", {"ratios": {"a": 1e-5}}, "rate too low", False),
    (
        "updates are tiny since it exploded",
        {"losses": BLOWN_FOR_GOOD, "ratios": {"a": 1e-5}},
        "rate too low",
        False,
    ),
    ("nothing is learned", {"losses": falling(2.3, 2.3)}, "no progress", True),
    ("something is learned", {"losses": falling(2.3, 2.0)}, "no progress", False),
    ("validation is left behind", {"epochs": epochs(HEART)}, "overfitting", True),
    (
        "validation is a little behind",
        {"epochs": epochs([*HEART[:2], (0.3, 0.875, 0.48, 0.86)])},
        "overfitting",
        False,
    ),
    (
        "few validation images are behind",
        {"epochs": epochs([*HEART[:2], (0.3, 0.92, 0.48, 0.86)]), "validation_count": 60},
        "overfitting",
        False,
    ),
    (
        "the validation loss turns",
        {"epochs": epochs([*HEART[:2], (0.3, 0.87, 0.57, 0.86), (0.2, 0.87, 0.6, 0.86)])},
        "overfitting",
        True,
    ),
    (
        "the validation loss is worse once",
        {"epochs": epochs([*HEART[:2], (0.3, 0.87, 0.57, 0.86), (0.2, 0.87, 0.5, 0.86)])},
        "overfitting",
        False,
    ),
    ("the loss stands still", {"losses": STILL}, "plateau", True),
    ("the loss falls slowly", {"losses": falling(0.66, 0.54, 400)}, "plateau", False),
    ("luck hides a fall", {"losses": falling(0.6, 0.6, 400, noise=0.5)}, "plateau", False),
    (
        "the loss has arrived",
        {"losses": STILL, "epochs": [*WELL[:2], *epochs([(0.05, 0.99, 0.05, 0.985)])]},
        "plateau",
        False,
    ),
    ("the schedule has ended", {"losses": STILL, "rate": 0.0001}, "plateau", False),
    (
        "it ends and still falls",
        {
            "config": CONFIG.changed({"training.epochs": 3}),
            "epochs": epochs([(2.0, 0.3, 2.0, 0.3), (1.6, 0.5, 1.6, 0.5), (1.2, 0.6, 1.3, 0.6)]),
        },
        "ended too early",
        True,
    ),
    (
        "it ends and hardly falls",
        {
            "config": CONFIG.changed({"training.epochs": 3}),
            "epochs": epochs([(2.0, 0.3, 2.0, 0.3), (1.25, 0.6, 1.35, 0.6), (1.2, 0.6, 1.3, 0.6)]),
        },
        "ended too early",
        False,
    ),
    (
        "many units are dead",
        {"epochs": with_units({"2.relu": (3, 8), "9.relu": (0, 64)})},
        "dead units",
        True,
    ),
    ("a few units are dead", {"epochs": with_units({"9.relu": (9, 64)})}, "dead units", False),
    ("one unit of two is dead", {"epochs": with_units({"2.relu": (1, 2)})}, "dead units", False),
    ("a class is not known", {"evaluation": answers([0.9] * 9 + [0.6])}, "suffering class", True),
    (
        "a class is a little worse",
        {"evaluation": answers([0.9] * 9 + [0.87])},
        "suffering class",
        False,
    ),
    (
        "a class of few images seems worse",
        {"evaluation": answers([0.9] * 9 + [0.8], support=20)},
        "suffering class",
        False,
    ),
    (
        "all classes suffer",
        {"evaluation": answers([0.3] * 9 + [0.0])},
        "suffering class",
        False,
    ),
    (
        "it is surer than it is right",
        {"evaluation": answers([0.9] * 10, confidence=0.995)},
        "saturated outputs",
        True,
    ),
    (
        "it is a little too sure",
        {"evaluation": answers([0.9] * 10, confidence=0.92)},
        "saturated outputs",
        False,
    ),
    (
        "it is less sure than it is right",
        {"evaluation": answers([0.9] * 10, confidence=0.7)},
        "saturated outputs",
        False,
    ),
    (
        "epochs differ by less than luck",
        {
            "validation_count": 100,
            "epochs": epochs([(1, 0.7, 1, 0.9), (0.9, 0.9, 1, 0.91), (0.8, 0.9, 1, 0.92)]),
        },
        "small validation set",
        True,
    ),
    (
        "epochs differ by more than luck",
        {
            "validation_count": 100,
            "epochs": epochs([(1, 0.5, 1, 0.5), (0.9, 0.7, 1, 0.7), (0.8, 0.9, 1, 0.9)]),
        },
        "small validation set",
        False,
    ),
    (
        "many images tell them apart well enough",
        {"epochs": epochs([(1, 0.9, 1, 0.97), (0.9, 0.9, 1, 0.971), (0.8, 0.9, 1, 0.972)])},
        "small validation set",
        False,
    ),
]


@pytest.mark.parametrize(
    ("values", "kind", "there"),
    [each[1:] for each in HISTORIES],
    ids=[each[0] for each in HISTORIES],
)
def test_a_history_gives_the_remark_that_it_deserves(
    values: dict[str, Any], kind: str, there: bool
) -> None:
    found = remark(facts(**values), kind)
    assert (found is not None) is there
    if found is not None:
        assert found.tries
        assert (
            any(letter.isdigit() for letter in found.evidence)
            or found.evidence == values.get("diverged", "") + "."
        )


def test_every_kind_of_remark_is_tried() -> None:
    assert len({kind for _, _, kind, _ in HISTORIES}) == len(CHECKS)


def test_what_to_try_can_be_done() -> None:
    """Every field that a remark names takes the value that it names."""
    tried = set()
    for _, values, _, _ in HISTORIES:
        found = facts(**values)
        for each in advise(found).remarks:
            for suggestion in each.tries:
                changed = found.config.changed(suggestion.changes)
                assert (changed != found.config) is bool(suggestion.changes)
                tried |= set(suggestion.changes)
    assert {"training.learning_rate", "training.augmentation", "data.validation"} <= tried


def test_without_validation_images_the_advice_says_what_it_cannot_tell() -> None:
    rows = [(1.0, 0.7, None, None), (0.4, 0.9, None, None), (0.01, 1.0, None, None)]
    advice = advise(facts(epochs=epochs(rows), validation_count=0))
    assert advice.waiting["overfitting"] == "validation images, and there are none"
    assert advice.waiting["a validation set that is too small"] == advice.waiting["overfitting"]


def test_the_loss_of_guessing_is_the_entropy_of_the_classes() -> None:
    labels = np.array([0, 0, 0, 1])
    evaluation = Evaluation(np.full((4, 2), 0.5), labels, 0.7)
    wanted = -0.75 * log(0.75) - 0.25 * log(0.25)
    assert facts(evaluation=evaluation).guessing == pytest.approx(wanted)
    assert facts(evaluation=None).guessing == pytest.approx(log(10))


def test_a_rare_class_is_told_to_count_more() -> None:
    evaluation = answers([0.95] * 9 + [0.5])
    kept = np.r_[0:9000, 9450:9550]  # a tenth as many of the last class, half of them right
    few = Evaluation(evaluation.probabilities[kept], evaluation.labels[kept], 0.5)
    found = remark(facts(evaluation=few), "suffering class")
    assert found is not None
    assert "of the 100 test images of j" in found.evidence
    assert {"training.loss.class_weights": "balanced"} in [each.changes for each in found.tries]


@pytest.mark.parametrize(("share", "count"), [(0.9, 1000), (0.5, 100), (1.0, 50)])
def test_the_error_of_a_share_is_what_repeated_draws_show(share: float, count: int) -> None:
    """Of a share of 1 the error is not known from draws; it is no more than a wide guess."""
    drawn = np.random.default_rng(0).binomial(count, share, 20_000) / count
    assert share_error(share, count) == pytest.approx(float(drawn.std()), rel=0.08, abs=0.03)
    assert share_error(share, count) > 0


def test_means_are_apart_by_standard_errors() -> None:
    first, second = mean(np.array([1.0, 3.0])), mean(np.array([0.0, 0.0]))
    assert first == (2.0, sqrt(2) / sqrt(2))
    assert apart(first, second) == 2.0
    assert apart(second, second) == 0.0


@pytest.mark.parametrize(
    ("value", "wanted"), [(0.00033, 0.0005), (0.003, 0.002), (0.1, 0.1), (0.08, 0.1), (4.0, 5.0)]
)
def test_rates_are_rounded_as_people_do(value: float, wanted: float) -> None:
    assert rounded(value) == wanted
