import math

import numpy as np
import pytest

from tui.render.thinning import averaged, decimate, envelope, smooth


@pytest.mark.parametrize("columns", [1, 7, 80])
def test_decimation_keeps_the_ends_and_extremes_of_each_column(columns):
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.random(1000)), rng.standard_normal(1000)
    kept_x, kept_y = decimate(x, y, columns)
    edges = np.linspace(x[0], x[-1], columns + 1)
    expected = set()
    for i in range(columns):
        last = i == columns - 1
        inside = np.flatnonzero(
            (x >= edges[i]) & ((x <= edges[i + 1]) if last else x < edges[i + 1])
        )
        if len(inside):
            part = y[inside]
            expected |= {inside[0], inside[-1], inside[part.argmin()], inside[part.argmax()]}
    order = sorted(expected)
    assert kept_x.tolist() == x[order].tolist()
    assert kept_y.tolist() == y[order].tolist()


def test_a_million_points_become_few_and_a_single_peak_survives():
    y = np.zeros(1_000_000)
    y[654_321] = 7.0
    y[123_456] = -3.0
    x, kept = decimate(np.arange(len(y)), y, 100)
    assert len(x) <= 400
    assert x[kept == 7.0].tolist() == [654_321]
    assert x[kept == -3.0].tolist() == [123_456]


def test_decimation_leaves_short_curves_and_drops_what_is_not_finite():
    x, y = decimate([0, 1, 2, 3], [1.0, math.nan, math.inf, 4.0], 5)
    assert (x.tolist(), y.tolist()) == ([0, 3], [1.0, 4.0])


def test_decimation_of_one_place_keeps_its_extremes():
    _, y = decimate(np.full(100, 3.0), np.arange(100.0), 4)
    assert (y.min(), y.max()) == (0, 99)


def test_on_a_logarithmic_axis_columns_are_ratios():
    x = np.arange(1.0, 1001.0)
    _, low, high = envelope(x, x, 3, log=True)
    assert (low.tolist(), high.tolist()) == ([1, 10, 100], [9, 99, 1000])
    assert set(decimate(x, x, 3, log=True)[0]) == {1, 9, 10, 99, 100, 1000}


def test_within_a_range_a_curve_keeps_its_points_when_it_grows():
    """All but those of the column that it had come to."""
    rng = np.random.default_rng(0)
    x, y = np.linspace(0, 1, 1000), rng.standard_normal(1000)
    for thin in (decimate, envelope):
        before, after = (thin(x[:n], y[:n], 50, within=(0.0, 1.0)) for n in (700, 800))
        for part, longer in zip(before, after, strict=True):
            kept = np.count_nonzero(before[0] < 0.68)
            assert kept > 30
            np.testing.assert_array_equal(part[:kept], longer[:kept])


def test_an_envelope_is_the_least_and_the_greatest_of_each_column():
    rng = np.random.default_rng(0)
    x, y = np.arange(1000.0), rng.standard_normal(1000)
    y[17] = math.nan
    at, low, high = envelope(x, y, 10)
    edges = np.linspace(0, 999, 11)
    for i in range(10):
        inside = (x >= edges[i]) & (x < edges[i + 1]) if i < 9 else x >= edges[i]
        assert edges[i] <= at[i] <= edges[i + 1]
        assert (low[i], high[i]) == (np.nanmin(y[inside]), np.nanmax(y[inside]))


def test_an_envelope_of_nothing_is_nothing():
    assert [len(part) for part in envelope([], [], 5)] == [0, 0, 0]
    assert [len(part) for part in envelope([1.0], [math.nan], 5)] == [0, 0, 0]


def test_smoothing_is_the_mean_of_a_value_and_its_neighbours():
    y = np.random.default_rng(0).random(50)
    expected = [np.mean([y[j] for j in range(50) if abs(i - j) <= 4]) for i in range(50)]
    assert smooth(y, 9) == pytest.approx(expected)


def test_smoothing_keeps_the_trend_up_to_its_end():
    """It neither lags on a slope nor overshoots where one ends."""
    slope = np.arange(100.0)
    assert smooth(slope, 11)[5:-5] == pytest.approx(slope[5:-5])
    assert smooth(slope, 11)[-1] == pytest.approx(slope[-6:].mean())
    step = np.repeat([2.0, 1.0], 50)
    assert smooth(step, 21).min() == pytest.approx(1.0)
    assert smooth(step, 21).max() == pytest.approx(2.0)


def test_smoothing_passes_over_gaps():
    smoothed = smooth([1.0, math.nan, 3.0], 3)
    assert math.isnan(smoothed[1])
    assert smoothed[[0, 2]].tolist() == [1.0, 3.0]


def test_a_single_high_value_does_not_spoil_those_after_it():
    y = np.full(1000, 0.1)
    y[100] = 1e30
    assert smooth(y, 21)[200:] == pytest.approx(0.1)


def test_smoothing_over_one_value_changes_nothing():
    assert smooth([3.0, 1.0, 2.0], 1).tolist() == [3.0, 1.0, 2.0]
    assert smooth([], 5).tolist() == []


def test_smoothing_over_more_than_there_is_gives_the_mean():
    assert smooth([3.0, 1.0, 2.0], 100).tolist() == [2.0, 2.0, 2.0]


def test_a_long_curve_is_averaged_in_stretches_that_keep_its_mean_and_its_end():
    y = np.random.default_rng(0).normal(3, 1, 100_003)
    x = np.arange(1.0, 100_004)
    short_x, short_y = averaged(x, y, 100, 50)
    assert len(short_x) == len(short_y) < 1000
    assert short_x[-1] == 100_003
    assert np.all(np.diff(short_x) > 0)
    assert abs(short_y.mean() - 3) < 0.02


def test_smoothing_calms_and_no_smoothing_changes_nothing():
    y = np.random.default_rng(0).normal(0, 1, 2000)
    x = np.arange(2000.0)
    same_x, same_y = averaged(x, y, 1, 50)
    np.testing.assert_array_equal([same_x, same_y], [x, y])
    light, strong = averaged(x, y, 20, 50)[1], averaged(x, y, 100, 50)[1]
    assert strong[200:].std() < light[200:].std() < y.std()
