"""Journals: what a reader sees of lines that are torn, broken or from a newer version."""

from __future__ import annotations

from pathlib import Path

import pytest

from nn.runs.journal import Journal, append
from nn.runs.messages import EVENTS, Event, Paused, Resumed, to_line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def reader(path: Path) -> Journal[Event]:
    return Journal(path, EVENTS)


def steps(messages: list[Event]) -> list[int]:
    return [message.step for message in messages]


def test_a_missing_journal_has_nothing_to_say(path: Path) -> None:
    assert reader(path).read_all() == []


def test_messages_come_once_and_in_order(path: Path) -> None:
    journal = reader(path)
    append(path, Paused(step=1))
    append(path, Resumed(step=2))
    assert steps(journal.read()) == [1, 2]
    assert journal.read() == []
    append(path, Paused(step=3))
    assert steps(journal.read()) == [3]


def test_a_torn_last_line_is_waited_for(path: Path) -> None:
    first, whole = to_line(Paused(step=6)), to_line(Paused(step=7))
    path.write_bytes(first + whole[:10])
    journal = reader(path)
    assert steps(journal.read_all()) == [6]
    path.write_bytes(first + whole)
    assert steps(journal.read_all()) == [7]
    assert journal.warnings == []


def test_a_line_after_a_torn_one_is_not_lost(path: Path) -> None:
    path.write_bytes(to_line(Paused(step=6))[:10])
    append(path, Paused(step=8))
    journal = reader(path)
    assert steps(journal.read_all()) == [8]
    assert journal.warnings == ["events.jsonl: line 1 is broken; it was skipped"]


def test_a_broken_middle_line_is_reported_and_skipped(path: Path) -> None:
    path.write_bytes(to_line(Paused(step=1)) + b"{nonsense\n" + to_line(Paused(step=2)))
    journal = reader(path)
    assert steps(journal.read_all()) == [1, 2]
    assert journal.warnings == ["events.jsonl: line 2 is broken; it was skipped"]


def test_an_unknown_kind_is_skipped_with_a_warning_and_an_unknown_field_without(
    path: Path,
) -> None:
    path.write_bytes(
        b'{"event": "dreamt", "step": 1}\n{"event": "paused", "step": 2, "mood": "good"}\n'
    )
    journal = reader(path)
    assert steps(journal.read_all()) == [2]
    assert journal.warnings == [
        "events.jsonl: line 1 is of a kind that this version does not know; it was skipped"
    ]


def test_a_long_journal_is_read_in_bounded_pieces(path: Path) -> None:
    path.write_bytes(b"".join(to_line(Paused(step=step)) for step in range(1000)))
    journal = reader(path)
    first = journal.read(most=1000)
    assert 0 < len(first) < 1000
    assert steps(first) + steps(journal.read_all()) == list(range(1000))


def test_a_line_longer_than_a_piece_is_read_whole(path: Path) -> None:
    path.write_bytes(b'{"event": "paused", "step": 5, "note": "' + b"x" * 5000 + b'"}\n')
    assert steps(reader(path).read(most=100)) == [5]
