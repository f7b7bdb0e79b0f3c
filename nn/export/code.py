"""A configuration as text that others read: TOML, or Python code for the same network.

The code has the network, how its weights start, and its training as far as the library has it. It
runs by itself, and says what is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nn.config import RunConfig
from nn.export import keras_code, torch_code
from nn.export.toml_text import as_toml
from nn.schema import InputError
from nn.types import Shape

Writer = Callable[[RunConfig, Shape, int], str]


@dataclass(frozen=True)
class Language:
    """Something that a configuration is written in; `title` is what people call it."""

    name: str
    title: str
    write: Writer


LANGUAGES: dict[str, Language] = {
    each.name: each
    for each in (
        Language("toml", "TOML", lambda config, shape, classes: as_toml(config)),
        Language("pytorch", "PyTorch code", torch_code.write),
        Language("keras", "Keras code", keras_code.write),
    )
}
"""Every language by its name."""


def find_language(name: str) -> Language:
    """The language of that name.

    Raises:
        InputError: if there is none.
    """
    if name not in LANGUAGES:
        raise InputError(f"to: {name!r} is not known; choose one of {', '.join(LANGUAGES)}")
    return LANGUAGES[name]


def write(config: RunConfig, name: str) -> str:
    """A configuration in a language, for images and classes of its dataset.

    Raises:
        InputError: if the language or the dataset is not known, or lacks words for a layer.
    """
    language, data = find_language(name), config.dataset()
    return language.write(config, data.input_shape, len(data.class_names))
