"""Looks again at mistakes, in a process beside the dashboard: one look at a time."""

from __future__ import annotations

from nn.runs.folder import Library
from nn.runs.second_look_process import SecondLookProcess
from nn.runs.side_process import WorkError
from nn.schema import InputError
from tui.second_look import Place
from tui.session import Session
from tui.threads import in_thread


class SecondLooker:
    """Finds out what the session's second look wants to know."""

    def __init__(self, library: Library, session: Session) -> None:
        self._library = library
        self._session = session
        self._process: SecondLookProcess | None = None
        self._busy = False

    async def look(self) -> None:
        """Go on until nothing is wanted any more; whoever is at it already does that."""
        if self._busy:
            process = self._process
            if process is not None and self._session.second.is_elsewhere:
                await in_thread(process.end)
            return
        self._busy = True
        try:
            while await self._look_once():
                continue
        finally:
            self._busy = False

    async def _look_once(self) -> bool:
        """One process; whether there was anything to do."""
        session, answers = self._session, self._session.answers
        look, place = session.second, await in_thread(self._place)
        if place is None or answers is None:
            return False
        look.turn_to(place)
        wanted = look.next()
        if wanted is None:
            return False

        def take_in() -> None:
            with SecondLookProcess(wanted) as process:
                self._process = process
                for event in process.events():
                    look.apply(event, answers.labels, answers.class_names)

        try:
            await in_thread(take_in)
        except (InputError, WorkError) as error:
            look.fail(str(error))
        finally:
            self._process = None
        return True

    def _place(self) -> Place | None:
        """The data of whoever gave the answers, and all other models."""
        model, run = self._session.model, self._session.run
        if model is not None:
            config = model.card.config
        elif run is not None:
            config = run.config
        else:
            return None
        others = [path for path in self._library.models() if model is None or path != model.path]
        versions = tuple((path, path.stat().st_mtime_ns) for path in others)
        return Place(config.data.dataset, config.data.limit, versions)
