"""What the answers on the test set tell: of single classes, and of how sure the network is."""

from __future__ import annotations

from math import hypot

import numpy as np

from nn.metrics import class_scores
from nn.runs.advice.facts import Facts
from nn.runs.advice.remarks import Check, Remark, Try
from nn.runs.advice.statistics import CLEAR, percent, points, share_error

LEAST_LAG = 0.05
"""How far a class's recall has to be below that of the others to be worth a remark."""

LEARNING = 0.5
"""The accuracy below which there is little to be said of answers: all classes suffer."""

LEAST_EXCESS = 0.03
"""How much more confident than right a network has to be to be worth a remark."""

SATURATED = 0.99
"""The probability from which an output counts as saturated: its gradient is next to nothing."""

RARE = 0.7
"""The share of the usual number of images below which a class is a rare one."""


def look_for_suffering_class(facts: Facts) -> Remark | None:
    """The class whose recall is furthest below that of all others together, if it is clearly so.

    As many classes are compared, the bound is as much higher as the largest of so many numbers of
    chance is: sqrt(2 ln classes) standard errors.
    """
    assert facts.evaluation is not None, "there are answers"
    confusion = facts.evaluation.confusion
    hits, support = confusion.diagonal(), confusion.sum(axis=1)
    others, right = support.sum() - support, hits.sum() - hits
    if facts.evaluation.accuracy < LEARNING or (support > 0).sum() < 3:
        return None
    known = np.flatnonzero((support > 0) & (others > 0))
    lags = {}
    for i in known.tolist():
        recall, rest = hits[i] / support[i], right[i] / others[i]
        error = hypot(share_error(recall, int(support[i])), share_error(rest, int(others[i])))
        lags[i] = (rest - recall) / error, rest - recall, rest
    worst = max(lags, key=lambda i: lags[i])
    errors, lag, rest = lags[worst]
    bound = CLEAR + np.sqrt(2 * np.log(len(known)))
    if lag < LEAST_LAG or errors < bound:
        return None
    names = facts.class_names
    score = class_scores(confusion, names)[worst]
    wrong = confusion[worst].copy()
    wrong[worst] = 0
    other, times = int(wrong.argmax()), int(wrong.max())
    evidence = (
        f"{percent(score.recall)} of the {score.support:,} test images of {score.name} are found, "
        f"and {percent(rest)} of all others. Mostly it is taken for {names[other]}: {times} times."
    )
    tries = [Try(f"a look at them: 3, the cell {score.name} and {names[other]}, enter")]
    if score.support < RARE * support.mean() and facts.config.training.loss.class_weights is None:
        tries.append(
            Try("rare classes that count more", {"training.loss.class_weights": "balanced"})
        )
    if facts.config.training.augmentation.is_off:
        tries.append(
            Try("training images changed at random", {"training.augmentation": "suggested"})
        )
    because = f"{points(lag)} are {errors:.0f} standard errors; the worst of {len(known)} classes"
    title = f"The class {score.name} suffers"
    return Remark("suffering class", title, evidence, "very likely", because, tuple(tries))


def look_for_saturation(facts: Facts) -> Remark | None:
    """Answers that are surer than they are right.

    Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """
    assert facts.evaluation is not None, "there are answers"
    answers = facts.evaluation
    confidence = answers.probabilities.max(axis=1).astype(np.float64)
    excess = float(confidence.mean()) - answers.accuracy
    error = share_error(answers.accuracy, len(confidence))
    wrong = answers.predictions != answers.labels
    saturated = int((wrong & (confidence >= SATURATED)).sum())
    if answers.accuracy < LEARNING or excess < max(LEAST_EXCESS, CLEAR * error):
        return None
    evidence = (
        f"On average it is {percent(float(confidence.mean()))} sure of its answers on the test set "
        f"and right in {percent(answers.accuracy)}. Of {int(wrong.sum()):,} wrong answers "
        f"{saturated:,} were given with {percent(SATURATED, 0)} or more."
    )
    tries = []
    if facts.config.training.loss.label_smoothing == 0:
        tries.append(Try("labels smoothed a little", {"training.loss.label_smoothing": 0.1}))
    if facts.config.training.augmentation.is_off:
        tries.append(
            Try("training images changed at random", {"training.augmentation": "suggested"})
        )
    tries.append(Try("what it says at each confidence: 2, then c"))
    return Remark(
        "saturated outputs",
        "Its outputs are saturated: it is too sure of itself",
        evidence,
        "very likely",
        f"{points(excess)} too much are {excess / error:.0f} standard errors",
        tuple(tries),
    )


def _waits(facts: Facts) -> str:
    return "" if facts.evaluation is not None else "answers on the test set"


SUFFERING = Check("a class that suffers", _waits, look_for_suffering_class)
SATURATION = Check("saturated outputs", _waits, look_for_saturation)
