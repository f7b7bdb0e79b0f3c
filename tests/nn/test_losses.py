from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.losses import Loss, cross_entropy, cross_entropy_gradient, softmax, total_weight
from nn.schema import InputError
from nn.types import Array


def logits_and_labels() -> tuple[Array, np.ndarray]:
    rng = np.random.default_rng(0)
    return 3 * rng.standard_normal((4, 6)), rng.integers(0, 4, 6)


def test_softmax_and_loss_are_their_definitions() -> None:
    logits, labels = logits_and_labels()
    for n, label in enumerate(labels):
        total = sum(exp(z) for z in logits[:, n])
        assert_allclose(softmax(logits)[:, n], [exp(z) / total for z in logits[:, n]])
        assert cross_entropy(logits, labels)[n] == pytest.approx(
            -log(exp(logits[label, n]) / total)
        )


def test_gradient_is_the_slope_of_the_mean() -> None:
    logits, labels = logits_and_labels()
    found, nudge = cross_entropy_gradient(logits, labels), 1e-5
    for at in np.ndindex(logits.shape):
        above, below = logits.copy(), logits.copy()
        above[at] += nudge
        below[at] -= nudge
        rise = cross_entropy(above, labels).mean() - cross_entropy(below, labels).mean()
        assert found[at] == pytest.approx(rise / (2 * nudge), abs=1e-9)


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([[1e4, -1e4, 3e38], [-1e4, 1e4, 3e38], [0, 0, 0]], np.float32)
    labels = np.array([0, 0, 1])
    assert_allclose(softmax(logits), np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 0]]))
    assert_allclose(cross_entropy(logits, labels), [0.0, 2e4, log(2)], rtol=1e-6)
    assert_allclose(
        3 * cross_entropy_gradient(logits, labels),
        np.array([[0, -1, 0.5], [0, 1, -0.5], [0, 0, 0]]),
    )


def test_logits_stay_untouched_and_float32_stays_float32() -> None:
    logits, labels = logits_and_labels()
    small = logits.astype(np.float32)
    for function in (cross_entropy, cross_entropy_gradient):
        assert function(small, labels).dtype == np.float32
    assert softmax(small).dtype == np.float32
    assert np.array_equal(small, logits.astype(np.float32))


def by_definition(logits: Array, labels: np.ndarray, smoothing: float, weights: Array) -> float:
    """A weighted mean of the losses for each label, and of those for all classes alike."""
    whole = 0.0
    for n, label in enumerate(labels):
        total = sum(exp(z) for z in logits[:, n])
        minus_log = [-log(exp(z) / total) for z in logits[:, n]]
        whole += (1 - smoothing) * weights[label] * minus_log[label]
        whole += smoothing * sum(w * m for w, m in zip(weights, minus_log, strict=True)) / 4
    return whole / sum(weights[label] for label in labels)


@pytest.mark.parametrize("smoothing", [0, 0.1, 0.9])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5, 3.0]])
def test_gradient_of_every_variant_is_the_slope_of_its_definition(
    smoothing: float, weights: list[float] | None
) -> None:
    logits, labels = logits_and_labels()
    counted = np.ones(4) if weights is None else np.array(weights)
    given = None if weights is None else counted
    found, nudge = cross_entropy_gradient(logits, labels, smoothing, given), 1e-5
    for at in np.ndindex(logits.shape):
        above, below = logits.copy(), logits.copy()
        above[at] += nudge
        below[at] -= nudge
        rise = by_definition(above, labels, smoothing, counted)
        rise -= by_definition(below, labels, smoothing, counted)
        assert found[at] == pytest.approx(rise / (2 * nudge), abs=1e-9)
    assert cross_entropy_gradient(
        logits.astype(np.float32), labels, smoothing, given
    ).dtype == np.dtype(np.float32)


def test_every_variant_stays_finite_with_extreme_logits() -> None:
    logits = np.array([[1e4, -1e4, 3e38], [-1e4, 1e4, 3e38], [0, 0, 0]], np.float32)
    found = cross_entropy_gradient(logits, np.array([0, 0, 1]), 0.3, np.array([1.0, 2.0, 4.0]))
    # By hand, from t = w * (0.7 * one_hot + 0.1) and softmax; all labels weigh 1 + 1 + 2.
    targets = np.array([[0.8, 0.8, 0.1], [0.2, 0.2, 1.6], [0.4, 0.4, 0.4]])
    answers = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 0]])
    assert_allclose(found, (answers * targets.sum(axis=0) - targets) / 4, rtol=1e-6)


def test_a_batch_counts_its_images_or_their_weights() -> None:
    labels = np.array([0, 2, 2])
    assert total_weight(labels) == 3
    assert total_weight(labels, np.array([1.0, 100.0, 0.25])) == 1.5


def test_balanced_weights_let_all_classes_count_alike() -> None:
    labels = np.array([0] * 6 + [1] * 3 + [2])
    weights = Loss(class_weights="balanced").weights(labels, 3)
    assert weights is not None
    assert_allclose(weights, [10 / 18, 10 / 9, 10 / 3])
    assert_allclose([weights[labels[labels == c]].sum() for c in range(3)], 10 / 3)


def test_a_class_without_images_has_no_balanced_weight() -> None:
    weights = Loss(class_weights="balanced").weights(np.array([0, 0, 0, 2]), 4)
    assert weights is not None
    assert_allclose(weights, [4 / 6, 0, 4 / 2, 0])
    gradient = cross_entropy_gradient(np.ones((4, 1)), np.array([2]), 0.1, weights)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        (None, None),
        ("", None),
        (" ", None),
        ("balanced", "balanced"),
        (" Balanced", "balanced"),
        ("1, 2, 0.5", (1.0, 2.0, 0.5)),
        ("1 2 0.5", (1.0, 2.0, 0.5)),
        ([1, "2"], (1.0, 2.0)),
        (3, (3.0,)),
    ],
)
def test_how_class_weights_are_typed(typed: Any, means: Any) -> None:
    loss = Loss.parse({"class_weights": typed})
    assert loss.class_weights == means
    assert Loss.parse(loss.model_dump(mode="json")) == loss


@pytest.mark.parametrize("typed", ["rare", "1, x", [0, 1], [-1, 1], [1e9], [], [True, 1], {"a": 1}])
def test_class_weights_that_will_not_do(typed: Any) -> None:
    with pytest.raises(InputError, match=r"^class_weights: .* will not do; give balanced, or a nu"):
        Loss.parse({"class_weights": typed})


def test_each_class_needs_its_weight() -> None:
    labels = np.arange(3)
    weights = Loss(class_weights=(1, 2, 0.5)).weights(labels, 3)
    assert weights is not None
    assert_allclose(weights, [1, 2, 0.5])
    assert Loss().weights(labels, 3) is None
    with pytest.raises(
        InputError,
        match=r"^training\.loss\.class_weights: 2 given for 3 classes; give one weight a class",
    ):
        Loss(class_weights=(1, 2)).weights(labels, 3)
