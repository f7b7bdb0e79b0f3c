"""The dashboard on terminals of several kinds, by the bytes that it writes to them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from rich.color import Color
from terminals import Terminal, dashboard, environment

from tui.terminal.kind import wants_ascii

COLORS = re.compile(rb"\x1b\[([0-9;]+)m")


def opened(models: Path, *words: str, **variables: str) -> Terminal:
    """The dashboard once it stands and has been through all its views."""
    with Terminal(dashboard(models, *words), environment=environment(**variables)) as terminal:
        terminal.see("q quit")
        for key, text in (("2", "No answers yet"), ("5", "No runs yet"), ("1", "Nothing trained")):
            terminal.press(key)
            terminal.see(text)
        terminal.press("q")
        terminal.wait()
    return terminal


@pytest.mark.parametrize(
    ("variables", "ascii"),
    [
        ({}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "de_DE.utf8"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "POSIX"}, True),
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_ALL": "C.UTF-8"}, False),
        ({"LANG": "C.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "C.UTF-8", "TERM": "xterm"}, False),
    ],
)
def test_ascii_is_for_those_who_have_nothing_else(variables: dict[str, str], ascii: bool) -> None:
    assert wants_ascii(variables) is ascii


@pytest.mark.parametrize(
    ("words", "variables", "ascii"),
    [
        ((), {}, False),
        (("--ascii",), {}, True),
        ((), {"LC_ALL": "C"}, True),
        ((), {"LANG": "C"}, True),
        ((), {"TERM": "linux"}, True),
        (("--no-ascii",), {"TERM": "linux"}, False),
    ],
    ids=str,
)
def test_ascii_by_option_and_by_itself(
    tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], ascii: bool
) -> None:
    assert opened(tmp_path, *words, **variables).written.isascii() is ascii


@pytest.mark.parametrize(
    ("variables", "kinds"),
    [
        ({"TERM": "xterm"}, set()),
        ({"TERM": "screen"}, set()),
        ({"TERM": "linux"}, set()),
        ({"TERM": "vt100"}, set()),
        ({"TERM": "xterm-256color"}, {b"5"}),
        ({"TERM": "tmux-256color"}, {b"5"}),
        ({"TERM": "screen-256color"}, {b"5"}),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {b"2"}),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_no_more_colours_than_there_are(
    tmp_path: Path, variables: dict[str, str], kinds: set[bytes]
) -> None:
    written = opened(tmp_path, **variables).written
    assert COLORS.search(written)
    assert set(re.findall(rb"[34]8;([25]);", written)) == kinds


def test_no_color_is_grey(tmp_path: Path) -> None:
    written = opened(tmp_path, NO_COLOR="1").written
    numbers = {int(number) for number in re.findall(rb"[34]8;5;(\d+)", written)}
    assert numbers
    for number in numbers:
        assert len(set(Color.parse(f"color({number})").get_truecolor())) == 1


@pytest.mark.parametrize("term", ["dumb", "unknown"])
@pytest.mark.parametrize("words", [(), ("attach",)])
def test_a_terminal_that_cannot_place_text_is_refused(
    tmp_path: Path, term: str, words: tuple[str, ...]
) -> None:
    command = dashboard(tmp_path, *words)
    with Terminal(command, environment=environment(TERM=term)) as terminal:
        assert terminal.wait() == 2
        sentence = b" ".join(terminal.written.split())
        assert sentence.startswith(b"cnn-tui: TERM: ")
        assert b"use `cnn-tui train`" in sentence


@pytest.mark.parametrize("words", [(), ("attach",), ("attach", "abc", "--ascii", "--slow")])
def test_without_a_terminal_a_sentence_says_what_to_use(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = subprocess.run(
        dashboard(tmp_path, *words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert "use `cnn-tui train` without one" in sentence
