"""A form's fields on the screen: what is cut off, and the keys that are named there."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, batches, fake_run, keys, row, screen_text, see, type_into, until
from textual.widget import Widget
from textual.widgets import Button, Static

from nn.runs.folder import Library
from tui.app import Dashboard
from tui.form_rows import FieldRow, FieldSelect


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_what_a_field_means_is_in_sight_wherever_one_goes(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=size) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: len(app.query(FieldRow)) > 20)
        for each in [each for each in app.query(FieldRow) if each.field.help]:
            each.edit()
            await until(pilot, lambda field=each: is_whole(field, ".remark"))  # type: ignore[misc]


def is_whole(field: FieldRow, part: str) -> bool:
    """Whether a part of a field is there, and nothing of it is cut off."""
    return any(map(_is_whole, field.query(part)))


def _is_whole(widget: Widget) -> bool:
    place = widget.screen.find_widget(widget)
    return bool(place.region) and place.region in place.clip


@pytest.mark.parametrize(
    ("path", "leave", "is_choice"),
    [
        ("training.learning_rate", "esc back", False),
        ("training.schedule", "esc back", True),
        ("network.layers.0.filters", "esc layers", False),
        ("network.layers.0.activation", "esc layers", True),
    ],
)
async def test_the_keys_of_a_field_are_named(
    tmp_path: Path, path: str, leave: str, is_choice: bool
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: any(each.field.path == path for each in app.query(FieldRow)))
        assert "tab/shift+tab" not in keys(app)
        row(app, path).edit()
        await until(pilot, lambda: f"tab/shift+tab fields  {leave}" in keys(app))
        assert ("choose" in keys(app)) == is_choice


async def test_the_keys_that_are_named_do_so(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: len(app.query(FieldRow)) > 20)
        epochs, rate = row(app, "training.epochs"), row(app, "training.learning_rate")
        rate.edit()
        await until(pilot, lambda: rate.has_focus_within)
        await pilot.press("tab")
        await until(pilot, lambda: epochs.has_focus_within)
        await pilot.press("shift+tab")
        await until(pilot, lambda: rate.has_focus_within)
        schedule = row(app, "training.schedule")
        schedule.edit()
        await until(pilot, lambda: schedule.has_focus_within)
        await pilot.press("enter")
        await until(pilot, lambda: schedule.query_one(FieldSelect).expanded)


async def test_the_longest_choice_is_whole_beside_its_mark(tmp_path: Path) -> None:
    with fake_run(tmp_path, batches(10)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: " live" in screen_text(app))
            choices = [each for each in app.query(FieldRow) if each.field.choices]
            assert {"schedule", "optimizer", "initializer"} <= {
                each.field.label for each in choices
            }
            for each in choices:
                room = each.query_one("SelectCurrent #label").size.width
                assert room >= max(map(len, each.field.choices)), each.field.path


async def test_what_is_wrong_is_not_offered_to_the_run_which_can_be_paused_all_the_same(
    tmp_path: Path,
) -> None:
    path = "training.learning_rate"
    with fake_run(tmp_path, batches(10)) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda: " live" in screen_text(app))
            await type_into(pilot, path, "0.5")
            await until(pilot, lambda: mark(app, path) == "enter!")
            await type_into(pilot, path, "0.5x")
            await until(pilot, lambda: path in app.draft.errors)
            await until(pilot, lambda: mark(app, path) == "")
            assert not app.query_one("#start", Button).disabled


def mark(app: Dashboard, path: str) -> str:
    return "".join(str(each.content) for each in row(app, path).query(".mark").results(Static))


@pytest.mark.parametrize("size", [(40, 12), (120, 36)])
async def test_a_notice_can_be_read_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    words = [f"word{n:02}" for n in range(20)]
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: "q quit" in keys(app))
        app.tell(" ".join(words))
        await see(pilot, *words)
        (toast,) = app.screen.query("Toast")
        assert toast.region.right >= size[0] - 2, "it stands at the right"
        assert toast.region.width <= 84


async def test_a_notice_covers_two_lines_at_most(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "q quit" in keys(app))
        app.tell(
            "Preset fast: 99 % in a third of a minute on two cores, of all images, in 3 epochs."
        )
        await see(pilot, "Preset fast", "epochs.")
        (toast,) = app.screen.query("Toast")
        assert toast.region.height == 2
        assert toast.region.bottom == 23, "the keys can still be read"


@pytest.mark.parametrize("width", [40, 60, 80, 84, 100, 200])
async def test_every_word_of_a_notice_is_shown(width: int, tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(width, 24), notifications=True) as pilot:
        await until(pilot, lambda: "q quit" in keys(app))
        words = [f"word-{number}" for number in range(100, 115)]
        app.tell(" ".join(words))
        await see(pilot, *words)
