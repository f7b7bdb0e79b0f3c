"""Whether the validation images suffice to tell one epoch from another."""

from __future__ import annotations

from nn.runs.advice.facts import Facts
from nn.runs.advice.remarks import Check, Remark, Try
from nn.runs.advice.statistics import percent, points, share_error

COARSE = 0.005
"""The standard error from which a difference of a point, two of them, is left to chance."""

FINE = 0.0025
"""The standard error that a set of the proposed size has."""

LEARNING = 0.5
"""The accuracy below which epochs differ little for other reasons."""


def look_for_small_validation(facts: Facts) -> Remark | None:
    """A best epoch that is better than others by less than chance makes of so few images.

    All epochs are judged by the same images, so that their differences are a little surer than a
    standard error of a share says; hence one error, where two would be usual.
    """
    scores = [each.validation_accuracy or 0.0 for each in facts.epochs]
    best = max(scores)
    error, at = share_error(best, facts.validation_count), scores.index(best)
    rivals = [i for i, score in enumerate(scores) if i != at and best - score < error]
    if best < LEARNING or error < COARSE or not rivals:
        return None
    next_best = max(scores[i] for i in rivals)
    evidence = (
        f"By {facts.validation_count:,} images epoch {facts.epochs[at].epoch} is the best with "
        f"{percent(best)}, and the next has {percent(next_best)}. By chance alone a figure of so "
        f"few is off by {points(error)}."
    )
    wanted = max(round(best * (1 - best) / FINE**2, -2), 1000)
    images = facts.train_count + facts.validation_count
    tries = []
    if facts.validation_count < min(wanted, images // 5):
        count = int(min(wanted, images // 5))
        tries.append(Try(f"{count:,} validation images", {"data.validation": count}))
    if facts.config.data.limit is not None:
        tries.append(Try("all training images: a fifth may be held out", {"data.limit": None}))
    if facts.config.training.average is None:
        tries.append(Try("averaged weights, which jump less", {"training.average": 0.999}))
    are = "is" if len(rivals) == 1 else "are"
    several = f"{len(rivals)} of the other {len(scores) - 1} epochs {are} within one standard error"
    title = "The validation set is too small to tell which epoch is best"
    return Remark("small validation set", title, evidence, "very likely", several, tuple(tries))


def _waits(facts: Facts) -> str:
    if facts.epochs and facts.epochs[-1].validation_accuracy is None:
        return "validation images, and there are none"
    return "" if len(facts.epochs) >= 3 else "three epochs"


SMALL_VALIDATION = Check("a validation set that is too small", _waits, look_for_small_validation)
