import math

import numpy as np
import pytest

from tui.size_history import MOST, SizeHistory

SIZES = {"1.conv2d.weights": (3.0, 0.3, 30.0), "1.conv2d.biases": (4.0, 0.4, 40.0)}


def test_the_arrays_of_a_layer_are_one_vector():
    history = SizeHistory()
    history.add(10, SIZES)
    assert history.layers == ("1 conv2d",)
    assert history.steps.tolist() == [10]
    assert history.gradients("1 conv2d") == pytest.approx([5.0])
    assert history.ratios("1 conv2d") == pytest.approx([0.5 / 50])


def test_parameters_that_are_zero_have_no_ratio():
    history = SizeHistory()
    history.add(10, {"2.dense.biases": (1.0, 0.1, 0.0)})
    assert math.isnan(history.ratios("2 dense")[0])


def test_an_array_that_was_left_out_is_a_gap():
    history = SizeHistory()
    history.add(10, {**SIZES, "2.dense.weights": (1.0, 1.0, 2.0)})
    history.add(20, SIZES)
    assert history.ratios("2 dense")[0] == 0.5
    assert math.isnan(history.ratios("2 dense")[1])
    assert history.gradients("1 conv2d").tolist() == [5.0, 5.0]


def test_layers_inside_others_keep_their_way():
    history = SizeHistory()
    history.add(1, {"3.residual.1.conv2d.weights": (1.0, 1.0, 1.0)})
    assert history.layers == ("3 residual 1 conv2d",)


def test_what_comes_after_a_step_can_be_forgotten():
    history = SizeHistory()
    for step in (10, 20, 30):
        history.add(step, SIZES)
    history.forget(20)
    assert history.steps.tolist() == [10, 20]
    assert len(history.ratios("1 conv2d")) == 2


def test_a_long_run_keeps_evenly_spread_moments():
    history = SizeHistory()
    for step in range(1, 5 * MOST + 1):
        history.add(step, {"1.dense.weights": (float(step), 0.0, 1.0)})
    assert MOST / 2 <= len(history) <= MOST
    assert history.gradients("1 dense").tolist() == history.steps.tolist()
    assert len(set(np.diff(history.steps))) == 1
    assert history.steps[-1] > 5 * MOST - 10


def test_without_any_there_are_no_layers():
    history = SizeHistory()
    assert (len(history), history.layers) == (0, ())
