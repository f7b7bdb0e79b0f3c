"""Steers a run: start, pause, step, stop, resume, save, load."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from nn.checkpoint import MODEL_SUFFIX
from nn.config import RunConfig
from nn.processors import processors
from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from tui import words
from tui.comparison import compared
from tui.dialogs import Choice, Choose, LoadModel, SaveAs
from tui.form import Draft
from tui.jobs import Jobs
from tui.session import Session, Waiting
from tui.state import Phase, RunState
from tui.sturdy import SturdyApp
from tui.threads import in_thread

RESUMABLE = (Phase.LOST, Phase.STOPPED, Phase.FAILED)


class SteeringApp(SturdyApp):
    """What keys do to the run that is looked at, and to the models; nothing of it is drawn here."""

    def __init__(self, library: Library, config: RunConfig, *, ascii: bool) -> None:
        super().__init__(library.path / "cnn-tui.log", ascii=ascii)
        self.library = library
        self.session = Session()
        self.draft = Draft(config)
        self.jobs = Jobs(library, self.session)
        self._followed: RunState | None = None
        self._known = config

    def paint(self) -> None:
        """Show the newest state."""
        raise NotImplementedError

    def show_design(self) -> None:
        """Show the draft as it is now."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        run, alive = self.session.run, self.session.alive
        paused = run is not None and run.phase is Phase.PAUSED
        match action:
            case "start":
                return not alive
            case "pause":
                return alive and not paused
            case "go_on":
                return alive and paused
            case "stop" | "evaluate":
                return alive
            case "revive":
                return not alive and run is not None and self._can_go_on(run)
            case _:
                return True

    def action_start(self) -> None:
        """Start a run of the design."""
        self._start_or_ask(step_only=False)

    def action_pause(self) -> None:
        """Let the run wait."""
        self.command(m.Pause(), "pausing…")

    def action_go_on(self) -> None:
        """Let the paused run go on."""
        self.command(m.Resume(), "going on…")

    def action_start_or_pause(self) -> None:
        """What the first button does: what space does."""
        for name in ("start", "pause", "go_on"):
            if self.check_action(name, ()):
                getattr(self, f"action_{name}")()
                return

    def action_step(self) -> None:
        """Take one step; without a run, the first one of a new run."""
        if self.session.alive:
            self.command(m.Step(), "stepping…")
        else:
            self._start_or_ask(step_only=True)

    def action_stop(self) -> None:
        """End the run, after a question."""
        if self.session.folder is not None:
            self.ask_to_stop(self.session.folder)

    def action_revive(self) -> None:
        """Resume a run that ended, with what was changed of its live fields since."""
        run = self.session.run
        changes = {} if run is None else words.changes_for(self.draft, run)
        self.session.launch("resuming…")
        self.begin(partial(self.jobs.revive, changes))

    def action_evaluate(self) -> None:
        """Test the network as it is now."""
        self.command(m.Evaluate(), "evaluating…")

    def action_augment(self) -> None:
        """Set the fields of augmentation as suits the dataset, or to 0 where they say something."""
        config = self.draft.config
        if config is None:
            self.tell(f"First mend the design: {words.design_problem(self.draft)}", "error")
            return
        word = "suggested" if config.training.augmentation.is_off else "off"
        self.draft.use(config.changed({"training.augmentation": word}), f"augmentation {word}")
        self.show_design()
        self.tell(
            "Augmentation as suits the dataset." if word == "suggested" else "No augmentation."
        )

    def action_save(self) -> None:
        """Save the model under a name."""
        self.begin(self._save)

    def action_load(self) -> None:
        """Load a saved model."""
        self.begin(self._load)

    def _start_or_ask(self, *, step_only: bool) -> None:
        """Start a new run, unless the run that ended could go on: then ask."""
        config, run = self.draft.config, self.session.run
        if config is None:
            self.tell(f"Cannot start: {words.design_problem(self.draft)}", "error")
            return
        fits = run is not None and not self.draft.needs_new_run(run.config)
        if run is None or not self.check_action("revive", ()) or not fits:
            self._start_or_ask_to_replace(config, step_only)
            return

        def decide(choice: str | None) -> None:
            if choice == "resume":
                self.action_revive()
            elif choice == "start":
                self._start_or_ask_to_replace(config, step_only)

        edited = ", as edited" if self.draft.differing(run.config) else ""
        choices = [
            Choice("resume", f"resume it from step {run.checkpoint_step:,}{edited}", "r"),
            Choice("start", "start a new run of this design", "n"),
        ]
        self.push_screen(Choose(f"Run {run.run_id} is {run.phase}", "", choices), decide)

    def _can_go_on(self, run: RunState) -> bool:
        """Whether a run that ended has something left to do: a finished one if it was edited."""
        if run.is_gone:
            return False
        more = run.phase is Phase.FINISHED and bool(words.changes_for(self.draft, run))
        return run.phase in RESUMABLE or more

    def _start_or_ask_to_replace(self, config: RunConfig, step_only: bool) -> None:
        """Start a new run, unless its model would take the place of another one: then ask."""
        name = (config.save_as or "").removesuffix(MODEL_SUFFIX)
        if name not in {path.stem for path in self.library.models()}:
            self._start(config, step_only)
            return

        def decide(choice: str | None) -> None:
            if choice == "replace":
                self._start(config, step_only)

        choices = [
            Choice("replace", "start; the run's model takes its place at the end", "y"),
            Choice("", "do not start; save as names another one", "n"),
        ]
        self.push_screen(Choose(f"Model {name} exists already", "", choices), decide)

    def _start(self, config: RunConfig, step_only: bool) -> None:
        if config.training.threads is None:
            # A run names its threads, so that it can be repeated: the design must say the same.
            self.draft.set("training.threads", str(processors()))
            config = self.draft.config or config
        self.session.launch("starting…")
        self.begin(partial(self.jobs.start, config, step_only=step_only))

    def ask_to_stop(self, folder: RunFolder) -> None:
        """Stop a run if that is what is meant."""

        def decide(choice: str | None) -> None:
            if choice == "stop" and folder is self.session.folder:
                self.command(m.Stop(), "stopping…")
            elif choice == "stop":
                self.begin(partial(self._stop_other, folder))

        choices = [
            Choice("stop", "stop it, with a checkpoint to resume from", "y"),
            Choice("", "let it train", "n"),
        ]
        self.push_screen(Choose(f"Stop run {folder.id}?", "", choices), decide)

    def ask_to_remove(self, folder: RunFolder) -> None:
        """Remove a run if that is what is meant."""

        def decide(choice: str | None) -> None:
            if choice == "remove":
                self.begin(partial(self._remove, folder))

        choices = [
            Choice("remove", "remove it, with its history and checkpoint", "y"),
            Choice("", "keep it", "n"),
        ]
        self.push_screen(Choose(f"Remove run {folder.id}?", "Saved models stay.", choices), decide)

    async def _stop_other(self, folder: RunFolder) -> None:
        await self.jobs.send(m.Stop(), folder)
        self.tell(f"Run {folder.id} was asked to stop.")

    async def _remove(self, folder: RunFolder) -> None:
        await self.jobs.remove(folder)
        self.tell(f"Run {folder.id} is removed.")

    def command(self, command: m.Command, word: str) -> None:
        """Tell the trainer something; the header says so until it has answered."""
        if self.session.launching or not self.session.alive:
            return
        self.session.waiting = Waiting(word, command.id)
        self.begin(partial(self.jobs.send, command))

    def follow_changes(self) -> None:
        """What has changed in a run while it trained is changed in the design, too, unless somebody
        has edited that there."""
        run = self.session.run
        if run is None:
            return
        if run is not self._followed:
            self._followed, self._known = run, run.first_config
        if run.config is not self._known:
            self.draft.follow(self._known, run.config)
            self._known = run.config

    async def open_run(self, folder: RunFolder) -> None:
        """Follow a run; its configuration becomes the draft."""
        self.draft.use(await self.jobs.open(folder), f"the design of run {folder.id}")
        self.show_design()

    async def clone_run(self, folder: RunFolder) -> None:
        """Design a new run like one that there is, as it was configured in the end.

        The name of its model stays its own.
        """
        config = (await in_thread(lambda: compared(folder))).config
        config = config.model_copy(update={"save_as": None})
        self.draft.use(config, f"the design of run {folder.id}")
        self.show_design()
        self.tell(f"The form holds the configuration of run {folder.id}: space starts a new run.")

    async def _save(self) -> None:
        session, run = self.session, self.session.run
        living = session.alive and run is not None
        source = None
        if session.model is not None:
            source, what = session.model.path, f"model {session.model.path.stem}"
        elif session.folder is not None and session.folder.best_file.exists():
            source, what = session.folder.best_file, f"the best network of run {session.folder.id}"
        if living and run is not None:
            what = f"the network of run {run.run_id} as it is now"
        elif source is None:
            self.tell("Nothing to save yet: space trains a network first.", "warning")
            return
        suggestion = words.model_name(self.draft, run)
        name = await self.push_screen_wait(SaveAs(self.library, suggestion, what))
        if name is None:
            return
        if living and session.alive:
            self.command(m.Save(name=name), f"saving {name}…")
        elif source is not None:
            await self.jobs.save_copy(source, name)
            self.tell(f"Saved as {name!r}.")

    async def _load(self) -> None:
        model = await self.push_screen_wait(LoadModel(self.library))
        if model is not None:
            self.draft.use(model.card.config, f"the design of model {model.path.stem}")
            self.show_design()
            await self.jobs.answer(model)
            answers, is_shown = self.session.answers, self.session.model is model
            if answers is not None and is_shown:
                self.tell(words.model_tested(model, answers))

    def begin(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work beside the screen; that it has begun is shown at once."""
        self.attempt(work)
        self.paint()
