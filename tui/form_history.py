"""What was done to a form, to be taken back and done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LIMIT = 1000
"""Older edits are forgotten."""

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Edit:
    """One edit in a few words, the form before it and after it, and the field if it was typed."""

    what: str
    before: Texts
    after: Texts
    field: str = ""


class History:
    """Edits in order, of which the last ones may be taken back.

    What is typed into one field without another edit in between is one edit. Whoever edits after
    taking something back does so for good: what was taken back is forgotten.
    """

    def __init__(self) -> None:
        self._done: list[Edit] = []
        self._undone: list[Edit] = []

    def note(self, edit: Edit) -> None:
        """Something was done; an edit that changed nothing is none."""
        last = self._done[-1] if self._done and not self._undone else None
        self._undone.clear()
        if edit.field and last is not None and last.field == edit.field:
            edit = Edit(edit.what, last.before, edit.after, edit.field)
            self._done.pop()
        if edit.before != edit.after:
            self._done.append(edit)
            del self._done[:-LIMIT]

    @property
    def last(self) -> str:
        """What `undo` would take back; empty if there is nothing."""
        return self._done[-1].what if self._done else ""

    @property
    def next(self) -> str:
        """What `redo` would do again; empty if there is nothing."""
        return self._undone[-1].what if self._undone else ""

    def undo(self) -> Edit | None:
        """Take the last edit back."""
        return _move(self._done, self._undone)

    def redo(self) -> Edit | None:
        """Do the edit again that was taken back last."""
        return _move(self._undone, self._done)


def _move(source: list[Edit], to: list[Edit]) -> Edit | None:
    if not source:
        return None
    to.append(source.pop())
    return to[-1]
