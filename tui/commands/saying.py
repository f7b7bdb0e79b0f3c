"""How commands say something: folded between words on a terminal, in one line elsewhere."""

from __future__ import annotations

import os
import sys
from textwrap import fill
from typing import TextIO

GLUE = "\N{NO-BREAK SPACE}"


def say(words: str) -> None:
    """On standard output."""
    print(folded(words, sys.stdout), flush=True)


def tell(words: str) -> None:
    """On standard error."""
    print(folded(words, sys.stderr), file=sys.stderr, flush=True)


def complain(sentence: str) -> None:
    """On standard error, and who says it."""
    tell(f"cnn-tui: {visible(sentence)}")


def visible(name: str) -> str:
    """Words with a stranger's name, which sends nothing to the terminal that it would obey."""
    return "".join(
        sign if sign.isprintable() or sign == GLUE else repr(sign)[1:-1] for sign in name
    )


def together(words: str) -> str:
    """Words between which no line is broken when they are said."""
    return words.replace(" ", GLUE)


def folded(words: str, stream: TextIO, indent: str = "") -> str:
    """Words as they would be said there; lines but the first begin with `indent`.

    A word that is too long, as paths are, stays whole: it is to be copied.
    """
    width = _width(stream)
    lines = words.split("\n")
    if width is not None:
        lines = [
            fill(
                line,
                width,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
            for line in lines
        ]
    return "\n".join(lines).replace(GLUE, " ")


def _width(stream: TextIO) -> int | None:
    """Columns of a terminal that knows them; None for anything else."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None
