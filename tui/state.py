"""What the screen shows: everything that panels are given, without the screen itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.answers import ORDERS, Answers, Order
from tui.insight import InsideState
from tui.notices import Notice
from tui.profile_state import ProfileState
from tui.rate_state import RateState
from tui.recognition import Recognition
from tui.rows import ModelRow, RunRow, model_row, network_summary, row_of, run_row
from tui.run_state import Counts, Phase, RunState
from tui.second_look import SecondLook
from tui.series import Growing

__all__ = [
    "ORDERS",
    "Answers",
    "Counts",
    "Growing",
    "InsideState",
    "ModelRow",
    "Notice",
    "Order",
    "Phase",
    "ProfileState",
    "RateState",
    "Recognition",
    "RunRow",
    "RunState",
    "SecondLook",
    "View",
    "model_row",
    "network_summary",
    "row_of",
    "run_row",
]


@dataclass
class View:
    """All that panels show; what is not there yet is None or empty."""

    run: RunState | None = None
    answers: Answers | None = None
    runs: tuple[RunRow, ...] = ()
    models: tuple[ModelRow, ...] = ()
    rate: RateState | None = None
    profile: ProfileState | None = None
    inside: InsideState = field(default_factory=InsideState)
    recognition: Recognition | None = None
    second: SecondLook = field(default_factory=SecondLook)
