from __future__ import annotations

import numpy as np
import pytest

from nn.initializers import he_normal
from nn.layers.conv import Conv2D
from nn.layers.dense import Dense


def test_variance_is_two_over_fan_in() -> None:
    values = he_normal((200, 500), 50, np.random.default_rng(0), np.float32)
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=0.002)
    assert values.var() == pytest.approx(2 / 50, rel=0.02)


def test_layers_give_the_number_of_inputs_that_an_output_sums_over() -> None:
    rng = np.random.default_rng(0)
    dense = Dense(units=400).build((300,), np.float32)
    dense.initialize(rng)
    assert dense.parameters["weights"].var() == pytest.approx(2 / 300, rel=0.03)
    conv = Conv2D(filters=200, kernel_size=(3, 5)).build((9, 9, 20), np.float32)
    conv.initialize(rng)
    assert conv.parameters["weights"].var() == pytest.approx(2 / (3 * 5 * 20), rel=0.03)
    assert not conv.parameters["biases"].any()
