"""Shows people around, says why a key means nothing now, and lets nobody lose a design."""

from __future__ import annotations

from nn.config import RunConfig
from nn.runs.folder import Library
from tui import words
from tui.dialogs import Choice, Choose
from tui.steering import SteeringApp
from tui.tour import Tour


class GuidingApp(SteeringApp):
    """Explains, and asks before anything is lost."""

    def __init__(self, library: Library, config: RunConfig, *, ascii: bool) -> None:
        super().__init__(library, config, ascii=ascii)
        self._first_config = self.draft.config
        self._asks_to_quit = False

    def action_tour(self) -> None:
        """Show around."""
        self.push_screen(Tour())

    def action_why(self, name: str) -> None:
        """Say why a key means nothing now."""
        self.tell(words.why_not(name, self.session), "warning")

    async def action_quit(self) -> None:
        """Leave; the trainer is a process of its own. An edited design is asked about, once."""
        if self._asks_to_quit or not words.is_unsaved(self.draft, self.session, self._first_config):
            self._quit("leave")
            return
        self._asks_to_quit = True
        choices = [Choice("leave", "leave without it", "y"), Choice("", "stay", "n")]
        question = "The design was edited since: no run and no model has it."
        self.push_screen(Choose("Leave cnn-tui?", question, choices), self._quit)

    def _quit(self, choice: str | None) -> None:
        self._asks_to_quit = False
        if choice == "leave":
            run = self.session.run
            going = run is not None and self.session.alive
            self.exit(words.farewell(run.run_id) if run is not None and going else None)
