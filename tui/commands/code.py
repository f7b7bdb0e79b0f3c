"""`cnn-tui code`: a configuration as TOML, or as Python code for another library."""

from __future__ import annotations

import json
from pathlib import Path

from nn.export.code import find_language
from tui.commands.profile import subject
from tui.commands.train import Wish


def print_code(wish: Wish, model: Path | None, language: str, *, as_json: bool) -> None:
    """Print what was typed, or a saved model's configuration, in a language.

    Raises:
        InputError: if it will not do, or the language has no words for it.
    """
    wanted = find_language(language)
    what = subject(wish, model)
    text = wanted.write(what.config, what.input_shape, what.classes)
    if as_json:
        print(json.dumps({"language": wanted.name, "text": text}))
    else:
        print(text, end="")
