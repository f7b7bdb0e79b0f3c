"""What the dashboard is looking at, without a screen and without a trainer."""

from __future__ import annotations

from pathlib import Path

import pytest
from dashboards import CONFIG, STARTED, batches
from test_comparison import epoch

from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from nn.runs.journal import append
from tui import words
from tui.session import SILENCE, Session, Waiting
from tui.state import Phase, RunState

LONG_ENOUGH = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return Library(tmp_path).create_run(CONFIG)


@pytest.fixture
def session(folder: RunFolder) -> Session:
    session = Session()
    session.follow(folder, CONFIG)
    return session


def happened(folder: RunFolder, *events: m.Event) -> None:
    for event in events:
        append(folder.events_file, event)


def run_of(session: Session) -> RunState:
    assert session.run is not None
    return session.run


def test_a_long_journal_is_read_in_slices(folder: RunFolder, session: Session) -> None:
    lines = [STARTED, *(batches(step, 100) for step in range(100, 20_100, 100))]
    happened(folder, *lines)
    assert session.read(0.0)
    first = run_of(session).step
    assert 0 < first < 20_000
    while session.read(0.0):
        pass
    assert run_of(session).step == 20_000


def test_what_a_dead_trainer_wrote_last_is_read_before_it_counts_as_lost(
    folder: RunFolder, session: Session
) -> None:
    happened(folder, STARTED, batches(10))
    session.trainer_seen(session.lookout, alive=False)
    happened(folder, m.Stopped(step=10, reason="asked"))
    session.read(LONG_ENOUGH)
    assert run_of(session).phase is Phase.STOPPED


def test_a_trainer_that_left_no_word_is_lost_until_another_starts(
    folder: RunFolder, session: Session
) -> None:
    happened(folder, STARTED, batches(10))
    session.read(LONG_ENOUGH)
    session.trainer_seen(session.lookout, alive=False)
    session.read(LONG_ENOUGH)
    assert run_of(session).phase is Phase.LOST
    assert not session.alive
    happened(folder, STARTED)
    session.read(LONG_ENOUGH)
    assert run_of(session).phase is Phase.TRAINING


def test_a_trainer_that_is_being_started_is_not_lost(folder: RunFolder, session: Session) -> None:
    before = session.lookout
    session.launch("starting…")
    session.trainer_seen(session.lookout, alive=False)
    session.read(LONG_ENOUGH)
    assert session.alive
    assert session.word == "starting…"
    session.launched(well=True)
    session.trainer_seen(before, alive=False)
    session.read(LONG_ENOUGH)
    assert run_of(session).phase is Phase.STARTING
    happened(folder, STARTED)
    session.read(LONG_ENOUGH)
    assert session.word == ""


def test_a_start_that_failed_is_over(session: Session) -> None:
    session.launch("resuming…")
    session.launched(well=False)
    assert session.word == ""
    assert not session.launching


def test_waiting_ends_with_its_own_answer(folder: RunFolder, session: Session) -> None:
    happened(folder, STARTED)
    session.read(LONG_ENOUGH)
    session.waiting = Waiting("pausing…", "mine")
    happened(folder, m.Acknowledged(command="another's", step=1))
    session.read(LONG_ENOUGH)
    assert session.word == "pausing…"
    happened(folder, m.Acknowledged(command="mine", step=1))
    session.read(LONG_ENOUGH)
    assert session.word == ""


@pytest.mark.parametrize(
    "end",
    [m.Stopped(step=1, reason="asked"), m.Failed(step=1, kind="diverged", message="no number")],
)
def test_waiting_ends_with_the_run(folder: RunFolder, session: Session, end: m.Event) -> None:
    happened(folder, STARTED)
    session.read(LONG_ENOUGH)
    session.waiting = Waiting("pausing…", "mine")
    happened(folder, end)
    session.read(LONG_ENOUGH)
    assert session.word == ""


