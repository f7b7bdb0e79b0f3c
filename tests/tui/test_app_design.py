"""The dashboard's left side and its layout: editing a network, and screens of many sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, header, keys, row, screen_text, see, type_into, until
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select, Static

from nn import presets
from nn.config import preset
from nn.export.code import write
from nn.runs.folder import Library
from tui.app import Dashboard
from tui.dialogs import Choose
from tui.form import LAYER_KINDS
from tui.form_rows import FieldRow
from tui.panels import network
from tui.panels.network import LayerList, PresetSelect


def kinds(app: Dashboard) -> list[str]:
    return [app.draft.layer_kind(index) for index in range(app.draft.layer_count)]


async def test_the_network_is_listed_with_shapes_and_sums(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("original"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see(pilot, " 1 conv2d 32 of 5×5", "14×14×64")
        await see(pilot, "3,274,634 parameters", "multiply-adds an image")
        await type_into(pilot, "network.layers.0.filters", "x")
        await see(pilot, "layers before the wrong one:", "0 parameters")


async def test_a_network_too_large_for_the_machine_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "memory_bytes", lambda: 10**8)
    app = Dashboard(Library(tmp_path), config=preset("original"))
    async with app.run_test(size=(120, 36)) as pilot:
        await see(pilot, "x 145 MB of memory to train, of", "100 MB in all")


async def test_shapes_follow_as_one_types(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("original"))
    async with app.run_test(size=(120, 36)) as pilot:
        await type_into(pilot, "network.layers.0.filters", "7")
        await until(pilot, lambda: "28×28×7" in screen_text(app))
        await type_into(pilot, "network.layers.0.filters", "x")
        await see(pilot, "'x' is not a whole number")
        await until(pilot, lambda: "28×28×7" not in screen_text(app))


async def test_layers_are_added_moved_and_dropped(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("mlp"))
    async with app.run_test(size=(120, 36)) as pilot:
        before = kinds(app)
        await pilot.press("e", "down")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.draft.layer_count == len(before) + 1)
        assert kinds(app) == [*before[:2], "relu", *before[2:]]
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: kinds(app)[1] == "relu")
        assert app.query_one(LayerList).highlighted == 1
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: kinds(app)[2] == "relu")
        await pilot.press("backspace")
        await until(pilot, lambda: kinds(app) == before)


async def test_a_residual_block_is_added_and_its_layers_are_typed(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("original"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e", "down", "a")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press(*["down"] * LAYER_KINDS.index("residual"), "enter")
        await until(pilot, lambda: "3 residual conv2d" in screen_text(app))
        editor = row(app, "network.layers.2.layers").query_one(Input)
        editor.value = '[{"kind": "conv2d", "filters": 0}]'
        await until(pilot, lambda: "0.filters: 0 is too small" in screen_text(app))
        assert app.draft.config is None
        editor.value = '[{"kind": "tanh"}]'
        await until(pilot, lambda: "3 residual tanh" in screen_text(app))
        assert app.draft.config is not None


async def test_what_does_not_fit_is_said_on_its_line(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("mlp"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e", "backspace")
        await see(pilot, "cannot start")
        first = app.query_one(LayerList).options[0]
        assert "flatten" in str(first.prompt)
        assert app.draft.config is None


async def test_all_layers_can_go_and_the_first_can_come_back(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("mlp"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e", *["backspace"] * 10)
        await until(pilot, lambda: app.draft.layer_count == 0)
        await see(pilot, "no layers yet; a adds one")
        await pilot.press("left_square_bracket", "enter", "a")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("enter")
        await until(pilot, lambda: app.draft.layer_count == 1)


async def test_enter_goes_to_the_fields_and_escape_comes_back(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("mlp"))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e", "down", "enter")
        await until(pilot, lambda: isinstance(app.focused, Input))
        assert isinstance(app.focused, Input)
        assert app.focused.value == "256"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.focused, LayerList))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_key_goes_to_the_fields_of_training(size: tuple[int, int], tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=size) as pilot:
        await pilot.press("e", "t")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("ctrl+u", *"0.25", "enter")
        await until(
            pilot, lambda: app.draft.config == CONFIG.changed({"training.learning_rate": 0.25})
        )


async def test_a_layer_without_fields_says_so(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    kinds = [app.draft.layer_kind(index) for index in range(app.draft.layer_count)]
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.press("e", *["down"] * kinds.index("relu"), "enter")
        await see(pilot, "A layer of kind relu has nothing to be set.")
        assert isinstance(app.focused, LayerList)


async def test_another_network_is_chosen_by_a_key(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("mlp"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("e", "n")
        await see(pilot, "Start from a preset", "esc: back", "small", "learns in seconds")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
        assert app.draft.config == preset("mlp")
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press(*["down"] * presets.names().index("small"), "enter")
        await until(pilot, lambda: app.draft.config == preset("small"))
        await until(pilot, lambda: isinstance(app.focused, LayerList))
        await pilot.press("u")
        await until(pilot, lambda: app.draft.config == preset("mlp"))


async def choose_preset(pilot: Pilot[str], name: str) -> None:
    """By the field above the layers."""
    assert isinstance(pilot.app, Dashboard)
    pilot.app._body.network.query_one(PresetSelect).focus()
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
    pilot.app.screen.query_one(OptionList).highlighted = presets.names().index(name)
    await pilot.press("enter")


async def test_a_preset_brings_data_only_if_it_names_some(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await choose_preset(pilot, "lenet")
        await until(pilot, lambda: app.draft.plan.parameters == 61_706)
        config = app.draft.config
        assert config is not None
        assert config.data.limit == CONFIG.data.limit
        assert config.training.learning_rate == preset("lenet").training.learning_rate
        await choose_preset(pilot, "cifar10")
        await until(pilot, lambda: app.draft.texts["data.dataset"] == "keras:cifar10")


async def test_what_a_preset_is_goes_on_where_it_began(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        app._body.turn_to("design")
        app._body.network.query_one(PresetSelect).focus()
        await pilot.press("enter")
        await see(pilot, "│ cifar10  CIFAR-10: a residual", "│          processors")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, Choose))
        await pilot.click(PresetSelect)
        await see(pilot, "│ cifar10  CIFAR-10: a residual")


async def test_another_optimizer_brings_its_own_fields(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        path = "training.optimizer"
        await until(pilot, lambda: any(r.field.path == path for r in app.query(FieldRow)))
        optimizer = next(r for r in app.query(FieldRow) if r.field.path == path)
        await until(pilot, lambda: bool(optimizer.query(Select)))
        assert "beta1" in {each.field.label for each in app.query(FieldRow)}
        optimizer.query_one(Select).value = "sgd"
        await until(pilot, lambda: "momentum" in {each.field.label for each in app.query(FieldRow)})
        await until(
            pilot, lambda: "beta1" not in {each.field.label for each in app.query(FieldRow)}
        )
        assert app.draft.config is not None


async def test_a_narrow_screen_folds_the_left_side_into_a_tab(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(80, 24)) as pilot:
        await see(pilot, "space starts, ctrl+o loads", "0 Net 1")
        assert "preset" not in screen_text(app)
        await pilot.press("0")
        await see(pilot, "preset", "learning rate")
        assert isinstance(app.focused, LayerList)
        await pilot.press("5")
        await until(pilot, lambda: "preset" not in screen_text(app))
        await pilot.press("e")
        await until(pilot, lambda: "preset" in screen_text(app))
        await pilot.resize_terminal(120, 36)
        await see(pilot, "space starts, ctrl+o loads", "preset")
        await until(pilot, lambda: "0 Net" not in screen_text(app))


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (80, 24), (100, 30), (120, 36)])
async def test_state_and_ways_out_are_visible_at_every_size(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "no run yet" in header(app))
        assert "space start" in keys(app)
        assert "? help" in keys(app)
        assert "q quit" in keys(app)
        await see(pilot, "1 Curves")
        await until(
            pilot, lambda: screen_text(app).splitlines()[1].startswith("0") == (size[0] < 100)
        )


async def test_it_lives_through_any_resizing(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        for width, height in ((70, 20), (20, 5), (1, 1), (40, 12), (140, 50)):
            for view in "05":
                await pilot.press(view)
                await pilot.resize_terminal(width, height)
                await pilot.pause()
        await until(pilot, lambda: "preset" in screen_text(app))


async def test_a_tiny_screen_asks_for_room(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(30, 8)) as pilot:
        await until(pilot, lambda: "needs more room" in screen_text(app))


async def test_ascii_is_enough_for_the_frame(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG, ascii=True)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e")
        await until(pilot, lambda: "drop" in keys(app))
        await see(pilot, "28x28x8")
        assert header(app).isascii()
        assert keys(app).isascii()
        assert all(str(option.prompt).isascii() for option in app.query_one(LayerList).options)


async def test_augmentation_is_filled_in_and_taken_out_again(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("small"))
    async with app.run_test(size=(120, 36)) as pilot:

        def words() -> list[str]:
            rows = [each for each in app.query(FieldRow) if each.field.heading == "augmentation"]
            return [str(each.render()).strip() for row in rows for each in row.query(Static)]

        await until(pilot, lambda: words() == ["augmentation", "shift"])
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        app.call_later(commands["Augment, or not"].callback)
        await until(pilot, lambda: app.draft.texts["training.augmentation.rotate"] == "10")
        assert app.draft.config is not None
        app.action_augment()
        assert app.draft.config.training.augmentation.is_off
        app.draft.set("training.epochs", "many")
        app.action_augment()
        assert app.draft.texts["training.epochs"] == "many", "what is typed stays"

        def told() -> str:
            return " ".join(notification.message for notification in app._notifications)

        await until(pilot, lambda: "No augmentation." in told())
        await until(pilot, lambda: "First mend the design: epochs: 'many'" in told())


async def test_what_is_typed_faster_than_it_is_heard_stays(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("small"))
    async with app.run_test(size=(120, 36)) as pilot:
        path = "training.learning_rate"
        await type_into(pilot, path, "")
        await until(pilot, lambda: app.draft.texts[path] == "")
        field = row(app, path)
        editor, seen = field.query_one(Input), list[str]()
        with editor.prevent(Input.Changed):
            editor.value = "0.04"

        def see(value: str) -> None:
            seen.append(value)

        app.watch(editor, "value", see, init=False)
        for text in ("0", "0.", "0.0", "0.04"):
            field._take(text)
        await until(pilot, lambda: app.draft.texts[path] == "0.04")
        assert (editor.value, seen) == ("0.04", []), "the cursor stays where it is"
        app.draft.use(preset("small"))
        app.call_later(app.show_design)
        await until(pilot, lambda: editor.value == "0.003")


async def test_what_was_done_is_taken_back_and_done_again(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("mlp"))
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        before = kinds(app)
        await pilot.press("e", "u")
        await until(pilot, lambda: "There is nothing more to take back." in screen_text(app))
        await pilot.press("U")
        await until(pilot, lambda: "There is nothing more to do again." in screen_text(app))
        assert "u undo" not in keys(app)
        known = {command.title: command.help for command in app.get_system_commands(app.screen)}
        assert known["Undo"] == "not now: There is nothing more to take back."
        await pilot.press("down", "backspace")
        await until(pilot, lambda: kinds(app) == [before[0], *before[2:]])
        await until(pilot, lambda: "u undo" in keys(app))
        await pilot.press("d")
        await until(pilot, lambda: kinds(app)[1:3] == ["relu", "relu"])
        assert app.query_one(LayerList).highlighted == 2
        await pilot.press("u", "u")
        await until(pilot, lambda: kinds(app) == before)
        await until(pilot, lambda: "Taken back: layer 2, dense, dropped." in screen_text(app))
        await until(pilot, lambda: "U redo" in keys(app))
        await pilot.press("U")
        await until(pilot, lambda: kinds(app) == [before[0], *before[2:]])
        await until(pilot, lambda: "1 flatten" in screen_text(app))
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Undo", "Redo"} <= titles
        await pilot.press("question_mark")
        await until(pilot, lambda: "add a layer below" in screen_text(app))


async def test_what_was_typed_is_taken_back_in_its_field(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=preset("small"))
    async with app.run_test(size=(120, 36)) as pilot:
        await type_into(pilot, "network.layers.0.filters", "24")
        await until(pilot, lambda: "28×28×24" in screen_text(app))
        await pilot.press("escape", "u")
        await until(pilot, lambda: "28×28×8" in screen_text(app))
        editor = row(app, "network.layers.0.filters").query_one(Input)
        await until(pilot, lambda: editor.value == "8")


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 36)])
async def test_the_network_is_drawn_as_blocks(tmp_path: Path, size: tuple[int, int]) -> None:
    app = Dashboard(Library(tmp_path), config=preset("small"))
    async with app.run_test(size=size) as pilot:
        await pilot.press("0", "p")
        await until(pilot, lambda: "28×28×1" in screen_text(app))
        assert "┌──" in screen_text(app)
        await pilot.press("end")
        await until(pilot, lambda: "dense 10" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.focused, LayerList))


async def test_the_design_is_copied_as_code(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("e", "y", "k")
        await until(pilot, lambda: "the network as Keras code was given" in screen_text(app))
        assert app.clipboard == write(CONFIG, "keras")


async def test_what_is_typed_while_another_design_comes_is_left_out(tmp_path: Path) -> None:
    """The field may be gone when its text is heard of."""
    app = Dashboard(Library(tmp_path), config=preset("original"))
    async with app.run_test(size=(120, 36)) as pilot:
        path = "network.layers.0.filters"
        await pilot.press("e", "enter")
        await until(pilot, lambda: any(each.field.path == path for each in app.query(FieldRow)))
        row(app, path).query_one(Input).value = "7"
        app.draft.use(preset("mlp"))
        app.show_design()
        await until(pilot, lambda: not any(each.field.path == path for each in app.query(FieldRow)))
        assert app.is_running
        assert path not in app.draft.texts
        assert app.draft.differing(preset("mlp")) == []
