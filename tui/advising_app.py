"""What the dashboard does with advice: it looks for it now and then, shows it and follows it."""

from __future__ import annotations

from functools import partial

from nn.runs import messages as m
from nn.runs.advice import Try, advise
from nn.schema import InputError
from tui import advising, words
from tui.advice_dialog import AdviceDialog
from tui.steering import SteeringApp
from tui.threads import in_thread

ADVICE_INTERVAL = 2.0
"""Seconds from one look at a run's figures to the next."""


class AdvisingApp(SteeringApp):
    """Looks at the figures of the run that is followed, beside the screen."""

    _advised: tuple[object, ...] = ()

    def action_advice(self) -> None:
        """Show what there is to remark about the run."""
        self.push_screen(AdviceDialog(lambda: self.session.advice), self._follow_advice)

    async def advise(self) -> float:
        """Find out what there is to say about the run, if it has moved on."""
        session, run = self.session, self.session.run
        answers = session.answers if session.model is None else None
        known = (run, run and run.version, answers)
        if run is not None and known != self._advised:
            names = () if answers is None else answers.class_names
            evaluation = None if answers is None else answers.evaluation
            facts = advising.facts(run, evaluation, names)
            found = await in_thread(partial(advise, facts))
            if session.run is run:
                session.advice = found
                self._advised = known
        return ADVICE_INTERVAL

    def _follow_advice(self, tried: Try | None) -> None:
        """Change the design so, and the run that trains too where it can be changed."""
        run, config = self.session.run, self.draft.config
        if tried is None or run is None:
            return
        if config is None:
            self.tell(f"First mend the design: {words.design_problem(self.draft)}", "error")
            return
        try:
            changes = advising.resolved(tried, config)
            self.draft.use(config.changed(changes))
        except InputError as error:
            self.tell(str(error), "error")
            return
        self.show_design()
        if self.session.alive and tried.live:
            for field, value in changes.items():
                self.command(m.Set(field=field, value=value), "changing…")
        else:
            then = words.design_note(self.draft, self.session) or "space starts a run so"
            self.tell(f"The form has it now: {tried.words}. {then.capitalize()}.")
