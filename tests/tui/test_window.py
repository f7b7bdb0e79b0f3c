import math

import numpy as np
import pytest

from tui.window import Window, nearest

REACH = (0.0, 8.0)
PLACES = np.arange(1, 81) / 10


def test_all_is_shown_until_somebody_zooms():
    assert Window().shown(REACH) == REACH
    assert Window().shown((0.0, 9.0)) == (0.0, 9.0)


def test_an_axis_that_grows_holds_still_while_there_is_room():
    """It ends on a quarter of a power of two of its length, and not after the last epoch."""
    assert Window().shown((0.0, 8.1), 100.0) == (0.0, 10.0)
    assert Window().shown((0.0, 9.9), 100.0) == (0.0, 10.0)
    assert Window().shown((0.0, 10.1), 100.0) == (0.0, 12.0)
    assert Window().shown((0.0, 10.1), 11.0) == (0.0, 11.0)
    assert Window().shown((0.0, 0.0), 11.0) == (0.0, 0.0)


def test_at_least_four_fifths_of_an_axis_that_grows_are_used():
    ends = np.linspace(0.001, 99.0, 5000)
    shown = np.array([Window().shown((0.0, end), 1000.0)[1] for end in ends])
    assert (ends <= shown).all()
    assert (ends / shown).min() >= 0.8 - 1e-9
    assert len(np.unique(shown[ends > 10])) < 20


def test_a_stretch_that_follows_goes_on_in_steps():
    near = Window(stretch=(6.0, 8.0))
    assert near.shown((0.0, 8.1), 100.0) == (6.5, 8.5)
    assert near.shown((0.0, 8.4), 100.0) == (6.5, 8.5)
    assert Window(stretch=(6.0, 8.0), follows=False).shown((0.0, 8.4), 100.0) == (6.0, 8.0)


def test_zooming_without_a_cursor_shows_the_newest_half_and_follows():
    near = Window().zoomed(1, REACH, 0.1)
    assert near.shown(REACH) == (4.0, 8.0)
    assert near.zoomed(1, REACH, 0.1).shown(REACH) == (6.0, 8.0)
    assert near.shown((0.0, 10.0)) == (6.0, 10.0)


def test_zooming_keeps_what_is_under_the_cursor_where_it_is():
    near = Window(cursor=2.0).zoomed(1, REACH, 0.1)
    assert near.shown(REACH) == (1.0, 5.0)
    assert not near.follows
    assert near.shown((0.0, 10.0)) == (1.0, 5.0)
    assert near.zoomed(-1, REACH, 0.1) == Window(cursor=2.0)


def test_on_a_logarithmic_axis_it_is_the_ratio_that_shrinks():
    near = Window(cursor=1.0).zoomed(1, (0.01, 100.0), 0.001, log=True)
    assert near.shown((0.01, 100.0)) == pytest.approx((0.1, 10.0))


def test_back_means_back_until_all_is_shown():
    window = Window(cursor=7.9)
    for _ in range(4):
        window = window.zoomed(1, REACH, 0.01)
    for _ in range(5):
        window = window.zoomed(-1, REACH, 0.01)
    assert window.stretch is None


def test_it_stops_where_there_is_nothing_between():
    window = Window(cursor=3.0)
    for _ in range(50):
        window = window.zoomed(1, REACH, 0.4)
    low, high = window.shown(REACH)
    assert 0.4 <= high - low < 0.8


def test_a_stretch_ends_where_a_resumed_run_has_come_to():
    window = Window(stretch=(5.0, 7.0), follows=False)
    assert window.shown((0.0, 6.0)) == (4.0, 6.0)


def test_the_first_move_brings_the_cursor_to_the_newest_place():
    assert Window().moved(-1, 80, PLACES, REACH).cursor == 8.0
    assert Window(stretch=(2.0, 4.03), follows=False).moved(1, 80, PLACES, REACH).cursor == 4.0
    assert Window().moved(-1, 80, np.array([]), REACH) == Window()


def test_the_cursor_moves_by_columns_and_by_one_place_at_least():
    assert Window(cursor=4.0).moved(-1, 8, PLACES, REACH).cursor == 3.0
    assert Window(cursor=4.0).moved(1, 8000, PLACES, REACH).cursor == pytest.approx(4.1)
    assert Window(cursor=0.1).moved(-1, 8000, PLACES, REACH).cursor == 0.1
    assert Window(cursor=8.0).moved(1, 8, PLACES, REACH).cursor == 8.0


def test_on_a_logarithmic_axis_a_column_is_a_ratio():
    moved = Window(cursor=1.0).moved(-1, 3, np.array([0.01, 0.1, 1.0, 10.0]), (0.01, 10), log=True)
    assert moved.cursor == 0.1


def test_the_stretch_goes_with_the_cursor():
    window = Window(stretch=(2.0, 4.0), follows=False, cursor=4.0).moved(1, 2, PLACES, REACH)
    assert (window.cursor, window.shown(REACH)) == (5.0, (3.0, 5.0))
    window = Window(stretch=(6.0, 8.0), cursor=6.0).moved(-1, 2, PLACES, REACH)
    assert (window.cursor, window.shown(REACH), window.follows) == (5.0, (5.0, 7.0), False)


@pytest.mark.parametrize("wanted", [-1.0, 0.1, 0.14, 0.151, 4.0, 8.0, 99.0])
def test_nearest_is_the_nearest(wanted):
    assert abs(PLACES[nearest(PLACES, wanted)] - wanted) == min(abs(PLACES - wanted))


def test_random_walks_stay_within_reach():
    rng = np.random.default_rng(0)
    for log in (False, True):
        reach, window = (0.1, 8.0), Window()
        for _ in range(500):
            if rng.random() < 0.5:
                window = window.moved(int(rng.integers(-9, 10)), 40, PLACES, reach, log=log)
            else:
                window = window.zoomed(int(rng.integers(-2, 3)), reach, 0.05, log=log)
            low, high = window.shown(reach)
            assert reach[0] - 1e-9 <= low < high <= reach[1] + 1e-9
            assert window.cursor is None or window.cursor in PLACES
            assert math.isfinite(low)
