from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, batches, fake_run

from nn.config import RunConfig
from nn.runs import messages as m
from tui.comparison import CHARTS, Compared, compared, curves, differing, in_words, table
from tui.state import Phase

COLORS = ("#111111", "#222222")


def epoch(
    number: int, accuracy: float, *, best: bool = True, judged: bool = True
) -> m.EpochFinished:
    return m.EpochFinished(
        epoch=number,
        step=30 * number,
        train_loss=1.0,
        train_accuracy=0.5,
        validation_loss=0.5 if judged else None,
        validation_accuracy=accuracy - 0.01 if judged else None,
        test_loss=1 - accuracy,
        test_accuracy=accuracy,
        best=best,
        elapsed=90.0 * number,
    )


def run(name: str, config: RunConfig = CONFIG, *epochs: m.EpochFinished) -> Compared:
    best = next((each for each in reversed(epochs) if each.best), None)
    return Compared(name, Phase.FINISHED, config, epochs, best, 1234.0)


def words(runs: list[Compared], title: str) -> list[str]:
    found = table(runs)
    return [line[found.titles.index(title)].text for line in found.lines]


def test_only_fields_that_differ_are_told() -> None:
    other = CONFIG.changed({"training.learning_rate": 0.5, "training.seed": 7})
    assert differing([CONFIG, other]) == {
        "learning rate": [f"{CONFIG.training.learning_rate:g}", "0.5"],
        "seed": ["0", "7"],
    }
    assert differing([CONFIG, CONFIG]) == {}
    assert differing([]) == {}


def test_a_field_that_only_one_has_is_none_in_the_other() -> None:
    other = CONFIG.changed({"training.optimizer": "sgd"})
    found = differing([CONFIG, other])
    assert found["optimizer"] == ["adam", "sgd"]
    assert found["optimizer momentum"][0] is None


def test_what_only_some_have_comes_after_what_all_have() -> None:
    """An optimizer of another kind has fields of its own; the seed comes after it in a form."""
    found = list(differing([CONFIG, CONFIG.changed({"training.optimizer": "sgd", "save_as": "x"})]))
    assert found[:2] == ["optimizer", "save as"]
    assert "optimizer momentum" in found[2:]


def test_layers_of_the_same_kinds_differ_field_by_field() -> None:
    other = CONFIG.changed({"network.layers.0.filters": 99})
    assert list(differing([CONFIG, other])) == ["layer 1 filters"]


def test_other_layers_are_another_network() -> None:
    layers = [{"kind": "flatten"}, {"kind": "dense", "units": 10}]
    other = CONFIG.changed({"network.layers": layers})
    found = differing([CONFIG, other])
    assert list(found) == ["network"]
    assert found["network"][1] == "dense 10 (2 layers)"


def test_results_are_those_of_the_best_epoch() -> None:
    one = run("a", CONFIG, epoch(1, 0.95), epoch(2, 0.9, best=False))
    none = run("b")
    assert words([one, none], "best test") == ["95.00 %", "-"]
    assert words([one, none], "best validation") == ["94.00 %", "-"]
    assert words([one, none], "test loss") == ["0.0500", "-"]
    assert words([one, none], "trained") == [
        f"2/{CONFIG.training.epochs}",
        f"0/{CONFIG.training.epochs}",
    ]
    assert words([one, none], "took") == ["3:00", "-"]
    assert words([one, none], "img/s") == ["1,234", "1,234"]


def test_lines_are_ordered_by_numbers_and_texts_and_what_is_missing_is_last() -> None:
    rates = (0.01, 1e-5, 0.5)
    runs = [
        run(name, CONFIG.changed({"training.learning_rate": rate}), *epochs)
        for name, rate, epochs in zip(
            "cab", rates, ([epoch(1, 0.5)], [], [epoch(1, 0.9)]), strict=True
        )
    ]
    found = table(runs)
    rate, best = found.titles.index("learning rate"), found.titles.index("best test")
    assert found.order(rate) == [1, 0, 2]
    assert found.order(rate, falling=True) == [2, 0, 1]
    assert found.order(best) == [0, 2, 1]
    assert found.order(best, falling=True) == [2, 0, 1]
    assert found.order(found.titles.index("run")) == [1, 2, 0]


def test_numbers_beside_other_words_are_ordered_as_words() -> None:
    runs = [
        run(n, CONFIG.changed({"data.dataset": d}))
        for n, d in (("a", "mnist"), ("b", "keras:cifar10"))
    ]
    found = table(runs)
    assert found.order(found.titles.index("dataset")) == [1, 0]


def test_curves_go_over_epochs_or_over_minutes() -> None:
    one = run("a", CONFIG, epoch(1, 0.5), epoch(2, 0.75))
    (by_epoch,) = curves([one], "test accuracy", COLORS, over_time=False)
    (by_time,) = curves([one], "test loss", COLORS, over_time=True)
    assert (list(by_epoch.x), list(by_epoch.y)) == ([1, 2], [0.5, 0.75])
    assert (list(by_time.x), list(by_time.y)) == ([1.5, 3.0], [0.5, 0.25])


def test_training_itself_can_be_compared() -> None:
    (one,) = curves([run("a", CONFIG, epoch(1, 0.5))], "train loss", COLORS, over_time=False)
    assert list(one.y) == [1.0]
    assert {"train accuracy", "train loss"} <= set(CHARTS)


def test_what_is_special_about_a_run_is_told_in_words() -> None:
    other = CONFIG.changed({"training.learning_rate": 0.5, "training.optimizer": "sgd"})
    runs = [run("a"), run("b", other)]
    assert in_words(table(runs), 1).startswith("b: learning rate 0.5 · optimizer sgd · ")
    rate = f"{CONFIG.training.learning_rate:g}"
    assert in_words(table(runs), 0).startswith(f"a: learning rate {rate} · optimizer adam · ")
    assert "momentum" not in in_words(table(runs), 0)
    assert "no field differs" in in_words(table([run("a"), run("b")]), 1)
    assert in_words(table([run("a")]), 0) == "a"


def test_a_run_without_validation_has_no_such_curve() -> None:
    runs = [run("a", CONFIG, epoch(1, 0.5, judged=False)), run("b", CONFIG, epoch(1, 0.5))]
    without, with_one, third = curves([*runs, runs[1]], "validation loss", COLORS, over_time=False)
    assert len(without.x) == 0
    assert list(with_one.y) == [0.5]
    assert [each.color for each in (without, with_one, third)] == ["#111111", "#222222", "#111111"]


@pytest.mark.parametrize("alive", [True, False])
def test_a_run_is_read_from_its_journal_as_it_is_now(tmp_path: Path, alive: bool) -> None:
    changed = m.Changed(step=30, field="training.epochs", value=9)
    with fake_run(tmp_path, batches(30), epoch(1, 0.5), changed) as trainer:
        if not alive:
            trainer.die()
        found = compared(trainer.run)
        assert found.phase is (Phase.TRAINING if alive else Phase.LOST)
        assert found.config.training.epochs == 9
        assert [each.test_accuracy for each in found.epochs] == [0.5]
        trainer.write(batches(60), epoch(2, 0.75))
        assert len(compared(trainer.run).epochs) == 2


def test_no_title_is_there_twice() -> None:
    other = CONFIG.changed(
        {"training.epochs": 7, "data.validation": 99, "data.limit": 20, "training.threads": 5}
    )
    titles = table([run("a"), run("b", other)]).titles
    assert {"epochs", "validation", "limit", "threads"} <= set(titles)
    assert len(set(titles)) == len(titles)
