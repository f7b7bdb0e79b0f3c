"""Whether the steps are too large, too small, or lead nowhere."""

from __future__ import annotations

from statistics import median

import numpy as np

from nn.runs.advice.facts import Facts, Floats
from nn.runs.advice.remarks import Check, Remark, Try
from nn.runs.advice.statistics import apart, mean, rounded

IMAGES = 64
"""Over so many images at least a loss is averaged before it counts as high: a batch of a few may be
a hard one."""

HIGH = 1.5
"""How far above guessing a loss has to be to say that a step was too large."""

USUAL_RATIO = 1e-3
"""The size of an update beside that of what it updates: "this ratio should be somewhere around
1e-3". Stanford's course CS231n, "Neural Networks Part 3", section "Ratio of weights:updates"."""

SMALL_RATIO = USUAL_RATIO / 5
"""Below which steps are small. What was measured in good runs lies above, in their median layer."""

CHANCE = 0.97
"""The share of the loss of guessing above which nothing was learned."""

FAR = 0.25
"""The share of the loss of guessing below which a run has come far: smaller steps are fitting."""

FEWEST = 50
"""Batches before anything is said of the rate."""


def _waits(facts: Facts) -> str:
    if facts.diverged:
        return ""
    return f"{FEWEST} batches" if len(facts.recent) < FEWEST else ""


def _slower(facts: Facts, by: float) -> tuple[Try, ...]:
    training = facts.config.training
    rate = rounded(training.learning_rate / by)
    slower = Try(f"a learning rate of {rate:g}", {"training.learning_rate": rate})
    if training.clip_norm is not None:
        return (slower, _FIND)
    return (slower, Try("gradients no longer than 1", {"training.clip_norm": 1.0}), _FIND)


_FIND = Try("the test of rates: 6 in the dashboard, or cnn-tui lr-find")


def look_for_too_high(facts: Facts) -> Remark | None:
    """Numbers that left all bounds, a loss far above that of guessing, or one that rose for good.

    Steps that are too large overshoot, and the loss grows instead of falling. Goodfellow, Bengio
    and Courville, "Deep Learning" (2016), section 11.4.1.
    """
    rate, title = facts.config.training.learning_rate, "The learning rate is too high"
    if facts.diverged:
        because = "a loss that is no number comes of steps that are far too large, hardly else"
        return Remark(
            "rate too high", title, f"{facts.diverged}.", "very likely", because, _slower(facts, 10)
        )
    guessing = facts.guessing
    if guessing is not None:
        losses, steps = _averaged(facts)
        at = int(losses.argmax())
        start = max(guessing, float(losses[0]))
        if at > 0 and losses[at] >= HIGH * start:
            stuck = _is_stuck(facts)
            evidence = (
                f"At step {steps[at]:,.0f} the loss was {losses[at]:.2f}; it began with "
                f"{losses[0]:.2f}, and guessing gives {guessing:.2f}. Rate {rate:g}."
            )
            if stuck:
                evidence += f" Now it is {facts.recent[-FEWEST:].mean():.2f}: all was forgotten."
            because = "steps that fit do not make a network worse than one that knows nothing"
            return Remark(
                "rate too high",
                title,
                evidence,
                "very likely" if stuck else "likely",
                because,
                _slower(facts, 10),
            )
    return _look_for_a_rise(facts)


