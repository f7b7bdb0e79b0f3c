"""The commands of the palette: everything that has a key, wherever it has one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from textual.app import SystemCommand
from textual.binding import Binding
from textual.widget import Widget

from tui.form_rows import FieldRow
from tui.key_names import key_name


@dataclass(frozen=True)
class Command:
    """Something that a key does in a panel, and the widget whose key it is."""

    panel: str
    widget: Widget
    binding: Binding


def sentence(binding: Binding, meaning: str = "") -> str:
    """What a key does, the key first."""
    meaning = meaning or str(binding.tooltip or binding.description)
    if not binding.key:
        return meaning
    return f"{key_name(binding)} · {meaning}"


def commands_of(name: str, panel: Widget) -> Iterator[Command]:
    """What keys do in a panel: those of its own and those of the widgets in it.

    Keys that only move a cursor are no commands. What a widget shares with one around it is one.
    """
    seen = set[tuple[str, str]]()
    for widget in panel.walk_children(Widget, with_self=True):
        if not type(widget).__module__.startswith("tui.") or isinstance(widget, FieldRow):
            continue
        for binding in vars(type(widget)).get("BINDINGS", ()):
            if not isinstance(binding, Binding) or (binding.key, binding.action) in seen:
                continue
            seen.add((binding.key, binding.action))
            if binding.show or binding.tooltip:
                yield Command(name, widget, binding)


def as_system_commands(
    commands: Iterator[Command], run: Callable[[Command], Awaitable[None]], *, discover: bool
) -> Iterator[SystemCommand]:
    """The same for Textual; with `discover` they are shown before anything is typed."""
    for command in commands:
        binding = command.binding

        async def do(command: Command = command) -> None:
            await run(command)

        title = f"{command.panel}: {binding.description}"
        yield SystemCommand(title, sentence(binding), do, discover)
