"""What keys and the palette do with the design itself: take an edit back, do it again."""

from __future__ import annotations

from textual.binding import Binding

from tui.steering import SteeringApp

DESIGN_COMMANDS = (
    Binding("", "undo", "undo", tooltip="take back the last edit of the design"),
    Binding("", "redo", "redo", tooltip="do again what was taken back in the design"),
)
"""For the command palette: the design's own keys mean something in its panel only."""


class DesigningApp(SteeringApp):
    """Takes back what was done to the design."""

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