def test_history_brings_no_notices_and_news_do(folder: RunFolder, session: Session) -> None:
    happened(folder, STARTED, m.Stopped(step=10, reason="asked"))
    session.read(LONG_ENOUGH)
    assert session.take_notices() == []
    happened(folder, STARTED, m.Stopped(step=20, reason="asked"))
    session.read(LONG_ENOUGH)
    (notice,) = session.take_notices()
    assert "step 20" in notice.text
    assert session.take_notices() == []


def test_a_broken_line_is_reported_once(folder: RunFolder, session: Session) -> None:
    happened(folder, STARTED)
    with folder.events_file.open("a") as file:
        file.write("{broken\n")
    happened(folder, batches(10))
    session.read(LONG_ENOUGH)
    session.read(LONG_ENOUGH)
    (notice,) = session.take_notices()
    assert "line 2 is broken" in notice.text


def test_many_broken_lines_are_one_notice(folder: RunFolder, session: Session) -> None:
    happened(folder, STARTED)
    with folder.events_file.open("a") as file:
        file.write("{broken\n" * 30)
    session.read(LONG_ENOUGH)
    (notice,) = session.take_notices()
    assert notice.text == (
        "events.jsonl: line 2 is broken; it was skipped, and so were others after it."
    )


def test_a_run_whose_folder_is_gone_is_lost_and_keeps_what_was_read(
    folder: RunFolder, session: Session
) -> None:
    happened(folder, STARTED, batches(10), m.Stopped(step=10, reason="asked"))
    session.read(LONG_ENOUGH)
    session.waiting = Waiting("pausing…", "mine")
    session.folder_gone(object())
    assert run_of(session).phase is Phase.STOPPED, "that was another run"
    session.folder_gone(session.lookout)
    assert (run_of(session).phase, run_of(session).is_gone) == (Phase.LOST, True)
    assert (run_of(session).step, session.word) == (10, "")
    assert "its folder is gone" in run_of(session).problem


def looked(session: Session, times: int) -> None:
    for _ in range(times):
        session.read(LONG_ENOUGH)
        session.trainer_seen(session.lookout, alive=True)


def test_a_trainer_that_says_nothing_for_long_is_silent(
    folder: RunFolder, session: Session
) -> None:
    happened(folder, STARTED)
    looked(session, SILENCE)
    assert not session.is_silent
    looked(session, 1)
    assert session.is_silent
    assert f"process {STARTED.process}" in words.alarm(session)
    happened(folder, batches(10))
    looked(session, 1)
    assert not session.is_silent
    assert not words.alarm(session)


def test_a_trainer_that_waits_is_silent_only_if_it_was_asked(
    folder: RunFolder, session: Session
) -> None:
    happened(folder, STARTED, m.Paused(step=10))
    looked(session, SILENCE + 1)
    assert not session.is_silent
    session.waiting = Waiting("going on…", "mine")
    assert session.is_silent


def test_the_newest_evaluation_is_wanted_once(folder: RunFolder, session: Session) -> None:
    assert session.answers_wanted() is None
    happened(folder, STARTED, m.Evaluated(step=30, test_loss=1, test_accuracy=0.5))
    session.read(LONG_ENOUGH)
    version = session.answers_wanted()
    assert version is not None
    assert session.source == f"run {folder.id}, epoch 1"
    session.answers_requested(version)
    assert session.answers_wanted() is None
    happened(folder, m.Evaluated(step=31, test_loss=1, test_accuracy=0.5))
    session.read(LONG_ENOUGH)
    assert session.answers_wanted() is not None
    assert session.source == f"run {folder.id}, step 31"


def test_answers_of_an_epoch_that_others_came_after_are_those_of_the_best(
    folder: RunFolder, session: Session
) -> None:
    """At its end a run is judged by its best network again, however many epochs came later."""
    happened(folder, STARTED, epoch(1, 0.9), m.Evaluated(step=30, test_loss=1, test_accuracy=0.9))
    session.read(LONG_ENOUGH)
    assert session.source == f"run {folder.id}, epoch 1"
    happened(folder, epoch(2, 0.8, best=False))
    session.read(LONG_ENOUGH)
    assert session.source == f"run {folder.id}, epoch 1, the best"
