"""Fields of a form as widgets: built from `tui.form`, so that a new setting needs nothing here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalGroup
from textual.events import DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static

from nn.config import RunConfig, is_live
from tui.form import Draft, Field


class FieldSelect(Select[str], inherit_bindings=False):
    """A choice that opens with enter: space starts and pauses training, arrows move on."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "show_overlay", "choose")]


class FieldRow(VerticalGroup):
    """A field: its label, its editor and a mark; below them what is wrong, or what it means."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "app.focus_next", "fields", key_display="tab/shift+tab"),
        Binding("shift+tab,up", "app.focus_previous", "previous field", show=False),
    ]

    @dataclass
    class Edited(Message):
        """A field says something else now."""

        path: str
        text: str

    @dataclass
    class Applied(Message):
        """Somebody is done with a field and wants it to take effect."""

        path: str

    def __init__(self, field: Field, text: str) -> None:
        super().__init__()
        self.field = field
        self.text = text
        self._shown: tuple[str, str, str] | None = None
        self._untold: list[str] = []
        self._editor: Input | FieldSelect
        if field.choices:
            options = dict.fromkeys((*field.choices, text))
            self._editor = FieldSelect(
                [(choice, choice) for choice in options],
                value=text,
                allow_blank=False,
                compact=True,
            )
        else:
            hint = "empty" if field.optional else ""
            self._editor = Input(text, compact=True, placeholder=hint)
        self._line = Horizontal(classes="line")
        self._mark: Static | None = None
        self._remark: Static | None = None

    def compose(self) -> ComposeResult:
        """A line; a mark at its end and a remark below it come when there is something to say."""
        if self.field.heading:
            yield Static(self.field.heading, markup=False)
        indent = "  " * (self.field.path.count(".") - 1) if is_part(self.field) else ""
        with self._line:
            yield Static(indent + self.field.label, classes="label", markup=False)
            yield self._editor

    def show(self, text: str, error: str, mark: str) -> None:
        """Draw what the draft says of this field.

        The draft may lag behind fast typing: what it has not heard of yet is not overwritten.
        """
        if text in self._untold:
            del self._untold[: self._untold.index(text) + 1]
        if (text, error, mark) == self._shown:
            return
        self._shown = (text, error, mark)
        if self.is_mounted:
            self._draw()

    def on_mount(self) -> None:
        """Draw what was said before there was a screen."""
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        text, error, mark = self._shown
        self._mark = _say(self._line, self._mark, "mark", mark)
        self._editor.set_class(bool(error), "wrong")
        self._show_remark()
        if text == self.text or self._untold:
            return
        self.text = text
        if isinstance(self._editor, Input):
            with self._editor.prevent(Input.Changed):
                self._editor.value = text
        elif text in self.field.choices:
            with self._editor.prevent(Select.Changed):
                self._editor.value = text

    def edit(self) -> None:
        """Put the cursor here."""
        self._editor.focus()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _show_remark(self) -> None:
        meaning = self.field.help if self._editor.has_focus_within else ""
        error = self._shown[1] if self._shown is not None else ""
        text = f"x {error}" if error else meaning
        self._remark = _say(self, self._remark, "remark", text)
        if self._remark is not None:
            self._remark.set_class(bool(error), "wrong")
        if self._editor.has_focus_within:
            self.call_after_refresh(self.scroll_visible, animate=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._take(self._editor_text)

    @on(Select.Changed)
    def _chosen(self, event: Select.Changed) -> None:
        event.stop()
        if self._take(self._editor_text):
            self.post_message(self.Applied(self.field.path))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Applied(self.field.path))

    @property
    def _editor_text(self) -> str:
        """What the editor holds now; a message may tell of what it held before a preset came."""
        return str(self._editor.value)

    def _take(self, text: str) -> bool:
        if text == self.text:
            return False
        self.text = text
        self._untold.append(text)
        self.post_message(self.Edited(self.field.path, text))
        return True


class FieldList(VerticalGroup):
    """Rows for some fields of a draft; a row stays for as long as its field."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._rows: dict[Field, FieldRow] = {}
        self._wanted: tuple[Draft, Sequence[Field], RunConfig | None] | None = None
        self._begun = False

    def on_mount(self) -> None:
        """Rows are most of the dashboard's widgets: its first picture does not wait for them."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._begun = self.is_attached
        if self._begun and self._wanted is not None:
            self.show(*self._wanted)

    def show(self, draft: Draft, fields: Sequence[Field], running: RunConfig | None) -> None:
        """Draw a draft's fields; `running` is the configuration of a run that trains meanwhile."""
        if not self._begun:
            self._wanted = (draft, fields, running)
            return
        for field in [field for field in self._rows if field not in fields]:
            self._rows.pop(field).remove()
        previous = None
        changed = set(draft.differing(running)) if running is not None else set()
        for field in fields:
            row = self._rows.get(field)
            if row is None:
                row = self._rows[field] = FieldRow(field, draft.texts[field.path])
                place = {"before": 0} if previous is None else {"after": previous}
                self.mount(row, **place)
            previous = row
            error = draft.errors.get(field.path, "")
            mark = "" if running is None or error else _mark(field, field.path in changed)
            row.show(draft.texts[field.path], error, mark)

    def edit(self) -> bool:
        """Put the cursor into the first field, if there is one; whether there is."""
        for row in self.query(FieldRow).results():
            row.edit()
            return True
        return False


def _say(parent: Widget, place: Static | None, kind: str, text: str) -> Static | None:
    """Put words at the end of a widget, in a place that is made when it is first needed."""
    if place is None:
        if not text or not parent.is_attached:
            return None
        place = Static(text, classes=kind, markup=False)
        parent.mount(place)
    place.update(text)
    place.display = bool(text)
    return place


def is_part(field: Field) -> bool:
    """Whether a field belongs to the choice above it, as an optimizer's own settings do."""
    return field.path.count(".") > 1 and not field.path.startswith("network.")


def _mark(field: Field, changed: bool) -> str:
    """What a field's change would mean for the run that trains."""
    if is_live(field.path):
        return "enter!" if changed else "live"
    return "new run" if changed else ""
