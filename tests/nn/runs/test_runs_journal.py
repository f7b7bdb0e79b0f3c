"""Journals: what a reader sees of lines that are torn, broken or from a newer version."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from nn.runs.journal import Journal, append
from nn.runs.messages import (
    EVENTS,
    BatchesFinished,
    EvaluationAdvanced,
    Event,
    Paused,
    Resumed,
    to_line,
)


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


def progress(first: int, last: int) -> bytes:
    events = (
        BatchesFinished(
            step=step,
            epoch=0,
            losses=(0.5,),
            accuracies=(0.5,),
            learning_rate=0.1,
            images_per_second=1.0,
        )
        for step in range(first, last + 1)
    )
    return b"".join(to_line(event) for event in events)


def test_a_sample_leaves_out_progress_and_nothing_else(path: Path) -> None:
    evaluating = b"".join(
        to_line(EvaluationAdvanced(step=500, done=done, total=9)) for done in range(10)
    )
    path.write_bytes(
        progress(1, 500) + evaluating + to_line(Paused(step=500)) + progress(501, 1000)
    )
    whole = reader(path).read_all()
    journal = Journal(path, EVENTS, sample=10_000)
    found = journal.read_all()
    assert found == [event for event in whole if event in found], "the order is the same"
    assert Paused(step=500, time=whole[510].time) in found
    assert found[-1] == whole[-1], "the end is known exactly"
    told = [event.step for event in found if isinstance(event, BatchesFinished)]
    assert 30 < len(told) < 120
    assert max(b - a for a, b in itertools.pairwise(told)) < 40, "they are evenly spread"
    assert [e.done for e in found if isinstance(e, EvaluationAdvanced)][-1:] == [9]


def test_what_is_written_after_a_sample_is_read_whole(path: Path) -> None:
    path.write_bytes(progress(1, 1000))
    journal = Journal(path, EVENTS, sample=0)
    assert steps(journal.read_all()) == [1, 1000]
    with path.open("ab") as file:
        file.write(progress(1001, 1010))
    assert steps(journal.read_all()) == list(range(1001, 1011))
    assert steps(Journal(path, EVENTS, sample=1 << 20).read_all()) == list(range(1, 1011))


def test_a_broken_line_in_what_is_sampled_is_reported(path: Path) -> None:
    torn = progress(501, 501)[:60] + b"\n"
    unknown = b'{"time":1.0,"event":"dreamt","step":1}\n'
    path.write_bytes(progress(1, 500) + torn + progress(502, 900) + unknown)
    journal = Journal(path, EVENTS, sample=0)
    assert steps(journal.read_all())[-1] == 900
    assert journal.warnings == [
        "events.jsonl: line 501 is broken; it was skipped",
        "events.jsonl: line 901 is of a kind that this version does not know; it was skipped",
    ]


def test_a_file_that_is_no_journal_is_told_of_in_a_few_lines(path: Path) -> None:
    path.write_bytes(b"\x00\xff nothing of the kind\n" * 5000 + to_line(Paused(step=3)))
    journal = reader(path)
    assert steps(journal.read_all()) == [3]
    assert len(journal.warnings) == 11
    assert journal.warnings[-1] == "events.jsonl: more such lines were skipped"


def test_a_line_nested_without_end_is_broken_and_nothing_worse(path: Path) -> None:
    deep = b'{"event":"changed","step":1,"field":"x","value":' + b"[" * 100_000
    path.write_bytes(deep + b"\n" + to_line(Paused(step=2)))
    journal = reader(path)
    assert steps(journal.read_all()) == [2]
    assert journal.warnings == ["events.jsonl: line 1 is broken; it was skipped"]


def test_a_clock_that_jumps_changes_no_order(path: Path) -> None:
    for step, now in enumerate((2e9, 1.0, -5.0, 3e9)):
        append(path, Paused(step=step, time=now))
    assert steps(reader(path).read_all()) == [0, 1, 2, 3]


def test_a_line_that_the_disk_took_only_half_is_no_success(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no more room, the system first writes less than it was given."""
    write = os.write

    def take_half(descriptor: int, data: bytes) -> int:
        if data.startswith(b"{"):
            return write(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", take_half)
        with pytest.raises(OSError, match="No space left"):
            append(path, Paused(step=1))
    append(path, Paused(step=2))
    assert steps(reader(path).read_all()) == [2]
