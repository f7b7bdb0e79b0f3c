from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nn.losses import cross_entropy, cross_entropy_gradient, softmax
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
