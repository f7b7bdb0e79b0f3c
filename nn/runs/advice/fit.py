"""Whether a run learns by heart, or has ceased to learn."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import numpy as np

from nn.config import RunConfig
from nn.layers.dropout import Dropout
from nn.runs.advice.facts import Facts
from nn.runs.advice.remarks import Check, Remark, Try
from nn.runs.advice.statistics import CLEAR, apart, mean, percent, points, rounded, share_error
from nn.runs.messages import EpochFinished

LEAST_GAP = 0.03
"""A difference of accuracies that is worth a remark."""

RISE, FALL = 1.1, 0.9
"""What the validation loss has to be multiplied by for it to have turned, and the training loss for
it to fall meanwhile."""

LEAST_RISE = 0.02
"""In nats: a loss of next to nothing may well double."""

DONE = 0.98
"""The training accuracy from which a loss that stands still has arrived."""

STANDSTILL = 100
"""Batches over which a loss is seen to stand still, or two epochs if these are more."""

PRECISION = 0.03
"""The share of a loss by which it has to fall at most to be seen falling."""

DECAYED = 0.3
"""The share of the configured rate below which a loss stands still because the schedule ends."""

FAR = 0.25
"""The share of the loss of guessing above which there is much left to be learned."""

CHANCE = 0.97
"""The share of it above which nothing has been learned: other remarks tell of that."""

STILL = 0.95
"""What the losses have to be multiplied by in an epoch for them to be falling still."""


def look_for_overfitting(facts: Facts) -> Remark | None:
    """Training images known far better than others, or a validation loss that has turned.

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), sections 5.2 and 7.8. The training
    accuracy is a mean over the epoch, which makes the gap rather too small than too large.
    """
    last, turned = facts.epochs[-1], _turned(facts.epochs)
    trained, validated = last.train_accuracy, last.validation_accuracy or 0.0
    gap = trained - validated
    error = hypot(
        share_error(validated, facts.validation_count), share_error(trained, facts.train_count)
    )
    evidence, because = [], []
    if gap >= max(LEAST_GAP, CLEAR * error):
        evidence.append(
            f"Epoch {last.epoch}: {percent(trained)} of the training images are right, and "
            f"{percent(validated)} of the validation images."
        )
        because.append(f"{points(gap)} are {gap / error:.0f} standard errors")
    if turned is not None:
        evidence.append(
            f"Since epoch {turned.epoch} the training loss fell from {turned.train_loss:.3f} to "
            f"{last.train_loss:.3f}, and the validation loss rose from "
            f"{turned.validation_loss:.3f} to {last.validation_loss:.3f}."
        )
        because.append("the two losses part, in more than one epoch")
    if not evidence:
        return None
    return Remark(
        "overfitting",
        "It learns the training images by heart",
        " ".join(evidence),
        "very likely" if len(evidence) == 2 else "likely",
        "; ".join(because),
        _against_overfitting(facts.config),
    )


def _turned(epochs: Sequence[EpochFinished]) -> EpochFinished | None:
    """The epoch of the least validation loss, if two or more after it are clearly worse."""
    losses = [each.validation_loss for each in epochs]
    known = [loss for loss in losses if loss is not None]
    if len(known) < len(losses):
        return None
    at = int(np.argmin(known))
    best, last, after = epochs[at], epochs[-1], known[at + 1 :]
    if len(after) < 2 or last.train_loss > FALL * best.train_loss:
        return None
    bound = max(RISE * known[at], known[at] + LEAST_RISE)
    return best if min(after[-2:]) >= bound else None


def _against_overfitting(config: RunConfig) -> tuple[Try, ...]:
    training, tries = config.training, []
    if config.data.limit is not None:
        tries.append(Try("all training images, not the first few", {"data.limit": None}))
    if training.augmentation.is_off:
        tries.append(
            Try("training images changed at random", {"training.augmentation": "suggested"})
        )
    if not any(isinstance(layer, Dropout) for layer in config.network.layers):
        tries.append(Try("a dropout layer before the last dense one: e, then a in the dashboard"))
    if not getattr(training.optimizer, "weight_decay", 1.0):
        tries.append(Try("some weight decay", {"training.optimizer.weight_decay": 1e-4}))
    if training.patience is None:
        tries.append(Try("an end after 3 epochs without a better one", {"training.patience": 3}))
    return tuple(tries)


def _overfitting_waits(facts: Facts) -> str:
    if facts.epochs and facts.epochs[-1].validation_accuracy is None:
        return "validation images, and there are none"
    return "" if facts.epochs else "an epoch"


def look_for_plateau(facts: Facts) -> Remark | None:
    """A training loss that has ceased to fall, as far as the luck of the batches lets one see."""
    window = facts.recent[-_window(facts) :]
    last = facts.epochs[-1]
    if len(window) < STANDSTILL or last.train_accuracy >= DONE or facts.factor < DECAYED:
        return None
    before, after = mean(window[: len(window) // 2]), mean(window[len(window) // 2 :])
    error = hypot(before.error, after.error)
    if abs(apart(before, after)) >= 2 or 2 * error > PRECISION * after.value:
        return None
    if facts.guessing is not None and after.value >= CHANCE * facts.guessing:
        return None
    evidence = (
        f"The training loss was {before.value:.4f} and is {after.value:.4f}, in means of "
        f"{len(window) // 2:,} batches; luck makes them differ by {error:.4f}. "
        f"{percent(last.train_accuracy)} of the training images are right."
    )
    because = f"a fall of {percent(2 * error / after.value)} would have shown"
    return Remark("plateau", "The loss stands still", evidence, "likely", because, _onwards(facts))


def _onwards(facts: Facts) -> tuple[Try, ...]:
    training, last = facts.config.training, facts.epochs[-1]
    rate = rounded(training.learning_rate / 3)
    tries = [Try(f"a learning rate of {rate:g}", {"training.learning_rate": rate})]
    if training.schedule.kind == "constant":
        tries.append(
            Try("a rate that drops by itself on a plateau", {"training.schedule": "plateau"})
        )
    validated = last.validation_accuracy
    if validated is not None:
        error = share_error(validated, facts.validation_count)
        if last.train_accuracy - validated < 2 * error:
            tries.append(
                Try("a wider or deeper network: this one knows training images no better than new")
            )
    return tuple(tries)


def _window(facts: Facts) -> int:
    """How many of the newest losses are looked at: those of two epochs, as far as they are kept."""
    count = 2 * facts.batches_per_epoch
    every = max(facts.steps[-1] / len(facts.steps), 1.0) if len(facts.steps) else 1.0
    return max(STANDSTILL, int(count / every))


def look_for_an_early_end(facts: Facts) -> Remark | None:
    """A last epoch in which training and validation losses still fell by much."""
    before, last = facts.epochs[-2:]
    losses = [(before.train_loss, last.train_loss)]
    if before.validation_loss is not None and last.validation_loss is not None:
        losses.append((before.validation_loss, last.validation_loss))
    guessing = facts.guessing
    if guessing is None or not FAR * guessing <= last.train_loss < CHANCE * guessing:
        return None
    if any(new > STILL * old for old, new in losses):
        return None
    training = facts.config.training
    epochs = min(2 * training.epochs, 100_000)
    rate = rounded(min(3 * training.learning_rate, 100.0))
    falls = [f"from {old:.3f} to {new:.3f}" for old, new in losses]
    evidence = f"In its last epoch the training loss fell {falls[0]}"
    if len(falls) == 2:
        evidence += f" and the validation loss {falls[1]}"
    return Remark(
        "ended too early",
        "Training ended while it still learned",
        f"{evidence}; {percent(last.train_accuracy)} of the training images are right.",
        "likely",
        "both fell by more than a twentieth, which new luck with batches hardly does",
        (
            Try(f"{epochs:,} epochs", {"training.epochs": epochs}),
            Try(f"or a learning rate of {rate:g}", {"training.learning_rate": rate}),
        ),
    )


def _end_waits(facts: Facts) -> str:
    if len(facts.epochs) < 2:
        return "two epochs"
    return "" if facts.epochs[-1].epoch >= facts.config.training.epochs else "the last epoch"


def _plateau_waits(facts: Facts) -> str:
    if len(facts.recent_epochs) < 2:
        return "two epochs without a change"
    few = len(facts.recent) < STANDSTILL
    return f"{STANDSTILL} batches without a change" if few else ""


OVERFITTING = Check("overfitting", _overfitting_waits, look_for_overfitting)
PLATEAU = Check("a plateau", _plateau_waits, look_for_plateau)
EARLY_END = Check("an end that came too early", _end_waits, look_for_an_early_end)