def _look_for_a_rise(facts: Facts) -> Remark | None:
    parts = np.array_split(facts.recent, min(len(facts.recent) // FEWEST, 20) or 1)
    if len(parts) < 3:
        return None
    means = [mean(part) for part in parts]
    best = min(means[:-1], key=lambda each: each.value)
    last = means[-1]
    far = apart(last, best)
    if far < 5 or last.value < 1.2 * best.value or last.value < best.value + 0.05:
        return None
    evidence = (
        f"The training loss rose from {best.value:.3f} ± {best.error:.3f} to "
        f"{last.value:.3f} ± {last.error:.3f}, over {len(parts[-1])} batches each."
    )
    because = f"that is {far:.0f} standard errors; what else makes it rise is rare"
    title = "The learning rate is too high: the loss rises"
    return Remark("rate too high", title, evidence, "likely", because, _slower(facts, 3))


def _averaged(facts: Facts) -> tuple[Floats, Floats]:
    """Losses, each the mean over enough images, and the last step of each."""
    several = -(-IMAGES // facts.config.training.batch_size)
    count = max(len(facts.recent) // several, 1)
    parts = [part for part in np.array_split(facts.recent, count) if len(part)]
    steps = facts.steps[facts.steps > facts.changed_at]
    ends = np.cumsum([len(part) for part in parts]) - 1
    return np.array([part.mean() for part in parts]), steps[ends]


def _blew_up(facts: Facts) -> bool:
    losses, _ = _averaged(facts)
    return facts.guessing is not None and bool(
        losses.max() >= HIGH * max(facts.guessing, float(losses[0]))
    )


def _is_stuck(facts: Facts) -> bool:
    """Whether an epoch or more has taught nothing."""
    if facts.guessing is None or not facts.recent_epochs:
        return False
    return float(facts.recent[-FEWEST:].mean()) >= CHANCE * facts.guessing


def look_for_too_low(facts: Facts) -> Remark | None:
    """Small updates, and a loss that still falls or has not begun to."""
    if facts.guessing is None or not facts.ratios or _blew_up(facts):
        return None
    ratio = median(facts.ratios.values())
    losses = facts.recent
    now = mean(losses[-min(max(facts.batches_per_epoch, FEWEST), len(losses)) :])
    if ratio >= SMALL_RATIO or now.value < FAR * facts.guessing or min(facts.ratios.values()) == 0:
        return None
    half = len(losses) // 2
    falls = apart(mean(losses[:half]), mean(losses[half:]))
    if not _is_stuck(facts) and falls < 3:
        return None
    rate = facts.config.training.learning_rate
    higher = rounded(min(rate * min(max(USUAL_RATIO / ratio, 3.0), 10.0), 100.0))
    evidence = (
        f"At the rate {rate:g} a step changes a layer by 1 part in {1 / ratio:,.0f}; 1 in "
        f"{1 / USUAL_RATIO:,.0f} is usual. After {facts.steps[-1]:,.0f} steps the loss is still "
        f"{now.value:.2f}; guessing gives {facts.guessing:.2f}."
    )
    return Remark(
        "rate too low",
        "The learning rate is too low",
        evidence,
        "very likely" if ratio < USUAL_RATIO / 10 else "likely",
        f"updates are {USUAL_RATIO / ratio:.0f} times smaller than usual, and there is far to go",
        (Try(f"a learning rate of {higher:g}", {"training.learning_rate": higher}), _FIND),
    )


def _low_waits(facts: Facts) -> str:
    if len(facts.recent) < 2 * FEWEST:
        return f"{2 * FEWEST} batches"
    return "" if facts.ratios else "sizes of updates, which come once a second"


def look_for_no_progress(facts: Facts) -> Remark | None:
    """An epoch that taught nothing, where the rate does not explain it."""
    if not _is_stuck(facts) or look_for_too_high(facts) or look_for_too_low(facts):
        return None
    now = mean(facts.recent[-FEWEST:])
    evidence = (
        f"The loss of the last {FEWEST} batches is {now.value:.3f} ± {now.error:.3f}; guessing "
        f"gives {facts.guessing:.3f}."
    )
    rate = facts.config.training.learning_rate
    lower, higher = rounded(rate / 10), rounded(min(rate * 10, 100.0))
    tries = (
        Try(f"a learning rate of {lower:g}", {"training.learning_rate": lower}),
        Try(f"or of {higher:g}", {"training.learning_rate": higher}),
        _FIND,
    )
    because = "that it has learned nothing is plain; why is not"
    title = "Nothing has been learned yet"
    return Remark("no progress", title, evidence, "very likely", because, tries)


def _stuck_waits(facts: Facts) -> str:
    return "" if facts.recent_epochs and len(facts.recent) >= FEWEST else "an epoch"


TOO_HIGH = Check("rate too high", _waits, look_for_too_high)
TOO_LOW = Check("rate too low", _low_waits, look_for_too_low)
NO_PROGRESS = Check("no progress", _stuck_waits, look_for_no_progress)
