"""What commands print on terminals of all widths, and in pipes."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TextIO, TypeAlias

import pytest

from tui.commands.saying import complain, folded, together
from tui.commands.tables import Column, print_list

COLUMNS = (
    *(Column("run"), Column("state"), Column("network", elastic=True, leaves=1)),
    *(Column("data", elastic=True, leaves=2), Column("age", "right", leaves=3)),
)
ROWS = [
    ("3f2a90", "finished", "conv 32·64, dense 128·10", "a dataset [of many] words", "12 min"),
    ("90b1aa", "stopped", "dense 10", "mnist", "2 d"),
]
SENTENCE = "run: 'zzz' is not known; look into /a/path/that/is/longer/than-the/line of it"

Terminal: TypeAlias = Callable[[int], TextIO]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """What leads to a terminal of so many columns."""
    with ExitStack() as left_open:

        def opened(columns: int) -> TextIO:
            ours, theirs = os.openpty()
            left_open.callback(os.close, ours)
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            return left_open.enter_context(open(theirs, "w"))  # noqa: PTH123

        yield opened


def printed(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_list(COLUMNS, ROWS)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_words_are_folded_where_a_terminal_ends(terminal: Terminal) -> None:
    assert folded(SENTENCE, terminal(30), "  ").split("\n") == [
        "run: 'zzz' is not known; look",
        "  into",
        "  /a/path/that/is/longer/than-the/line",
        "  of it",
    ]
    assert folded(SENTENCE, terminal(200)) == SENTENCE


def test_words_that_belong_together_stay_so(terminal: Terminal) -> None:
    words = f"Try less of it: {together('--set training.learning_rate=1')} --or more"
    lines = ["Try less of it:", "--set training.learning_rate=1", "--or more"]
    assert folded(words, terminal(30)).split("\n") == lines
    assert folded(words, terminal(0)) == " ".join(lines), "a terminal that knows no width"


def test_names_of_strangers_send_nothing_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    complain("a\x1b[31m\nb\udcff·é.png: cannot be read")
    said = "cnn-tui: a\\x1b[31m\\nb\\udcff·é.png: cannot be read\n"
    assert capsys.readouterr().err == said


def test_lines_stay_whole_in_a_pipe(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (tmp_path_factory.mktemp("folder") / "log").open("w") as log:
        assert folded(f"{SENTENCE}\n{together(SENTENCE)}", log) == f"{SENTENCE}\n{SENTENCE}"


def test_a_list_in_a_pipe_is_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    print_list(COLUMNS, ROWS)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "state", "network", "data", "age"]
    for line, row in zip(lines, ROWS, strict=True):
        assert [word.strip() for word in line.split("  ") if word] == list(row)


def test_elastic_columns_give_way_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert printed(60, capsys, monkeypatch) == [
        "run     state     network           data                 age",
        "3f2a90  finished  conv 32·64, den…  a dataset [of m…  12 min",
        "90b1aa  stopped   dense 10          mnist                2 d",
    ]


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (49, "run state network data age"),
        (46, "run state network data age"),
        (45, "run state data age"),
        (32, "run state age"),
        (23, "run state"),
        (16, "run state"),
    ],
)
def test_then_columns_are_left_out(
    width: int, heads: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = printed(width, capsys, monkeypatch)
    assert lines[0].split() == heads.split()
    assert max(map(len, lines)) <= width


def test_names_are_folded_and_never_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = printed(14, capsys, monkeypatch)
    assert max(map(len, lines)) <= 14
    assert "".join(line[:4] for line in lines).replace(" ", "") == "run3f2a9090b1aa"
