"""Advice in the dashboard: how many remarks there are, what they say, and following them."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, batches, fake_run, header, row, screen_text, until
from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import OptionList

from nn.runs import messages as m
from nn.runs.advice import Remark, Try
from nn.runs.advice.fit import _against_overfitting
from nn.runs.folder import Library
from tui.advice_dialog import AdviceDialog, _line, _told
from tui.app import Dashboard
from tui.dialogs import Choose
from tui.panels.network import LayerList

EXPLODED = m.BatchesFinished(
    step=60,
    epoch=2,
    losses=(2.4, 2.3, 6.0, 5.5, *[1.0] * 56),
    accuracies=(0.5,) * 60,
    learning_rate=0.003,
    images_per_second=1000.0,
)


def choose(pilot: Pilot[str], tried: str) -> None:
    """Go to the line that says to try that."""
    options = pilot.app.screen.query_one(OptionList)
    ids = [option.id or "" for option in options.options]
    options.highlighted = next(i for i, each in enumerate(ids) if f": {tried}" in each)


async def open_advice(pilot: Pilot[str], wanted: str) -> None:
    await pilot.press("exclamation_mark")
    await until(pilot, lambda: isinstance(pilot.app.screen, AdviceDialog))
    await until(pilot, lambda: wanted in screen_text(pilot.app))


async def test_a_remark_is_counted_shown_and_followed_while_the_run_trains(tmp_path: Path) -> None:
    with fake_run(tmp_path, EXPLODED) as trainer:
        app = Dashboard(Library(tmp_path), run=trainer.run)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "! 1 remark " in header(app))
            await open_advice(pilot, "At step 3 the loss was 6.00")
            assert "enter: try the line · esc: back" in screen_text(app)
            choose(pilot, "the test of rates")
            await pilot.press("enter")
            assert isinstance(app.screen, AdviceDialog), "nothing of the configuration follows"
            choose(pilot, "a learning rate of 0.0002")
            await pilot.press("enter")
            asked: list[m.Command] = []
            await until(pilot, lambda: bool(asked.extend(trainer.commands()) or asked))
            (change,) = asked
            assert isinstance(change, m.Set)
            assert (change.field, change.value) == ("training.learning_rate", 0.0002)
            assert row(app, "training.learning_rate").text == "0.0002"


async def test_what_a_run_cannot_change_waits_in_the_form(tmp_path: Path) -> None:
    with fake_run(tmp_path, EXPLODED) as trainer:
        trainer.write(m.Failed(step=60, kind="diverged", message="the loss is nan"))
        trainer.die()
        app = Dashboard(Library(tmp_path), run=trainer.run)
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(pilot, lambda: "! 1 remark " in header(app))
            await open_advice(pilot, "the loss is nan.")
            choose(pilot, "gradients no longer than 1")
            await pilot.press("enter")
            await until(pilot, lambda: row(app, "training.clip_norm").text in ("1", "1.0"))
            await until(pilot, lambda: "The form has it now" in screen_text(app))


async def test_where_there_is_nothing_to_remark_it_says_why(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_advice(pilot, "There is no run to speak of yet")
        await pilot.press("escape")
        assert not isinstance(app.screen, AdviceDialog)
    with fake_run(tmp_path) as trainer:
        app = Dashboard(Library(tmp_path), run=trainer.run)
        async with app.run_test(size=(80, 24)) as pilot:
            await open_advice(pilot, "Too early to tell: nothing has been measured yet.")
            assert "Cannot be told: rate too high (needs 50 batches)." in screen_text(app)
            trainer.write(EXPLODED)
            await until(pilot, lambda: "The learning rate is too high" in screen_text(app))


async def test_a_run_that_is_well_is_not_remarked_on(tmp_path: Path) -> None:
    with fake_run(tmp_path, *(batches(step) for step in range(10, 61, 10))) as trainer:
        app = Dashboard(Library(tmp_path), run=trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await open_advice(pilot, "no sign of rate too high")
            assert "enter:" not in screen_text(app), "there is nothing to try"
            assert "remark" not in header(app)


@pytest.mark.parametrize("width", [20, 36, 76])
def test_further_lines_begin_below_the_first_word(width: int) -> None:
    tried = Try("another rate, as the test of rates finds it", {"training.learning_rate": 0.1})
    evidence = "At step 3 the loss was 6.00, after 2.30 at step 2 and 2.40 at step 1."
    because = "it was seen once, and the loss has fallen ever since"
    title = "The learning rate is too high"
    remark = Remark("rate too high", title, evidence, "likely", because, (tried,))
    for words, sign in ((_told(remark), "! "), (_line(tried), "   try ")):
        console = Console(width=width, color_system=None)
        with console.capture() as capture:
            console.print(words)
        first, *others = capture.get().splitlines()
        assert first.startswith(sign)
        assert first[len(sign)].isalnum()
        assert others or width == 76
        assert all(line[: len(sign)].isspace() and not line[len(sign)].isspace() for line in others)


async def test_the_keys_that_it_names_add_a_layer(tmp_path: Path) -> None:
    (words,) = (each.words for each in _against_overfitting(CONFIG) if "dropout" in each.words)
    first, second = words.removesuffix(" in the dashboard").rpartition(": ")[2].split(", then ")
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(first)
        await until(pilot, lambda: isinstance(app.focused, LayerList))
        await pilot.press(second)
        await until(pilot, lambda: isinstance(app.screen, Choose))
        assert "dropout" in screen_text(app)
