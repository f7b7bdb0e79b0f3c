import numpy as np
import pytest

from nn.runs import messages as m
from tui.class_bars import class_bars
from tui.curves import CurveColors, CurveOptions, curves, judge, late_range, readout
from tui.panels import Palette
from tui.panels import curves as module
from tui.panels.curves import CurvesPanel, picture
from tui.render.charts import Series
from tui.state import RunState, View
from tui.window import Window

NAMES = ("loss", "accuracy", "learning rate", "update / weight", "gradient")
COLORS = Palette(**dict.fromkeys(Palette.__annotations__, "#808080"))
CURVE_COLORS = CurveColors("#0000ff", "#ff8800", "#808080", ("#111111", "#222222"))


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


@pytest.mark.parametrize(("validation", "who"), [(0, "test"), (100, "validation")])
def test_who_judges_is_known_before_an_epoch_is_over(run_of, validation, who):
    assert judge(RunState("b", run_of().config.changed({"data.validation": validation}))) == who


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


@pytest.mark.parametrize(
    ("charts", "batches", "told"),
    [("learning rate", True, False), ("gradients", False, True), ("loss", False, False)],
)
def test_smoothing_is_told_where_something_is_smoothed(run_of, charts, batches, told):
    options = CurveOptions(charts=charts, batches=batches)
    assert ("smoothing" in module.figures(run_of(), options, 78, COLORS).plain) is told


def changed_at(run, step, field="training.learning_rate", value=0.01):
    run.apply(m.Changed(step=step, field=field, value=value))
    return run


def test_smoothing_shows_the_range_of_what_it_hides(run_of):
    """Losses alternate between 1 and 3: their mean is level, and the band reaches both."""
    run = RunState("b", run_of().config)
    values = (1.0, 3.0) * 200
    run.apply(
        m.BatchesFinished(
            step=400,
            epoch=0,
            losses=values,
            accuracies=(0.5,) * 400,
            learning_rate=0.1,
            images_per_second=1,
        )
    )
    (train, _) = curves(run, "loss", CurveOptions(), 40, CURVE_COLORS)
    assert train.band is not None
    assert set(train.band.low) == {1.0}
    assert set(train.band.high) == {3.0}
    assert np.abs(np.asarray(train.y)[5:-5] - 2).max() < 0.2
    (plain, _) = curves(run, "loss", CurveOptions(smoothing="off"), 40, CURVE_COLORS)
    assert plain.band is None
    assert (min(plain.y), max(plain.y)) == (1.0, 3.0)


def test_the_learning_rate_is_never_smoothed(run_of):
    run = run_of()
    changed_at(run, 100)
    run.apply(
        m.BatchesFinished(
            step=110,
            epoch=2,
            losses=(1.0,) * 10,
            accuracies=(0.5,) * 10,
            learning_rate=0.01,
            images_per_second=1,
        )
    )
    options = CurveOptions(charts="learning rate", smoothing="strong")
    (rate,) = curves(run, "learning rate", options, 500, CURVE_COLORS)
    assert [float(y) for y in rate.y] == [0.003] * 100 + [0.01] * 10


def test_zoomed_in_only_what_is_shown_is_thinned(run_of):
    run = run_of()
    options = CurveOptions(smoothing="off")
    train, _ = curves(run, "loss", options, 500, CURVE_COLORS, (0.5, 0.7))
    assert [round(50 * x) for x in train.x] == list(range(25, 36))


def test_zoomed_in_a_mean_is_still_that_of_all_its_neighbours(run_of):
    """Losses fall evenly: a mean of those on one side alone would be off by more."""
    train, _ = curves(run_of(), "loss", CurveOptions(), 500, CURVE_COLORS, (0.5, 0.7))
    inside = (train.x >= 0.5) & (train.x <= 0.7)
    np.testing.assert_allclose(train.y[inside], 2 - (50 * train.x[inside] - 1) / 100)


def test_the_read_out_tells_what_stands_at_the_cursor(run_of):
    """Batch 75 of 50 an epoch has the loss 2 - 74/100 and the accuracy 74/100."""
    run = changed_at(run_of(), 75)
    told = dict(readout(run, CurveOptions(smoothing="off"), 1.5, (0.0, 2.0), 40))
    assert told["epoch"] == "1.500"
    assert told["batch"] == "75"
    assert told["loss"] == "1.2600"
    assert told["accuracy"] == "74.00 %"
    assert told["validation of epoch 1"] == "loss 0.1000, 90.00 %"
    assert told["rate"] == "0.003"
    assert told["changed learning rate"] == "0.01"
    assert "changed learning rate" not in dict(readout(run, CurveOptions(), 1.4, (0.0, 2.0), 40))


