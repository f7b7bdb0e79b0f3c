"""What is worth taking along from a run: its id, its path, its configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Static

from nn.config import RunConfig
from nn.runs.folder import RunFolder
from tui.dialogs import Dialog

HOW = "a key copies through the terminal (OSC 52); where it does not, shift and the mouse select"


def as_toml(config: RunConfig) -> str:
    """A configuration as `cnn-tui train --config` reads it."""
    values = config.model_dump(mode="json", exclude_none=True)
    return "\n".join(_table(values, "")).strip() + "\n"


def _table(values: Mapping[str, object], name: str) -> Iterator[str]:
    """A table's own values, then the tables in it."""
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    lists = {key: value for key, value in values.items() if _is_tables(value)}
    for key, value in values.items():
        if key not in tables and key not in lists:
            yield f"{key} = {_value(value)}"
    for key, table in tables.items():
        yield f"\n[{name}{key}]"
        yield from _table(table, f"{name}{key}.")
    for key, items in lists.items():
        assert isinstance(items, list), "so it was chosen"
        for item in items:
            yield f"\n[[{name}{key}]]"
            yield from (f"{field} = {_value(value)}" for field, value in item.items())


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_value(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # A string, a number or a truth value is written as in JSON.
    return json.dumps(value, ensure_ascii=False)


class Copy(Dialog[None]):
    """Shows a run's id, path and configuration, or a design's, to be copied by a key or selected.

    Over SSH the text takes the way of the screen to the clipboard of whoever sits there.
    """

    def __init__(self, config: RunConfig, folder: RunFolder | None) -> None:
        super().__init__("Copy")
        self._texts: dict[str, tuple[str, str]] = {}
        if folder is not None:
            self._texts["i"] = ("id", folder.id)
            self._texts["p"] = ("path", str(folder.path.absolute()))
        self._texts["c"] = ("configuration", as_toml(config))

    def content(self) -> ComposeResult:
        """Each text behind its key, as it would be copied."""
        shown = Text()
        for key, (name, text) in self._texts.items():
            shown.append(f"{key}  ", "bold").append(f"{name}\n{text.rstrip()}\n\n")
        yield Static(HOW, id="remark", markup=False)
        with VerticalScroll():
            yield Static(shown)

    def on_key(self, event: Key) -> None:
        """Copy a text by its key."""
        if event.key in self._texts:
            event.stop()
            name, text = self._texts[event.key]
            self.app.copy_to_clipboard(text)
            self.query_one("#remark", Static).update(f"the {name} was given to the terminal")
