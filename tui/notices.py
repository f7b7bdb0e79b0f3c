"""What people are told about a run as it happens: one clear sentence an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from nn.runs import messages as m
from tui.render import formats


@dataclass(frozen=True)
class Notice:
    """A sentence for people; the severities are those of Textual's notifications."""

    text: str
    severity: Literal["information", "warning", "error"] = "information"


def notice_of(event: m.Event) -> Notice | None:
    """What to tell about an event, if anything."""
    match event:
        case m.Started(step=step) if step > 0:
            return Notice(f"Training continues from step {step:,}.")
        case m.Changed():
            return Notice(
                f"{_field_name(event.field)} is {_show(event.value)} "
                f"from step {event.step + 1:,} on."
            )
        case m.Acknowledged(error=str(error)):
            return Notice(_sentence(error), "warning")
        case m.Saved():
            accuracy = formats.percent(event.test_accuracy)
            return Notice(f"Saved as {event.name!r} ({accuracy} on the test set).")
        case m.Finished():
            accuracy = formats.percent(event.test_accuracy)
            why = f", {event.early}" if event.early else ""
            return Notice(
                f"Finished{why}: {accuracy} on the test set, in epoch {event.best_epoch}. "
                "4 shows the mistakes, 5 the runs."
            )
        case m.Stopped(step=step):
            return Notice(f"Stopped at step {step:,}; r goes on from there.")
        case m.Failed():
            return Notice(_sentence(event.message), "error")
        case _:
            return None


def _field_name(path: str) -> str:
    """What people call a field: its path without the group, in words."""
    return path.partition(".")[2].replace(".", " ").replace("_", " ") or path


def _show(value: JsonValue) -> str:
    match value:
        case None:
            return "empty"
        case {"kind": str(kind)}:
            return kind
        case list():
            return ", ".join(map(_show, value))
        case _:
            return str(value)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
