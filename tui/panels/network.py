"""The network's editor: presets, layers, the fields of one layer, and what all that amounts to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import Resize
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets._select import SelectCurrent
from textual.widgets.option_list import Option

from nn import presets
from nn.config import RunConfig
from nn.layers import LAYERS, show_shape
from nn.machine import memory_bytes
from tui.dialogs import Choice, Choose
from tui.form import LIST, Draft
from tui.form_rows import FieldList, FieldSelect
from tui.render import formats
from tui.terminal.ascii import spelled

WRONG = "x "
INDENT = 3
TO_ASCII = str.maketrans("×…", "x~")


@dataclass(frozen=True)
class LayerLine:
    """A layer in the list: what it is, what comes out of it, and what is wrong with it."""

    words: str
    shape: str
    problem: str


UNDO_KEYS = (
    Binding("u", "app.undo", "undo", tooltip="take back the last edit of the design"),
    Binding("U", "app.redo", "redo", key_display="U", tooltip="do again what was taken back"),
    Binding("u", "app.why('undo')", "", show=False),
    Binding("U", "app.why('redo')", "", show=False),
)
SHOW_KEYS = (
    Binding("p", "app.picture", "picture", tooltip="show the network as blocks"),
    Binding("y", "app.copy_design", "copy as", tooltip="copy the design as TOML or code"),
)


class LayerList(OptionList):
    """The layers, one line each; its keys stand in the order in which people need them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "fields", tooltip="go to the layer's fields"),
        Binding("a", "ask('add')", "add", tooltip="add a layer below"),
        Binding("n", "ask('preset')", "preset", tooltip="start from another network: a preset"),
        Binding("t", "app.edit_training", "training", tooltip="go to the fields of training"),
        Binding("backspace,delete", "ask('drop')", "drop", key_display="⌫", tooltip="drop it"),
        *UNDO_KEYS,
        Binding("d", "ask('double')", "double", tooltip="put another one like it below"),
        Binding(
            "left_square_bracket,shift+up", "ask('up')", "up", key_display="[", tooltip="move it up"
        ),
        Binding(
            "right_square_bracket,shift+down",
            "ask('down')",
            "down",
            key_display="]",
            tooltip="move it down",
        ),
        *SHOW_KEYS,
    ]

    @dataclass
    class Asked(Message):
        """Something is to be done with the layer under the cursor."""

        what: str

    def action_ask(self, what: str) -> None:
        """Pass the wish on."""
        self.post_message(self.Asked(what))

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__(compact=True, markup=False)
        self._ascii = ascii
        self._layer_lines: list[LayerLine] = []

    def show(self, lines: list[LayerLine]) -> None:
        """Draw the layers; the cursor stays where it is."""
        self._layer_lines = lines
        texts = [self._text(line) for line in lines]
        if len(texts) != self.option_count:
            cursor = self.highlighted or 0
            with self.prevent(OptionList.OptionHighlighted):
                self.set_options([Option(text) for text in texts])
                self.highlighted = min(cursor, len(texts) - 1) if texts else None
            return
        for index, text in enumerate(texts):
            if self.options[index].prompt != text:
                self.replace_option_prompt_at_index(index, text)

    def on_resize(self, event: Resize) -> None:
        """The lines are as wide as the list."""
        self.show(self._layer_lines)

    def _text(self, line: LayerLine) -> Text:
        width = max(self.scrollable_content_region.width, 20)
        room = width - cell_len(line.shape) - 1
        words = line.words
        if cell_len(words) > room:
            words = set_cell_size(words, room - 1) + "…"
        shown = f"{set_cell_size(words, room)} {line.shape}"
        text = Text(shown.translate(TO_ASCII) if self._ascii else shown)
        for part in wrap(line.problem and f"{WRONG}{line.problem}", width - INDENT):
            text.append(f"\n{' ' * INDENT}{part}", "bold")
        return text


