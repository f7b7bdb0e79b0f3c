import math

import pytest

from tui.render import formats


@pytest.mark.parametrize(("n", "text"), [(0, "0"), (999, "999"), (3274634, "3,274,634")])
def test_count_separates_thousands(n, text):
    assert formats.count(n) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (12_345, "12.3 k"),
        (999_960, "1.00 M"),
        (13_900_000, "13.9 M"),
        (9_996_000, "10.0 M"),
        (2.5e9, "2.50 G"),
        (math.inf, "?"),
    ],
)
def test_short_has_three_digits(n, text):
    assert formats.short(n) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(0, "0 B"), (512, "512 B"), (246_300_000, "246 MB"), (1_230, "1.23 kB")]
)
def test_size_uses_decimal_units(n_bytes, text):
    assert formats.size(n_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (9.6, "0:10"), (72, "1:12"), (59.7, "1:00"), (7384, "2:03:04"), (-3, "0:00")],
)
def test_duration_carries_into_minutes_and_hours(seconds, text):
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (12, "12 s"), (59.9, "59 s"), (180, "3 min"), (7300, "2 h"), (5 * 86400, "5 d")],
)
def test_age_names_the_largest_whole_unit(seconds, text):
    assert formats.age(seconds) == text


@pytest.mark.parametrize(
    ("fraction", "digits", "text"),
    [
        (0.9912, 2, "99.12 %"),
        (0.99996, 2, "99.99 %"),
        (0.9999999, 0, "99 %"),
        (1.0, 2, "100.00 %"),
        (0.0, 1, "0.0 %"),
        (0.5, 0, "50 %"),
    ],
)
def test_percent_reaches_100_only_when_all_is_right(fraction, digits, text):
    assert formats.percent(fraction, digits) == text


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.001, "0.001"),
        (3e-4, "3e-4"),
        (1e-3 * 0.7343, "7.34e-4"),
        (0.0123, "0.0123"),
        (0.1, "0.1"),
        (0, "0"),
        (1.0, "1"),
        (999.9, "1e3"),
    ],
)
def test_rate_is_short(x, text):
    assert formats.rate(x) == text


@pytest.mark.parametrize(
    ("nats", "text"),
    [(0.0, "0.0000"), (2.30258, "2.3026"), (151.19463, "151.1946"), (2.04e56, "2.04e56")],
)
def test_a_loss_stays_short_however_far_it_diverged(nats, text):
    assert formats.loss(nats) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_question_mark(value):
    shown = [
        formats.short(value),
        formats.size(value),
        formats.duration(value),
        formats.age(value),
        formats.percent(value),
        formats.rate(value),
    ]
    assert shown == ["?"] * len(shown)
