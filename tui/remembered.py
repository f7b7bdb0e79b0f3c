"""What the dashboard remembers from one use to the next: theme, view, and what is set in each view.

It is a small file of the user's. Whatever is wrong with it, the dashboard opens as ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import typer
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from nn.files import write_atomically

NAME = "cnn-tui"
VARIABLE = "CNN_TUI_SETTINGS"
VERSION = 1


class Settings(BaseModel):
    """What the file holds; what is not known of it is left out.

    `panels` has by name what is set in each of them; `is_wide` is whether the design is folded
    away.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    version: int = VERSION
    theme: str = ""
    view: str = ""
    is_wide: bool = False
    panels: dict[str, dict[str, JsonValue]] = {}


@runtime_checkable
class Panel(Protocol):
    """Whatever has something to remember.

    `choices` are the values that its attributes may have, by name; a name may lead on to the field
    of a frozen dataclass, as in `options.charts`.
    """

    choices: ClassVar[Mapping[str, Sequence[JsonValue]]]


class Memory:
    """The file with the settings, or none of them.

    `is_first` if nobody has used the dashboard yet; `problem` is a sentence if the file is of no
    use, and `was_told` if the dashboard has said so.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.settings = Settings()
        self.problem = ""
        self.was_told = False
        self.is_first = False
        self._is_ours = True
        self._read()

    def keep(self, settings: Settings) -> None:
        """Write what is new; a file of a newer version stays as it is."""
        if not self._is_ours or (settings == self.settings and not self.is_first):
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            content = json.dumps(settings.model_dump(), indent=2, ensure_ascii=False)
            write_atomically(self.file, f"{content}\n".encode())
        except OSError as error:
            reason = error.strerror or error
            self.problem = f"{self.file}: what you set cannot be remembered ({reason})."
            return
        self.settings, self.problem = settings, ""

    def _read(self) -> None:
        try:
            values = json.loads(self.file.read_bytes())
            version = values.get("version") if isinstance(values, dict) else None
            if isinstance(version, int) and version > VERSION:
                self._is_ours = False
                self.problem = f"{self.file} is of a newer cnn-tui: it is left alone."
                return
            self.settings = Settings.model_validate(values)
        except FileNotFoundError:
            self.is_first = True
        except OSError as error:
            self._is_ours = False
            self.problem = f"{self.file}: cannot be read ({error.strerror or error})."
        except (ValueError, RecursionError, ValidationError):
            self.problem = f"{self.file} is broken: the usual settings take its place."


def settings_file(environment: Mapping[str, str]) -> Path | None:
    """Where the settings are; None if nothing is to be remembered.

    That is $CNN_TUI_SETTINGS, which may be empty, else in the user's folder for configurations:
    $XDG_CONFIG_HOME, or what is usual on the platform.
    """
    if (named := environment.get(VARIABLE)) is not None:
        return Path(named).expanduser() if named else None
    folder = Path(environment.get("XDG_CONFIG_HOME", ""))
    if folder.is_absolute():
        return folder / NAME / "settings.json"
    return Path(typer.get_app_dir(NAME)) / "settings.json"


def chosen(panel: Panel) -> dict[str, JsonValue]:
    """What is set in a panel now."""
    return {name: _value(panel, name) for name in panel.choices}


def choose(panel: Panel, values: Mapping[str, JsonValue]) -> None:
    """Set it again, as far as there still are such values."""
    for name, known in panel.choices.items():
        if name in values and any(_is(values[name], each) for each in known):
            owner, _, field = name.rpartition(".")
            if owner:
                change: dict[str, Any] = {field: values[name]}
                setattr(panel, owner, replace(getattr(panel, owner), **change))
            else:
                setattr(panel, field, values[name])


def _value(panel: Panel, name: str) -> JsonValue:
    found: Any = panel
    for part in name.split("."):
        found = getattr(found, part)
    value: JsonValue = found
    return value


def _is(value: JsonValue, known: JsonValue) -> bool:
    """Whether it is that value: in Python, True is 1 too."""
    return type(value) is type(known) and value == known
