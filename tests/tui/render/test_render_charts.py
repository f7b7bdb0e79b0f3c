import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rich.text import Text

from tui.render import charts
from tui.render.charts import Band, Series

BLUE, ORANGE = "#0000ff", "#ff8800"


def line_chart(*given, **how):
    """The lines of a chart as one text."""
    lines = charts.line_chart(*given, **how)
    assert len({line.style for line in lines}) <= 1
    text = Text("\n").join(lines)
    text.style = lines[0].style if lines else ""
    return text


def curve(y, x=None, name="train", color=BLUE):
    return Series(name, range(len(y)) if x is None else x, y, color)


def points(y, x=None):
    """A second series, so that its points carry a sign, after an empty first one."""
    return [curve([]), curve(y, x, name="validation", color=ORANGE)]


def places(text, sign):
    """(line, column) of every sign below the legend."""
    lines = text.plain.split("\n")
    return [
        (row, column)
        for row, line in enumerate(lines)
        for column, character in enumerate(line)
        if character == sign and row > 0
    ]


@pytest.mark.parametrize("width", [1, 5, 19, 20, 34, 76, 100])
@pytest.mark.parametrize("height", [1, 4, 5, 6, 12, 30])
@pytest.mark.parametrize("log_y", [False, True])
def test_a_chart_has_exactly_its_size(width, height, log_y):
    series = [curve([2.0, 1.0, 0.5]), curve([0.7], [2], "a validation of a long name", ORANGE)]
    text = line_chart(series, width=width, height=height, title="the loss", log_y=log_y)
    lines = text.plain.split("\n")
    assert len(lines) == height
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, -1)])
def test_no_room_gives_no_text(size):
    assert line_chart([curve([1.0])], width=size[0], height=size[1]).plain == ""


def test_linear_heights_follow_the_values():
    text = line_chart(points([0.0, 1.0, 2.0, 4.0], [0, 1, 2, 4]), width=60, height=23)
    rows, columns = zip(*sorted(places(text, "●"), key=lambda place: place[1]), strict=True)
    assert np.diff(rows).tolist() == pytest.approx([-5, -5, -10], abs=1)
    assert np.diff(columns)[2] == pytest.approx(2 * np.diff(columns)[0], abs=2)


def test_logarithmic_heights_are_even_for_powers_of_ten():
    text = line_chart(points([1.0, 10.0, 100.0, 1000.0]), width=60, height=23, log_y=True)
    rows, _ = zip(*sorted(places(text, "●"), key=lambda place: place[1]), strict=True)
    assert np.diff(rows).tolist() == pytest.approx([-20 / 3] * 3, abs=1)


def test_powers_of_ten_are_evenly_apart_across_a_logarithmic_axis():
    x = [0.001, 0.01, 0.1, 1.0]
    text = line_chart(points([1.0] * 4, x), width=60, height=10, log_x=True)
    columns = sorted(column for _, column in places(text, "●"))
    assert np.diff(columns).tolist() == pytest.approx([np.ptp(columns) / 3] * 3, abs=1)


def test_values_and_ends_that_a_logarithmic_axis_across_cannot_show_are_left_out():
    x = [-1.0, 0.0, 0.1, 1.0]
    text = line_chart(points([1.0] * 4, x), width=60, height=10, log_x=True, x_range=(0.0, 1.0))
    assert len(places(text, "●")) == 2


def test_the_legend_names_each_series_with_its_own_sign():
    series = [curve([1.0, 2.0], name=name) for name in ("train", "validation", "test")]
    legend = line_chart(series, width=76, height=10, title="loss").plain.split("\n")[0]
    assert legend.startswith("loss ")
    signs = [legend.split(name)[0].split()[-1] for name in ("train", "validation", "test")]
    assert len(set(signs)) == 3


def test_series_have_their_colours_and_nothing_has_a_background():
    series = [curve([1.0, 2.0]), curve([1.5, 1.0], name="validation", color=ORANGE)]
    text = line_chart(series, width=76, height=10, marks=[0.5], foreground="#123456")
    styles = [span.style for span in text.spans if not isinstance(span.style, str)]
    assert {style.color.name for style in styles if style.color} == {BLUE, ORANGE}
    assert all(style.bgcolor is None for style in styles)
    assert text.style == "#123456"


def test_a_single_point_of_a_plain_line_is_drawn():
    assert len(places(line_chart([curve([2.5], [3])], width=60, height=10), "•")) == 1


@pytest.mark.parametrize("log_y", [False, True])
def test_a_constant_is_a_level_line(log_y):
    text = line_chart([curve([0.25] * 30)], width=60, height=12, log_y=log_y)
    dotted = [
        row
        for row, line in enumerate(text.plain.split("\n"))
        if row > 0 and any("\u2800" < character <= "\u28ff" for character in line)
    ]
    assert len(dotted) == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