class PresetSelect(FieldSelect):
    """Opens the list of presets that its key in the list of layers opens too."""

    @dataclass
    class Opened(Message):
        """The list is wanted."""

    def __init__(self) -> None:
        super().__init__([], prompt="choose one to start from", compact=True)

    def action_show_overlay(self) -> None:
        """Ask for the list in place of its own, which has no room for sentences."""
        self.post_message(self.Opened())

    @on(SelectCurrent.Toggle)
    def _open_by_mouse(self, event: SelectCurrent.Toggle) -> None:
        event.stop()
        event.prevent_default()
        self.action_show_overlay()


class NetworkPanel(VerticalScroll):
    """Edits the layers of a draft."""

    help_text = """\
The design of the next run. In the list: a adds a layer below the cursor, d doubles it, backspace
drops it, [ and ] move it, enter goes to its fields, t to those of training, tab to the next field,
and escape comes back.
n starts from another network, a preset. u takes back whatever was done to the design, also a
preset that was chosen, and U does it again. p draws the network as blocks; y copies the design as
TOML, or as code for PyTorch or Keras.
Shapes and sizes follow as you type; what is wrong stands beside it, and nothing starts until it is
mended. Where nothing trains and you rest for a second, a few steps are taken to see how long an
epoch will be. While a run trains, "new run" marks what it does not take over any more."""

    can_focus = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "list", "layers", tooltip="back to the list of layers"),
        *UNDO_KEYS,
        *SHOW_KEYS,
    ]
    help_keys: ClassVar[list[BindingType]] = [*LayerList.BINDINGS, BINDINGS[0]]

    class Edited(Message):
        """The draft's layers are others now."""

    @dataclass
    class PresetChosen(Message):
        """Somebody wants to start from a preset."""

        name: str

    def __init__(self, draft: Draft, *, ascii: bool = False) -> None:
        super().__init__(id="network")
        self._ascii = ascii
        self.border_title = "Network"
        self._draft = draft
        self._run_config: RunConfig | None = None
        self._pace = ""

    def compose(self) -> ComposeResult:
        """The preset, the layers with their sums, and the fields of one layer, which may scroll."""
        with Horizontal(classes="line"):
            yield Static("preset", classes="label")
            yield PresetSelect()
        yield LayerList(ascii=self._ascii)
        yield Static(id="sums", markup=False)
        yield FieldList(id="layer-fields")

    def on_mount(self) -> None:
        """Draw the draft."""
        self.show(None)

    def show(self, running: RunConfig | None, pace: str = "") -> None:
        """Draw the draft; `running` is the configuration of a run that trains meanwhile, `pace`
        says how long an epoch takes."""
        self._run_config, self._pace = running, pace
        self._layers.show([self._line(index) for index in range(self._draft.layer_count)])
        self._show_fields()
        self.query_one("#sums", Static).update(self._sums())

    def edit(self) -> None:
        """Put the cursor into the list of layers."""
        self._layers.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who is in the list need not go back to it."""
        return action != "list" or not self._layers.has_focus

    def action_list(self) -> None:
        """Back from a field to the list."""
        self.edit()

    @property
    def _layers(self) -> LayerList:
        return self.query_one(LayerList)

    @property
    def _cursor(self) -> int:
        last = self._draft.layer_count - 1
        return max(0, min(self._layers.highlighted or 0, last))

    def _show_fields(self) -> None:
        draft = self._draft
        fields = draft.fields(f"{LIST}.{self._cursor}") if draft.layer_count else []
        self.query_one("#layer-fields", FieldList).show(draft, fields, self._run_config)

    def _line(self, index: int) -> LayerLine:
        planned = self._draft.plan.layers
        shape = show_shape(planned[index].output_shape) if index < len(planned) else ""
        words = f"{index + 1:>2} {self._draft.layer_line(index)}"
        return LayerLine(words, shape, self._problem(index))

    def _problem(self, index: int) -> str:
        """What is wrong with a layer, in words."""
        draft, path = self._draft, f"{LIST}.{index}"
        for field, sentence in draft.errors.items():
            if field == path or field.startswith(f"{path}."):
                name = field.removeprefix(path).removeprefix(".").replace("_", " ")
                return f"{name}: {sentence}" if name else sentence
        problem = draft.plan.problem or ""
        if problem and draft.wrong_layer == index:
            return problem.partition(": ")[2]
        is_last = index == draft.layer_count - 1
        return problem if is_last and draft.wrong_layer is None else ""

    def _sums(self) -> str:
        draft, plan = self._draft, self._draft.plan
        if draft.layer_count == 0:
            return f"{WRONG}no layers yet; a adds one"
        lines = [
            *([] if draft.wrong_layer is None else ["layers before the wrong one:"]),
            f"{formats.count(plan.parameters)} parameters",
            f"{formats.short(plan.multiply_adds)} multiply-adds an image",
        ]
        if draft.config is not None:
            lines.append(_memory(plan.training_bytes(draft.config.training.batch_size)))
        if self._pace:
            lines.append(self._pace)
        return "\n".join(lines)

    @on(OptionList.OptionHighlighted)
    def _look_at_layer(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._show_fields()

    @on(OptionList.OptionSelected)
    def _edit_fields(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if not self.query_one("#layer-fields", FieldList).edit():
            kind = self._draft.layer_kind(self._cursor)
            self.notify(f"A layer of kind {kind} has nothing to be set.", markup=False)

    @on(PresetSelect.Opened)
    def _choose_preset(self, event: PresetSelect.Opened) -> None:
        event.stop()
        self._ask_preset()

    @on(LayerList.Asked)
    def _change_layers(self, event: LayerList.Asked) -> None:
        event.stop()
        draft, at = self._draft, self._cursor
        match event.what:
            case "add":
                self._ask_kind()
                return
            case "preset":
                self._ask_preset()
                return
            case "double" if draft.layer_count:
                draft.duplicate_layer(at)
                at += 1
            case "drop" if draft.layer_count:
                draft.drop_layer(at)
            case "up" if draft.layer_count:
                at = draft.move_layer(at, -1)
            case "down" if draft.layer_count:
                at = draft.move_layer(at, 1)
        self._changed(at)

    def _ask_kind(self) -> None:
        kinds = [
            (layer.model_fields["kind"].default, _first_line(layer.__doc__ or ""))
            for layer in LAYERS
        ]
        if self._ascii:
            kinds = [(kind, spelled(meaning)) for kind, meaning in kinds]
        self.app.push_screen(Choose("Add a layer", "", _choices(kinds)), self._add)

    def _ask_preset(self) -> None:
        known = [(name, presets.read(name)["description"]) for name in presets.names()]
        question = "It takes the place of the design; u takes that back."
        self.app.push_screen(Choose("Start from a preset", question, _choices(known)), self._use)

    def _use(self, preset: str | None) -> None:
        if preset is not None:
            self.post_message(self.PresetChosen(preset))

    def _add(self, kind: str | None) -> None:
        if kind is not None:
            at = self._cursor + 1 if self._draft.layer_count else 0
            self._draft.add_layer(kind, at)
            self._changed(at)

    def _changed(self, cursor: int) -> None:
        """The list follows the draft; the message brings everybody else up to date."""
        self.show(self._run_config, self._pace)
        if self._draft.layer_count:
            self._layers.highlighted = min(cursor, self._draft.layer_count - 1)
        self._show_fields()
        self.post_message(self.Edited())


def _memory(wanted: int) -> str:
    """How much memory training takes, and whether that is more than there is."""
    there_is = memory_bytes()
    words = f"{formats.size(wanted)} of memory to train"
    if there_is is None or wanted <= there_is:
        return words
    return f"{WRONG}{words}, of {formats.size(there_is)} in all: a smaller batch or network fits"


def _choices(described: Sequence[tuple[str, str]]) -> list[Choice]:
    """Names with what they are."""
    return [Choice(name, meaning, name=name) for name, meaning in described]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0].rstrip(".")
