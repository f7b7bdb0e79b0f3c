"""What is done with the design itself: take edits back, copy it, draw it, measure it at rest."""

from __future__ import annotations

import time
from functools import partial

from textual.binding import Binding

from nn.config import RunConfig
from tui import pace, words
from tui.copying import Copy
from tui.network_picture import NetworkPicture
from tui.steering import SteeringApp

DESIGN_COMMANDS = (
    Binding("", "undo", "undo", tooltip="take back the last edit of the design"),
    Binding("", "redo", "redo", tooltip="do again what was taken back in the design"),
    Binding("", "copy_design", "copy the design", tooltip="as TOML, PyTorch code or Keras code"),
    Binding("", "picture", "picture of the network", tooltip="show its layers as blocks"),
)
"""For the command palette: the design's own keys mean something in its panel only."""


LOOK_SECONDS = 0.25
"""So often somebody looks whether the design rests."""


class DesigningApp(SteeringApp):
    """Takes back what was done to the design, shows it in other words, and measures it."""

    _looked_at: RunConfig | None = None
    _rests_since = 0.0

    @property
    def designing(self) -> bool:
        """Whether somebody is at the design now."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        match action:
            case "undo":
                return bool(self.draft.history.last)
            case "redo":
                return bool(self.draft.history.next)
            case _:
                return super().check_action(action, parameters)

    def action_undo(self) -> None:
        """Take back the last edit of the design."""
        self.tell(f"Taken back: {self.draft.undo()}.")
        self.show_design()

    def action_redo(self) -> None:
        """Do again what was taken back last."""
        self.tell(f"Done again: {self.draft.redo()}.")
        self.show_design()

    def action_copy_design(self) -> None:
        """Show what the design is in other languages, to be copied."""
        config = self.draft.config
        if config is None:
            self.tell(f"First mend the design: {words.design_problem(self.draft)}", "error")
        else:
            self.push_screen(Copy(config, None))

    def action_picture(self) -> None:
        """Show the network as blocks, as far as its layers fit."""
        self.push_screen(NetworkPicture(self.draft.plan))

    async def measure_at_rest(self) -> float:
        """While somebody designs and nobody trains: find out how long an epoch takes."""
        config, known = self.draft.config, self.session.pace
        if config is not self._looked_at:
            self._looked_at, self._rests_since = config, time.monotonic()
        is_other = config is None or known.measuring != pace.key(config)
        if known.measuring and (is_other or self.session.alive):
            self.jobs.cancel_pace()
        rests = time.monotonic() - self._rests_since >= pace.REST_SECONDS
        if config is not None and rests and self.designing and self._is_to_measure(config):
            known.measuring = pace.key(config)
            self.begin(partial(self._measure_pace, config))
        return LOOK_SECONDS

    async def measure(self, config: RunConfig) -> None:
        """Measure a design because somebody asked."""
        await self.jobs.profile(config)
        self.show_design()

    def _is_to_measure(self, config: RunConfig) -> bool:
        is_new = self.session.pace.wants(pace.key(config)) and not self.session.alive
        return is_new and pace.is_small(config, self.draft.plan)

    async def _measure_pace(self, config: RunConfig) -> None:
        self.show_design()
        await self.jobs.measure_pace(config)
        self._rests_since = time.monotonic()
        self.show_design()