def test_the_read_out_tells_the_mean_around_it_too(run_of):
    """Losses fall evenly, so that the mean of a batch's neighbours is its own loss."""
    told = dict(readout(run_of(), CurveOptions(smoothing="light"), 1.0, (0.0, 2.0), 40))
    assert told["loss"] == "1.5100 (mean 1.5100)"
    told = dict(readout(run_of(), CurveOptions(smoothing="light"), 2.0, (0.0, 2.0), 40))
    assert told["loss"] == "1.0100 (mean 1.0600)"


def test_of_epochs_the_read_out_tells_all_scores(run_of):
    told = readout(run_of(), CurveOptions(batches=False), 1.9, (1.0, 2.0), 40)
    assert told == [
        ("epoch", "2"),
        ("train", "loss 0.5000, 70.00 %"),
        ("validation", "loss 0.3000, 70.00 %"),
        ("test", "loss 0.4000, 60.00 %"),
    ]


def test_of_epochs_the_read_out_tells_what_was_changed_in_them(run_of):
    """An epoch has 50 steps: the change after step 75 was made in the second one."""
    run = changed_at(run_of(), 75)
    first, second = (readout(run, CurveOptions(batches=False), at, (1.0, 2.0), 40) for at in (1, 2))
    assert ("changed learning rate", "0.01") in second
    assert "changed" not in str(first)


@pytest.mark.parametrize(
    ("value", "word"),
    [({"kind": "step", "every": 2}, "step"), ({"shift": 2}, "anew"), (None, "empty"), (3, "3")],
)
def test_a_changed_field_is_told_in_a_word(run_of, value, word):
    run = run_of()
    run.changes.append(m.Changed(step=50, field="training.schedule", value=value))
    assert ("changed schedule", word) in readout(run, CurveOptions(), 1.0, (0.0, 2.0), 40)


def test_changes_are_marked_where_they_were_made(run_of):
    text = painted_as_text(View(changed_at(run_of(), 75)), 100, 20)
    lines = [line[:49] for line in text.splitlines()]
    marked = next(line for line in lines if "Δ" in line and "│" in line)
    left, right = marked.index("│"), len(marked) - 1
    assert (marked.index("Δ") - left) / (right - left) == pytest.approx(0.75, abs=0.05)


def with_sizes(run, layers=("1.conv2d", "4.dense")):
    """Ten measurements: gradients of 4, updates of 0.01 and weights of 10, growing by layer."""
    for number in range(1, 11):
        sizes = {f"{name}.weights": (4.0 * k, 0.01 * k, 10.0) for k, name in enumerate(layers, 1)}
        run.apply(
            m.BatchesFinished(
                step=100 + number,
                epoch=2,
                losses=(1.0,),
                accuracies=(0.5,),
                learning_rate=0.01,
                images_per_second=1,
                sizes=sizes,
            )
        )
    return run


@pytest.mark.parametrize(
    ("name", "values"), [("gradient", (4.0, 8.0)), ("update / weight", (1e-3, 2e-3))]
)
def test_sizes_are_told_for_each_layer(run_of, name, values):
    series = curves(with_sizes(run_of()), name, CurveOptions(), 80, CURVE_COLORS)
    assert [each.name for each in series] == ["1 conv2d", "4 dense"]
    for each, value in zip(series, values, strict=True):
        np.testing.assert_allclose(each.x, np.arange(101, 111) / 50)
        np.testing.assert_allclose(each.y, value)


def test_of_many_layers_some_are_shown(run_of):
    names = [f"{i}.dense" for i in range(1, 31)]
    run = with_sizes(run_of(), names)
    found = [each.name for each in curves(run, "gradient", CurveOptions(), 80, CURVE_COLORS)]
    assert len(found) == 8
    assert (found[0], found[-1]) == ("1 dense", "30 dense")
    options = CurveOptions(charts="gradients")
    assert dict(readout(run, options, 2.1, (0.0, 2.2), 40))["30 dense"] == "120"


def test_a_chart_of_sizes_is_logarithmic_and_says_why_it_is_empty(run_of):
    options = CurveOptions(charts="updates")
    text = painted_as_text(View(with_sizes(run_of())), options=options)
    assert "log update / weight over epochs" in text
    assert "4 dense" in text
    assert "no sizes yet" in painted_as_text(View(run_of()), options=options)


