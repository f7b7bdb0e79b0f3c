"""What is known of a terminal before anything is written to it."""

from __future__ import annotations

from collections.abc import Mapping

from nn.schema import InputError

DUMB = ("dumb", "unknown")
"""Terminals that cannot place text."""

LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""What names the locale; the first that says something counts."""


def refuse_dumb(environment: Mapping[str, str]) -> None:
    """Refuse a terminal that can only print line after line.

    Raises:
        InputError: if the terminal says so of itself.
    """
    term = environment.get("TERM", "")
    if term in DUMB:
        raise InputError(
            f"TERM: {term!r} is a terminal that cannot place text; use `cnn-tui train` there, "
            "or set TERM to what it is, as in TERM=xterm-256color"
        )


def wants_ascii(environment: Mapping[str, str]) -> bool:
    """Whether ASCII is all that can be counted on.

    So it is in a locale without UTF-8, and on the console of Linux, whose fonts have a few hundred
    signs: no braille, and not all the blocks. Where no locale is named at all, UTF-8 is taken for
    granted, as Python does.
    """
    if environment.get("TERM") == "linux":
        return True
    named = {name: environment[name] for name in LOCALE if environment.get(name)}
    if named.get("LC_CTYPE") == "C.UTF-8" and "LC_ALL" not in named and "LANG" in named:
        # Python itself says so in place of a locale C: what the person says is in LANG.
        del named["LC_CTYPE"]
    locale = next((named[name] for name in LOCALE if name in named), "UTF-8")
    return "utf8" not in locale.lower().replace("-", "")