def test_values_that_are_not_finite_are_left_out(bad):
    clean = line_chart([curve([3.0, 2.0, 1.0], [0, 1, 3])], width=60, height=12)
    dirty = line_chart([curve([3.0, 2.0, bad, 1.0], [0, 1, 2, 3])], width=60, height=12)
    assert dirty == clean


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan])
def test_logarithms_leave_out_what_is_not_above_zero(bad):
    clean = line_chart([curve([3.0, 0.2], [0, 2])], width=60, height=12, log_y=True)
    dirty = line_chart([curve([3.0, bad, 0.2], [0, 1, 2])], width=60, height=12, log_y=True)
    assert dirty == clean


@pytest.mark.parametrize("series", [[], [curve([])], [curve([math.nan, math.inf])]])
@pytest.mark.parametrize("size", [(76, 11), (30, 2)])
def test_without_values_a_sentence_stands_in_the_middle(series, size):
    width, height = size
    lines = line_chart(series, width=width, height=height).plain.split("\n")
    middle = lines.pop((height - 1) // 2)
    assert middle.strip() == "no batches yet"
    before = len(middle) - len(middle.lstrip())
    assert before == pytest.approx((width - 14) / 2, abs=1)
    assert "".join(lines) == ""


def test_the_sentence_can_be_another():
    assert "no epochs yet" in line_chart([], width=40, height=5, empty="no epochs yet").plain


def test_a_tiny_chart_is_its_newest_values():
    series = [curve([0.5, 0.98765]), curve([0.99], name="validation")]
    text = line_chart(series, width=19, height=4, percent=True)
    assert text.plain == "train 98.77 %\nvalidation 99.00 %\n\n"


def test_percentages_are_labelled_as_such():
    text = line_chart([curve([0.93, 1.0])], width=60, height=20, percent=True)
    assert "100 %" in text.plain


def test_marks_are_vertical_lines_at_their_place():
    text = line_chart(points([0.0, 4.0], [0, 4]), width=60, height=20, marks=[2, 99, math.nan])
    signs = sorted(places(text, "●"), key=lambda place: place[1])
    columns = {column for _, column in places(text, "┊")}
    assert len(columns) == 1
    assert columns.pop() == pytest.approx((signs[0][1] + signs[1][1]) / 2, abs=1)


def test_ranges_leave_out_what_lies_outside():
    text = line_chart(
        points([5.0, 1.0, 2.0, 9.0]), width=60, height=20, x_range=(1, 3), y_range=(0, 4)
    )
    assert len(places(text, "●")) == 2


def test_a_range_from_zero_does_not_stop_a_logarithmic_axis():
    text = line_chart(points([0.1, 0.9]), width=60, height=20, log_y=True, y_range=(0, 1))
    assert len(places(text, "●")) == 2


def test_ascii_charts_are_ascii():
    series = [curve([1.0, 2.0]), curve([1.5], [1]), curve([1.2], [0], "test")]
    text = line_chart(series, width=60, height=12, title="loss", marks=[0.5], ascii=True)
    assert text.plain.isascii()
    assert places(text, "o")
    assert places(text, "x")


def test_a_range_without_values_leaves_an_empty_frame():
    text = line_chart([curve([0.1, 0.2])], width=60, height=12, y_range=(5, 6))
    assert "5.0" in text.plain
    assert not any("\u2800" < character <= "\u28ff" for character in text.plain.split("\n", 1)[1])


def test_many_points_keep_a_line_and_some_signs():
    text = line_chart(points(np.linspace(0, 1, 500)), width=60, height=20)
    assert 5 <= len(places(text, "●")) <= 15
    assert any("\u2800" < character <= "\u28ff" for character in text.plain)


def test_signs_and_marks_stay_when_there_are_more():
    def picture(n):
        curve, axis = (
            points(np.full(n, 0.5), range(1, n + 1)),
            {"x_range": (0, 200), "y_range": (0, 1)},
        )
        return line_chart(curve, width=90, height=12, marks=range(1, n + 1), **axis)

    fewer, more = picture(120), picture(124)
    assert places(fewer, "┊")
    assert places(fewer, "┊") == places(more, "┊")
    assert len(set(places(fewer, "●")) ^ set(places(more, "●"))) <= 1
    assert max(places(more, "●")) not in places(fewer, "●")


def test_few_points_are_joined_only_where_that_is_wanted():
    def dots(**how):
        text = line_chart(points([0.0, 1.0, 2.0]), width=60, height=20, **how)
        return [sign for sign in text.plain.split("\n", 1)[1] if "\u2800" < sign <= "\u28ff"]

    assert dots() == []
    assert len(dots(joined=True)) > 20


def test_charts_drawn_on_two_threads_do_not_mix():
    charts = [[curve(np.linspace(0, 1, 50))], points([1.0, 0.5, 0.2])] * 5
    alone = [line_chart(series, width=60, height=12) for series in charts]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda s: line_chart(s, width=60, height=12), charts))
    assert together == alone