async def test_c_shows_one_chart_after_the_other(app_of, painted, run_of):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(with_sizes(run_of())))
        panel.focus()
        seen = []
        for _ in range(7):
            seen.append([name for name in NAMES if f"{name} over epochs" in painted(panel)])
            await pilot.press("c")
    assert seen == [
        ["loss", "accuracy"],
        ["loss"],
        ["accuracy"],
        ["learning rate"],
        ["update / weight"],
        ["gradient"],
        ["loss", "accuracy"],
    ]


async def test_arrows_move_a_cursor_and_zoom_to_it(app_of, painted, run_of):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(run_of()))
        panel.focus()
        await pilot.press("left")
        assert "epoch 2.000" in painted(panel)
        await pilot.press(*["left"] * 26)
        before = panel.window.cursor
        assert before == pytest.approx(1.0, abs=0.1)
        await pilot.press("up")
        assert f"epoch {before:.3f}" in painted(panel)
        low, high = panel.window.shown((0.0, 2.0))
        assert (low, high) == pytest.approx((before / 2, before / 2 + 1))
        await pilot.press("right", "down", "w")
        assert panel.window == Window()
        assert "smoothing light" in painted(panel)


@pytest.mark.parametrize(
    ("charts", "meant"),
    [
        ("loss and accuracy", ("log", "batches", "smooth")),
        ("accuracy", ("batches", "smooth")),
        ("learning rate", ("log",)),
        ("updates", ("smooth",)),
        ("gradients", ("smooth",)),
    ],
)
def test_keys_that_would_change_nothing_are_not_offered(charts, meant):
    """Accuracies have no logarithmic axis, sizes no other; a rate is never smoothed."""
    panel = CurvesPanel()
    panel.options = CurveOptions(charts=charts)
    actions = ("log", "batches", "smooth", "log_x", "charts")
    assert [name for name in actions if panel.check_action(name, ())] == [
        *meant,
        "log_x",
        "charts",
    ]


def test_whole_epochs_are_not_smoothed():
    panel = CurvesPanel()
    panel.options = CurveOptions(batches=False)
    assert not panel.check_action("smooth", ())
    assert panel.check_action("batches", ())


async def test_w_means_something_only_after_zooming(app_of, run_of):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(run_of()))
        panel.focus()
        assert not panel.check_action("whole", ())
        await pilot.press("up")
        assert panel.check_action("whole", ())
        await pilot.press("escape")
        assert not panel.check_action("whole", ())


async def test_another_run_is_shown_whole_but_as_was_chosen(app_of, painted, run_of):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(run_of()))
        panel.focus()
        await pilot.press("l", "m", "up", "left")
        panel.show(View(run_of()))
        await pilot.pause()
        assert panel.window == Window()
        assert "log loss over epochs" in painted(panel)
        assert "smoothing strong" in painted(panel)


async def test_h_makes_the_epochs_logarithmic(app_of, painted, run_of):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(120, 30)) as pilot:
        panel.show(View(run_of()))
        panel.focus()
        await pilot.press("h")
        assert "loss over log epochs" in painted(panel)
        assert "0.1" in painted(panel)


async def test_keys_without_a_run_do_nothing(app_of, painted):
    panel = CurvesPanel()
    async with app_of(panel).run_test(size=(80, 20)) as pilot:
        panel.show(View())
        panel.focus()
        await pilot.press("left", "right", "up", "down", "w", "escape", *"clhmbc")
        assert "Nothing trained yet" in painted(panel)


@pytest.mark.parametrize("seed", range(3))
async def test_any_keys_keep_to_the_size(app_of, painted, run_of, seed):
    """Also of a run that goes on, and of one without a batch."""
    keys = ["left", "right", "up", "down", "plus", "minus", "w", *"clhmb"]
    rng = np.random.default_rng(seed)
    run = run_of() if seed else RunState("b", run_of().config)
    panel = CurvesPanel(ascii=seed == 2)
    async with app_of(panel).run_test(size=(78, 22)) as pilot:
        panel.show(View(run))
        panel.focus()
        for number in range(60):
            await pilot.press(str(rng.choice(keys)))
            if seed and number % 20 == 0:
                changed_at(run, run.step)
            lines = painted(panel).splitlines()
            assert max(map(len, lines)) <= 78
            assert seed != 2 or painted(panel).isascii()
