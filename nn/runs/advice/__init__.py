"""Short remarks about a run from its own figures: what is wrong, how one knows, what to try.

A remark is only made where figures say so. Where they are too few or too noisy there is none.
"""

from __future__ import annotations

from nn.runs.advice.answers import SATURATION, SUFFERING
from nn.runs.advice.facts import Facts
from nn.runs.advice.fit import EARLY_END, OVERFITTING, PLATEAU
from nn.runs.advice.rate import NO_PROGRESS, TOO_HIGH, TOO_LOW
from nn.runs.advice.remarks import Advice, Check, Remark, Try
from nn.runs.advice.validation import SMALL_VALIDATION

CHECKS: tuple[Check, ...] = (
    TOO_HIGH,
    NO_PROGRESS,
    TOO_LOW,
    OVERFITTING,
    PLATEAU,
    EARLY_END,
    SUFFERING,
    SATURATION,
    SMALL_VALIDATION,
)
"""Everything that is looked for, the gravest first. A new one is a check in a file, and here."""

__all__ = ["CHECKS", "Advice", "Check", "Facts", "Remark", "Try", "advise"]


def advise(facts: Facts) -> Advice:
    """What there is to say about a run now."""
    remarks, passed, waiting = [], [], {}
    for check in CHECKS:
        missing = check.waits_for(facts)
        if missing:
            waiting[check.name] = missing
        elif (remark := check.look(facts)) is not None:
            remarks.append(remark)
        else:
            passed.append(check.name)
    return Advice(tuple(remarks), tuple(passed), waiting)
