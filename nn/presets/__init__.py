"""Configurations to start from, one TOML file each."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

DEFAULT = "original"
"""The preset that people start with."""


def names() -> list[str]:
    """All presets, the default first."""
    found = (entry.name for entry in files(__name__).iterdir())
    presets = sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))
    return sorted(presets, key=lambda name: name != DEFAULT)


def read(name: str) -> dict[str, Any]:
    """A preset as it is written, with its `description`."""
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))
