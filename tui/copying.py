"""What is worth taking along from a run or a design: where it is, what it is, as code."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Key
from textual.widgets import Static

from nn.config import RunConfig
from nn.runs.folder import RunFolder
from nn.schema import InputError
from tui.dialogs import Dialog

HOW = "a key copies through the terminal (OSC 52); where it does not, shift and the mouse select"


class Copy(Dialog[None]):
    """Shows a run's id and path, and its configuration or a design's as TOML and as code, to be
    copied by a key or selected.

    Over SSH the text takes the way of the screen to the clipboard of whoever sits there.
    """

    def __init__(self, config: RunConfig, folder: RunFolder | None) -> None:
        super().__init__("Copy" if folder is not None else "Copy the design")
        self._texts: dict[str, tuple[str, str]] = {}
        if folder is not None:
            self._texts["i"] = ("id", folder.id)
            self._texts["p"] = ("path", str(folder.path.absolute()))
        self._texts["c"] = ("configuration as TOML", _written(config, "toml"))
        self._texts["t"] = ("network as PyTorch code", _written(config, "pytorch"))
        self._texts["k"] = ("network as Keras code", _written(config, "keras"))

    def content(self) -> ComposeResult:
        """What the keys copy, and below each text as it would be copied."""
        keys = Text()
        for key, (name, _) in self._texts.items():
            keys.append(f"{key}  ", "bold").append(f"{name}\n")
        keys.rstrip()
        yield Static(keys)
        yield Static(HOW, id="remark", markup=False)
        with VerticalScroll():
            for key, (name, text) in self._texts.items():
                shown = Text.assemble((f"{key}  {name}\n", "bold"), f"{text.rstrip()}\n")
                yield Static(shown, id=f"text-{key}")

    def on_key(self, event: Key) -> None:
        """Copy a text by its key, and show it."""
        if event.key in self._texts:
            event.stop()
            name, text = self._texts[event.key]
            self.app.copy_to_clipboard(text)
            self.query_one("#remark", Static).update(f"the {name} was given to the terminal")
            self.query_one(f"#text-{event.key}").scroll_visible(top=True, animate=False)


def _written(config: RunConfig, language: str) -> str:
    """A configuration in a language, or why there is none."""
    # Not every dashboard needs the languages, and all open quicker without.
    from nn.export.code import write

    try:
        return write(config, language)
    except InputError as error:
        return f"# {error}\n"
