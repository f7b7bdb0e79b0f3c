"""Advice about a run that is followed: what remarks rest on, and what comes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nn.config import RunConfig
from nn.metrics import Evaluation
from nn.runs.advice import Advice, Facts, Try, advise
from tui.run_state import RunState

LEARNING = ("learning_rate", "schedule", "clip_norm", "augmentation")
"""Fields of training after whose change figures from before say little."""


def advice(
    run: RunState, evaluation: Evaluation | None = None, class_names: Sequence[str] = ()
) -> Advice:
    """What there is to say about a run, whose newest answers on the test set are given."""
    return advise(facts(run, evaluation, class_names))


def facts(run: RunState, evaluation: Evaluation | None, class_names: Sequence[str]) -> Facts:
    """The figures of a run that advice rests on."""
    failed = run.failed
    return Facts(
        config=run.config,
        train_count=run.counts.train,
        validation_count=run.counts.validation,
        batches_per_epoch=run.batches_per_epoch,
        rate=run.learning_rate,
        steps=run.steps,
        losses=run.losses,
        changed_at=_changed_at(run),
        epochs=tuple(run.epochs),
        ratios=_ratios(run),
        evaluation=evaluation,
        class_names=class_names,
        diverged=failed.message if failed is not None and failed.kind == "diverged" else "",
    )


def _changed_at(run: RunState) -> int:
    """The step after which training was changed last."""
    steps = [each.step for each in run.changes if each.field.split(".")[1] in LEARNING]
    return steps[-1] if steps else 0


def _ratios(run: RunState) -> dict[str, float]:
    """How large a layer's updates are beside its parameters, at the configured learning rate.

    A schedule makes steps smaller, in proportion: what was measured is scaled by as much.
    """
    sizes, steps, rates = run.sizes, run.steps, run.rates
    if len(sizes) == 0 or len(steps) == 0:
        return {}
    at = np.interp(sizes.steps, steps, rates)
    known = (at > 0) & (sizes.steps > _changed_at(run))
    scale = run.config.training.learning_rate / np.where(known, at, 1.0)
    found = {}
    for layer in sizes.layers:
        ratios = (sizes.ratios(layer) * scale)[known]
        ratios = ratios[np.isfinite(ratios)]
        if len(ratios):
            found[layer] = float(np.median(ratios))
    return found


def resolved(tried: Try, config: RunConfig) -> Mapping[str, Any]:
    """The changes that something to try makes, with words such as `suggested` put into figures.

    Raises:
        InputError: if they will not do.
    """
    tree = config.changed(tried.changes).model_dump(mode="json")
    return {path: _value(tree, path) for path in tried.changes}


def _value(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree[int(name)] if isinstance(tree, list) else tree[name]
    return tree
