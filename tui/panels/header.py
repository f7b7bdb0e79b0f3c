"""The line at the top: what is learned, what the run is doing and how far it is."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

from tui.panels import PHASE_SIGNS
from tui.pieces import Piece, one_line, piece
from tui.render import formats
from tui.render.bars import bar
from tui.state import Phase, RunState


class Header(Widget):
    """One line: name, dataset, state, progress, speed, time left."""

    DEFAULT_CSS = "Header { height: 1; width: 1fr; padding: 0 1; }"

    def __init__(self, *, ascii: bool = False) -> None:
        super().__init__()
        self._ascii = ascii
        self._left: list[Piece] = []
        self._right: list[Piece] = []

    def show(self, run: RunState | None, data: str, idle: str, word: str, remarks: int = 0) -> None:
        """Take the newest state.

        `data` says what is learned, `idle` what is shown without a run, and `word` what is under
        way and not to be seen in the run's phase; there are so many `remarks` about the run.
        """
        left = [piece("cnn-tui", 5, "bold"), piece(data, 6)]
        if run is not None:
            left.insert(1, piece(f"run {run.run_id}", 7))
            if remarks:
                left.append(piece(f"! {remarks} remark{'s' * (remarks > 1)}", 3, "bold"))
            right = _progress(run, word, self._ascii)
        else:
            right = [piece(f"{'-' if self._ascii else '○'} {word or idle}", 0, "bold")]
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def render(self) -> Text:
        """The line, as wide as there is room."""
        return one_line(self._left, self._right, self.size.width)


def _progress(run: RunState, word: str, ascii: bool) -> list[Piece]:
    phase = run.phase
    if not word and run.evaluating is not None:
        done, total = run.evaluating
        word = f"evaluating {formats.percent(done / max(total, 1), 0)}"
    if not word and phase is Phase.PAUSED:
        word = f"paused at step {formats.count(run.step)}"
    if not word and run.finished is not None and run.finished.early:
        word = "finished early"
    pieces = [piece(f"{PHASE_SIGNS[phase][ascii]} {word or phase.value}", 0, "bold")]
    pieces.append(piece(f"epoch {_current_epoch(run)}/{run.config.training.epochs}", 2))
    pieces.append(piece(bar(run.progress, 10, track=True, ascii=ascii), 8))
    pieces.append(piece(formats.percent(run.progress, 0), 1))
    if phase in (Phase.TRAINING, Phase.EVALUATING):
        pieces.append(piece(f"{formats.count(round(run.images_per_second))} img/s", 4))
        if run.seconds_left is not None:
            pieces.append(piece(f"{formats.duration(run.seconds_left)} left", 3))
    return pieces


def _current_epoch(run: RunState) -> int:
    """The epoch that is under way, counted from 1; at the end the last one."""
    under_way = run.epoch if run.phase is Phase.FINISHED else run.epoch + 1
    return max(1, min(under_way, run.config.training.epochs))