def test_importing_charts_loads_neither_plotext_nor_textual():
    code = "import sys, tui.render.charts; print({'plotext', 'textual'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("count", [5, 61, 400])
def test_a_band_covers_its_range_and_no_more(count):
    x = np.linspace(0, 60, count)
    band = Band(x, np.full(count, 2.0), np.full(count, 4.0), "#111111")
    series = [Series("train", [0.0], [0.0], BLUE, band), *points([0.0, 8.0], [0, 60])[1:]]
    text = line_chart(series, width=70, height=23, y_range=(0, 8))
    rows = {row for row, _ in places(text, "░")}
    columns = {column for _, column in places(text, "░")}
    (high, right), (low, left) = sorted(places(text, "●"))
    assert min(rows) == pytest.approx(high + (low - high) / 2, abs=1)
    assert max(rows) == pytest.approx(high + (low - high) * 3 / 4, abs=1)
    assert columns == set(range(left, right + 1))
    assert len(places(text, "░")) == len(rows) * len(columns)


def test_an_axis_has_room_for_a_band_and_a_curve_lies_over_it():
    x = np.arange(30.0)
    band = Band(x, np.full(30, 1.0), np.full(30, 9.0), "#111111")
    text = line_chart([Series("train", x, np.full(30, 5.0), BLUE, band)], width=60, height=20)
    assert {"2", "8"} <= {line[:1] for line in text.plain.split("\n")[1:]}
    assert any("\u2800" < sign <= "\u28ff" for sign in text.plain.split("\n", 1)[1])


def test_a_band_outside_of_the_axis_is_not_drawn_at_its_edge():
    x = np.arange(30.0)
    band = Band(x, np.full(30, 7.0), np.full(30, 9.0), "#111111")
    series = [Series("train", x, np.full(30, 5.0), BLUE, band)]
    assert places(line_chart(series, width=60, height=20, y_range=(4, 6)), "░") == []


def test_a_cursor_is_a_whole_line_at_its_place():
    text = line_chart(points([0.0, 4.0], [0, 4]), width=60, height=20, cursor=2)
    signs = sorted(places(text, "●"), key=lambda place: place[1])
    frame = min(column for _, column in places(text, "│"))
    columns = {column for _, column in places(text, "│") if column > frame}
    assert len(columns) == 1
    assert columns.pop() == pytest.approx((signs[0][1] + signs[1][1]) / 2, abs=1)
    rows = [row for row, column in places(text, "│") if column > frame]
    assert len(rows) == signs[0][0] - signs[1][0] + 1


def test_remarks_stand_on_the_axis_at_their_place():
    text = line_chart(points([0.0, 4.0], [0, 4]), width=60, height=20, remarks=[2, 99])
    assert text.plain.splitlines()[0].endswith(" Δ change")
    ((row, column),) = [place for place in places(text, "Δ") if place[0] > 0]
    low, high = sorted(places(text, "●"), reverse=True)
    assert row == low[0]
    assert column == pytest.approx((low[1] + high[1]) / 2, abs=1)


def test_half_a_narrow_screen_shows_every_power_of_ten_of_a_run():
    """Powers of ten are short: three of them find room where three other numbers do not."""
    text = line_chart(points([1.0] * 3, [0.02, 1, 20]), width=38, height=10, log_x=True)
    assert text.plain.splitlines()[-1].split() == ["0.1", "1", "10"]


def test_remarks_are_named_where_there_are_any():
    for remarks in ([], [99]):
        text = line_chart(points([0.0, 4.0], [0, 4]), width=60, height=20, remarks=remarks)
        assert "Δ" not in text.plain


def test_bands_cursor_and_remarks_are_ascii_where_they_must():
    x = np.arange(30.0)
    band = Band(x, np.full(30, 1.0), np.full(30, 9.0), "#111111")
    series = [Series("train", x, np.full(30, 5.0), BLUE, band)]
    text = line_chart(series, width=60, height=20, marks=[5], remarks=[9], cursor=20, ascii=True)
    assert text.plain.isascii()
    assert all(sign in text.plain for sign in ".':|^")
    assert "^ change" in text.plain.splitlines()[0]


def test_a_legend_without_room_tells_every_curve_by_its_short_name():
    layers = [
        Series(f"{n} conv2d", [0.0, 1.0], [1.0, float(n)], "#ff0000", short=str(n))
        for n in range(1, 13)
        if n < 5 or n > 8
    ]
    lines = charts.line_chart(layers, width=40, height=12, title="gradient", remarks=[0.5])
    assert lines[0].plain == "gradient"
    assert lines[1].plain.split()[1::2] == ["1", "2", "3", "4", "9", "10", "11", "12"]
    assert lines[1].plain.endswith("Δ")
    wide = charts.line_chart(layers, width=140, height=12, title="gradient", remarks=[0.5])
    assert "12 conv2d  Δ change" in wide[0].plain
