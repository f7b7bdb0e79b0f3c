import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.render.scales import across, across_log, drawable, upward, upward_log

finite = st.floats(-1e99, 1e99)
positive = st.floats(1e-99, 1e99)


def test_an_axis_upward_starts_and_ends_near_its_values():
    axis = upward(0.03, 2.34, 4)
    assert (axis.low, axis.high) == pytest.approx((0.0, 2.4))
    assert axis.labels == ("0", "1", "2")


def test_percentages_stay_within_what_is_possible():
    axis = upward(0.932, 1.0, 4, percent=True)
    assert axis.high == 1.0
    assert axis.labels == ("94 %", "96 %", "98 %", "100 %")
    assert upward(1.0, 1.0, 4, percent=True).labels[-1] == "100 %"
    assert upward(0.0, 0.0, 4, percent=True).labels[0] == "0 %"


@pytest.mark.parametrize(
    ("n_ticks", "labels"),
    [
        (8, ("0.02", "0.05", "0.1", "0.2", "0.5", "1", "2")),
        (5, ("0.03", "0.1", "0.3", "1", "3")),
        (3, ("0.1", "1")),
    ],
)
def test_a_logarithmic_axis_has_the_usual_ticks(n_ticks, labels):
    assert upward_log(0.02, 3.0, n_ticks).labels == labels


def test_many_powers_of_ten_are_thinned():
    assert upward_log(1e-9, 1.0, 5).labels == ("1e-9", "1e-7", "1e-5", "0.001", "0.1")


def test_a_narrow_logarithmic_axis_has_linear_ticks():
    axis = upward_log(0.2, 0.3, 4)
    assert axis.log
    assert axis.labels == ("0.20", "0.25", "0.30")


def test_an_axis_across_ends_with_its_values():
    axis = across(0, 1299, 5)
    assert (axis.low, axis.high) == (0, 1299)
    assert axis.labels == ("0", "500", "1,000")
    assert across(0.0, 1.5, 3).labels == ("0.0", "0.5", "1.0", "1.5")


def test_an_axis_across_has_a_tick_also_where_the_first_step_misses_it():
    check_axis(across(5e89, 4.000000009e98, 2), 5e89, 4.000000009e98)
    assert across(0.001, 4.1, 2).labels == ("2", "4")


def test_a_logarithmic_axis_across_ends_with_its_values_and_has_even_powers_of_ten():
    axis = across_log(1e-6, 10, 8)
    assert (axis.low, axis.high) == (1e-6, 10)
    assert axis.labels == ("1e-6", "1e-5", "1e-4", "0.001", "0.01", "0.1", "1", "10")
    assert axis.fractions(np.array(axis.ticks)) == pytest.approx(np.arange(8) / 7)
    assert across_log(1e-6, 10, 4).labels == ("1e-6", "1e-4", "0.01", "1")


def test_a_narrow_logarithmic_axis_across_has_linear_ticks():
    axis = across_log(2.0, 3.0, 4)
    assert axis.log
    assert (axis.low, axis.high) == (2.0, 3.0)
    assert axis.labels == ("2.0", "2.5", "3.0")
    assert across_log(3.0, 3.0, 4).low < 3 < across_log(3.0, 3.0, 4).high


def test_one_value_stands_in_the_middle():
    axis = across(3, 3, 5)
    assert axis.labels == ("3",)
    assert axis.fractions(np.array([3.0])) == pytest.approx([0.5])


def test_fractions_are_even_in_the_logarithm():
    axis = upward_log(1.0, 100.0, 4)
    assert axis.fractions(np.array([1.0, 10.0, 100.0])) == pytest.approx([0, 0.5, 1])


def test_drawable_values_are_finite_and_above_zero_for_logarithms():
    values = np.array([-1.0, 0.0, 2.0, math.nan, math.inf, -math.inf, 1e200])
    assert drawable(values).tolist() == [True, True, True, False, False, False, False]
    assert drawable(values, log=True).tolist() == [False, False, True, False, False, False, False]


@pytest.mark.parametrize("make", [upward, upward_log, across])
@given(a=positive, b=positive, n_ticks=st.integers(2, 12))
def test_every_axis_holds_its_values_and_its_ticks(make, a, b, n_ticks):
    low, high = sorted((a, b))
    check_axis(make(low, high, n_ticks), low, high)


@given(a=finite, b=finite, n_ticks=st.integers(2, 12))
def test_axes_hold_negative_values_too(a, b, n_ticks):
    low, high = sorted((a, b))
    check_axis(upward(low, high, n_ticks), low, high)
    check_axis(across(low, high, n_ticks), low, high)


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_percent_axes_never_leave_0_to_100(a, b):
    axis = upward(min(a, b), max(a, b), 4, percent=True)
    check_axis(axis, min(a, b), max(a, b))
    assert axis.low >= 0
    assert axis.high <= 1


def check_axis(axis, low, high):
    places = axis.fractions(np.array([low, high, *axis.ticks]))
    assert np.isfinite(places).all()
    assert (places >= -1e-6).all()
    assert (places <= 1 + 1e-6).all()
    assert 1 <= len(axis.ticks) == len(axis.labels) <= 25
    assert list(axis.ticks) == sorted(set(axis.ticks))
