import numpy as np
import pytest

from tui.class_bars import class_bars
from tui.curves import CurveColors, CurveOptions, curves, late_range
from tui.panels import Palette
from tui.panels import curves as module
from tui.panels.curves import CurvesPanel, picture
from tui.render.charts import Series
from tui.state import RunState, View

COLORS = Palette(**dict.fromkeys(Palette.__annotations__, "#808080"))
CURVE_COLORS = CurveColors("#0000ff", "#ff8800", "#808080")


def read(lines):
    return "\n".join(line.plain for line in lines)


def painted_as_text(view, width=100, height=30, options=None):
    return read(picture(view, options or CurveOptions(), width, height, COLORS, False))


async def test_without_a_run_it_says_how_to_start_one(app_of, painted):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(80, 20)):
        panel.show(View())
        assert "Nothing trained yet: space starts, ctrl+o loads a model" in painted(panel)


def test_a_run_before_its_first_batch_has_empty_charts(run_of):
    fresh = RunState("b", run_of().config)
    assert painted_as_text(View(fresh)).count("no batches yet") == 2


def test_the_line_of_figures_tells_the_newest_ones(run_of):
    """The last 20 losses are 1.20, 1.19 ... 1.01; epoch 1 has the best validation accuracy."""
    last = painted_as_text(View(run_of())).splitlines()[-1]
    assert "loss 1.1050" in last
    assert "accuracy 89.50 %" in last
    assert "best 90.00 %" in last
    assert "rate 0.003" in last


def test_without_validation_images_the_test_set_stands_in(run_of):
    text = painted_as_text(View(run_of(validation=False)))
    assert "best 80.00 %" in text
    assert "validation" not in text


def test_epochs_are_drawn_at_their_numbers(run_of):
    train, judged = curves(run_of(), "accuracy", CurveOptions(batches=False), 80, CURVE_COLORS)
    np.testing.assert_allclose([train.x, train.y], [[1, 2], [0.6, 0.7]])
    np.testing.assert_allclose([judged.x, judged.y], [[1, 2], [0.9, 0.7]])


def test_batches_are_drawn_over_the_same_axis_as_epochs(run_of):
    options = CurveOptions(smoothing="off")
    train, judged = curves(run_of(), "loss", options, 80, CURVE_COLORS)
    np.testing.assert_allclose(train.x, np.arange(1, 101) / 50)
    np.testing.assert_allclose(train.y, 2 - np.arange(100) / 100)
    assert list(judged.x) == [1, 2]


def test_the_accuracy_axis_leaves_out_the_first_tenth():
    one = Series("train", [0.1, 0.2, 0.5, 2.0], [0.1, 0.2, 0.6, 0.9], "#000000")
    assert late_range([one], 2.0) == (0.6, 0.9)
    assert late_range([Series("train", [0.1], [0.5], "#000000")], 2.0) is None


def test_charts_stand_beside_each_other_only_where_there_is_room(run_of):
    view = View(run_of())
    wide = painted_as_text(view, 100, 40).splitlines()
    assert any("loss over" in line and "accuracy over" in line for line in wide)
    high = painted_as_text(view, 70, 40).splitlines()
    assert not any("loss over" in line and "accuracy over" in line for line in high)
    assert sum("over epochs" in line for line in high) == 2


def test_bars_show_the_accuracy_of_each_class(pets):
    """Cats are found in 3 of 4 cases, dogs in 2 of 4, eels always."""
    lines = class_bars(pets, 30, 10, COLORS, True)
    text = read(lines)
    assert "model pets" in lines[0].plain
    for name, share in (("cat", " 75.0"), ("dog", " 50.0"), ("eel", "100.0")):
        assert any(name in line and share in line for line in text.splitlines())
    filled = {
        name: next(x for x in text.splitlines() if name in x).count("#") for name in ("cat", "dog")
    }
    assert filled["cat"] * 2 == pytest.approx(filled["dog"] * 3, abs=2)


def test_bars_of_many_classes_are_those_of_the_lowest(answers_of):
    labels = np.repeat(np.arange(100), 10)
    predictions = labels.copy()
    predictions[70 * 10 : 70 * 10 + 9] = 0
    text = read(class_bars(answers_of(labels, predictions, 100), 40, 4, COLORS, False))
    assert "lowest of 100" in text
    assert " 10.0" in text


async def test_keys_choose_what_the_curves_show(app_of, painted, run_of):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(run_of()))
        panel.focus()
        assert "smoothing light" in painted(panel)
        await pilot.press("m")
        assert "smoothing strong" in painted(panel)
        await pilot.press("m")
        assert "smoothing off" in painted(panel)
        await pilot.press("l")
        assert "log loss over epochs" in painted(panel)
        await pilot.press("b")
        assert "smoothing" not in painted(panel)


async def test_nothing_is_painted_again_without_news(app_of, painted, run_of, monkeypatch):
    times = []
    plain = module.picture
    monkeypatch.setattr(module, "picture", lambda *given: times.append(1) or plain(*given))
    panel, run = CurvesPanel(), run_of()
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        panel.show(View(run))
        await pilot.pause()
        times.clear()
        panel.show(View(run))
        await pilot.pause()
        painted(panel)
        assert times == []
        run.version += 1
        panel.show(View(run))
        await pilot.pause()
        assert times == [1]


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (38, 12), (78, 17), (250, 80)])
def test_every_size_is_kept_to(size, run_of, pets, answers_of):
    width, height = size
    many = answers_of(np.arange(100), np.zeros(100, int), 100)
    for view in (View(), View(run_of()), View(None, pets), View(run_of(), many), View(None, many)):
        for options in (CurveOptions(), CurveOptions(batches=False, log=True)):
            lines = picture(view, options, width, height, COLORS, False)
            assert len(lines) <= height
            assert max(line.cell_len for line in lines) <= width


def test_the_line_beside_the_design_has_room_for_every_figure(run_of):
    """At 120 columns the left side leaves 78 to a view."""
    line = module.figures(run_of(), CurveOptions(smoothing="strong"), 78, COLORS).plain
    assert [name in line for name in ("loss", "accuracy", "best", "rate", "strong")] == [True] * 5
