"""Every key of the dashboard, wherever it is declared."""

from __future__ import annotations

import importlib
import pkgutil

from textual.binding import Binding
from textual.dom import DOMNode

import tui


def declared() -> list[tuple[type[DOMNode], Binding]]:
    """All bindings with the class that declares each, one for each of its keys."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        importlib.import_module(module.name)
    found = []
    for owner in _below(DOMNode):
        if owner.__module__.split(".")[0] == tui.__name__:
            bindings = Binding.make_bindings(vars(owner).get("BINDINGS", ()))
            found += [(owner, binding) for binding in bindings]
    return sorted(found, key=lambda each: (each[0].__name__, each[1].action))


def _below(base: type[DOMNode]) -> list[type[DOMNode]]:
    found = {base: None}
    for owner in found.copy():
        for below in owner.__subclasses__():
            found |= dict.fromkeys(_below(below))
    return list(found)
