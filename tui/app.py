"""The dashboard: wires keys, panels and dialogs to the session and its jobs."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Iterable
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from nn import presets
from nn.config import RunConfig, is_live, preset
from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from tui import words
from tui.body import DESIGN, Body
from tui.dialogs import Choice, Choose, Help, LoadModel, SaveAs
from tui.form import Draft
from tui.form_rows import FieldRow
from tui.jobs import Jobs
from tui.keys import KeyLine
from tui.panels.confusion import ConfusionPanel
from tui.panels.header import Header
from tui.panels.mistakes import MistakesPanel
from tui.panels.network import NetworkPanel
from tui.panels.runs import RunsPanel
from tui.session import Session, Waiting
from tui.state import Phase
from tui.sturdy import SturdyApp

READ_SECONDS = 0.02
"""How long reading a journal may keep a key waiting."""

READ_INTERVAL, PAINT_INTERVAL, LOOK_INTERVAL, LIST_INTERVAL = 0.05, 0.25, 0.7, 2.0

RESUMABLE = (Phase.LOST, Phase.STOPPED, Phase.FAILED)


class Dashboard(SturdyApp):
    """Design, train, watch and inspect; returns a sentence about what goes on without it."""

    CSS_PATH = "dashboard.tcss"
    TITLE = "cnn-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "start", "start", tooltip="start a run"),
        Binding("space", "pause", "pause", tooltip="pause it"),
        Binding("space", "go_on", "go on", tooltip="let it go on"),
        Binding("s", "step", "step", tooltip="take one step, then wait"),
        Binding("x", "stop", "stop", tooltip="end the run, with a checkpoint"),
        Binding("r", "revive", "resume", tooltip="resume a run that ended, from its checkpoint"),
        Binding("e", "edit", "edit", tooltip="edit the network"),
        Binding("ctrl+s", "save", "save", tooltip="save the model under a name"),
        Binding("ctrl+o", "load", "load", tooltip="load a saved model"),
        *(
            Binding(str(number), f"turn_to('{name}')", name.title(), show=False)
            for number, name in enumerate((DESIGN, *Body.VIEWS))
        ),
        Binding("question_mark", "help", "help", key_display="?", tooltip="explain keys and view"),
        Binding("q", "quit", "quit", tooltip="leave; training goes on"),
    ]

    def __init__(
        self,
        library: Library,
        run: RunFolder | None = None,
        config: RunConfig | None = None,
        *,
        ascii: bool = False,
    ) -> None:
        super().__init__(library.path / "cnn-tui.log")
        if "TEXTUAL_ANIMATIONS" not in os.environ:
            self.animation_level = "none"
        self.library = library
        self.session = Session()
        self.draft = Draft(config or preset(presets.DEFAULT))
        self._jobs = Jobs(library, self.session)
        self._first_run = run
        self._header = Header(ascii=ascii)
        self._alarm = Static(id="alarm", markup=False)
        self._body = Body(self.draft, ascii=ascii)
        self._keys: tuple[object, ...] = ()
        self.set_class(ascii, "-ascii")

    def compose(self) -> ComposeResult:
        """A line at the top, what needs attention, the panels, and the keys."""
        yield self._header
        yield self._alarm
        yield self._body
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to look."""
        self._start_work(self._greet() if self._first_run is None else self._open(self._first_run))
        for work in (self._read, self._answer, self._look, self._list):
            self.repeat(work)
        self.set_interval(PAINT_INTERVAL, self._paint)
        self._paint()
        self._body.enter()

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
                return not alive and run is not None and run.phase in RESUMABLE
            case _:
                return True

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: the action of every key, and one that has none."""
        yield from super().get_system_commands(screen)
        evaluate = Binding("", "evaluate", "evaluate", tooltip="test the network as it is now")
        for binding in (*self.BINDINGS, evaluate):
            assert isinstance(binding, Binding), "all bindings are spelled out"
            name = binding.action.partition("(")[0]
            if name != "quit" and self.check_action(name, ()):
                meaning = binding.tooltip or "show this view"
                run = partial(self.run_action, binding.action)
                yield SystemCommand(binding.description.capitalize(), meaning, run)

    def action_start(self) -> None:
        """Start a run of the design."""
        self._start_or_ask(step_only=False)

    def action_pause(self) -> None:
        """Let the run wait."""
        self._command(m.Pause(), "pausing…")

    def action_go_on(self) -> None:
        """Let the paused run go on."""
        self._command(m.Resume(), "going on…")

    def action_toggle(self) -> None:
        """What the first button does: what space does."""
        for name in ("start", "pause", "go_on"):
            if self.check_action(name, ()):
                getattr(self, f"action_{name}")()
                return

    def action_step(self) -> None:
        """Take one step; without a run, the first one of a new run."""
        if self.session.alive:
            self._command(m.Step(), "stepping…")
        else:
            self._start_or_ask(step_only=True)

    def action_stop(self) -> None:
        """End the run, after a question."""
        if self.session.folder is not None:
            self._ask_to_stop(self.session.folder)

    def action_revive(self) -> None:
        """Resume a run that ended."""
        self.session.launch("resuming…")
        self._start_work(self._jobs.revive())

    def action_evaluate(self) -> None:
        """Test the network as it is now."""
        self._command(m.Evaluate(), "evaluating…")

    def action_edit(self) -> None:
        """Go to the list of layers."""
        self._body.turn_to(DESIGN)

    def action_back(self) -> None:
        """From a field back to the view."""
        self._body.enter()

    def action_turn_to(self, name: str) -> None:
        """Show a view."""
        self._body.turn_to(name)

    def action_save(self) -> None:
        """Save the model under a name."""
        self._start_work(self._save())

    def action_load(self) -> None:
        """Load a saved model."""
        self._start_work(self._load())

    def action_help(self) -> None:
        """Explain the keys and the visible view."""
        panel = self._body.panel
        keys = [*words.key_table(panel.BINDINGS), *words.key_table(self.BINDINGS)]
        self.push_screen(Help(keys, panel.help_text))

    async def action_quit(self) -> None:
        """Leave at once; the trainer is a process of its own."""
        run = self.session.run
        self.exit(words.farewell(run.run_id) if run is not None and self.session.alive else None)

    def _start_or_ask(self, *, step_only: bool) -> None:
        """Start a new run, unless the run that ended could go on: then ask."""
        config, run = self.draft.config, self.session.run
        if config is None:
            self.tell(f"Cannot start: {words.design_problem(self.draft)}", "error")
            return
        unchanged = run is not None and not self.draft.differing(run.config)
        if run is None or not self.check_action("revive", ()) or not unchanged:
            self._start(config, step_only)
            return

        def decide(choice: str | None) -> None:
            if choice == "resume":
                self.action_revive()
            elif choice == "start":
                self._start(config, step_only)

        choices = [
            Choice("resume", f"resume it from step {run.checkpoint_step:,}", "r"),
            Choice("start", "start a new run of the same design", "n"),
        ]
        self.push_screen(Choose(f"Run {run.run_id} is {run.phase}", "", choices), decide)

    def _start(self, config: RunConfig, step_only: bool) -> None:
        self.session.launch("starting…")
        self._start_work(self._jobs.start(config, step_only=step_only))

    def _ask_to_stop(self, folder: RunFolder) -> None:
        def decide(choice: str | None) -> None:
            if choice == "stop" and folder is self.session.folder:
                self._command(m.Stop(), "stopping…")
            elif choice == "stop":
                self._start_work(self._jobs.send(m.Stop(), folder))

        choices = [
            Choice("stop", "stop it, with a checkpoint to resume from", "y"),
            Choice("", "let it train", "n"),
        ]
        self.push_screen(Choose(f"Stop run {folder.id}?", "", choices), decide)

    def _command(self, command: m.Command, word: str) -> None:
        """Tell the trainer something; the header says so until it has answered."""
        if self.session.launching or not self.session.alive:
            return
        self.session.waiting = Waiting(word, command.id)
        self._start_work(self._jobs.send(command))

    async def _greet(self) -> None:
        living = await self._jobs.living_runs()
        if living and self.session.run is None:
            self.tell(f"Run {living[0]} is training: 5 lists the runs, enter opens one.")

    async def _open(self, folder: RunFolder) -> None:
        self.draft.use(await self._jobs.open(folder))
        self._show_design()

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
            self._command(m.Save(name=name), f"saving {name}…")
        elif source is not None:
            await self._jobs.save_copy(source, name)
            self.tell(f"Saved as {name!r}.")

    async def _load(self) -> None:
        model = await self.push_screen_wait(LoadModel(self.library))
        if model is not None:
            self.draft.use(model.card.config)
            self._show_design()
            await self._jobs.answer(model)

    async def _read(self) -> float:
        return 0.001 if self.session.read(READ_SECONDS) else READ_INTERVAL

    async def _answer(self) -> float:
        await self._jobs.read_answers()
        return PAINT_INTERVAL

    async def _look(self) -> float:
        await self._jobs.look_for_trainer()
        return LOOK_INTERVAL

    async def _list(self) -> float:
        if self._body.active == "runs":
            await self._jobs.list_library()
        return LIST_INTERVAL

    def _start_work(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work beside the screen; that it has begun is shown at once."""
        self.attempt(work)
        self._paint()

    def _paint(self) -> None:
        """Show the newest state; this often and no oftener, however fast training is."""
        session, run = self.session, self.session.run
        for notice in session.take_notices():
            self.tell(notice.text, notice.severity)
        idle = "no run yet" if session.model is None else f"model {session.model.path.stem}"
        self._header.show(run, words.data_line(self.draft, run), idle, session.word)
        keys = (run, run and run.phase, run and run.config, session.alive, self._body.is_narrow)
        if keys != self._keys:
            self._keys = keys
            self._show_alarm()
            self._show_design()
            self.refresh_bindings()
        self._body.show(session.view)

    def _show_alarm(self) -> None:
        text = words.alarm(self.session.run, launching=self.session.launching)
        self._alarm.update(text)
        self._alarm.display = bool(text)

    def _show_design(self) -> None:
        run = self.session.run
        running = run.config if run is not None and self.session.alive else None
        note, label = words.design_note(self.draft, self.session), words.start_label(self.session)
        self._body.network.show(running)
        self._body.training.show(running, note, label, can_start=not self.draft.errors)

    @on(FieldRow.Edited)
    def _edit_field(self, event: FieldRow.Edited) -> None:
        self.draft.set(event.path, event.text)
        self._show_design()

    @on(FieldRow.Applied)
    def _apply_field(self, event: FieldRow.Applied) -> None:
        """Enter in a field that may change while a run trains changes it there."""
        run = self.session.run
        if run is None or not self.session.alive:
            return
        field = ".".join(event.path.split(".")[:2])
        changes = self.draft.live_changes(run.config)
        if field in changes:
            self._command(m.Set(field=field, value=changes[field]), "changing…")

    @on(NetworkPanel.Edited)
    def _network_edited(self) -> None:
        self._show_design()

    @on(NetworkPanel.PresetChosen)
    def _use_preset(self, event: NetworkPanel.PresetChosen) -> None:
        """A preset brings its network and its training; the data stay."""
        chosen, mine = preset(event.name), self.draft.config
        data = chosen.data if mine is None else mine.data
        self.draft.use(chosen.model_copy(update={"data": data}))
        self._show_design()

    @on(Body.Turned)
    def _turned(self) -> None:
        self._body.show(self.session.view)

    @on(ConfusionPanel.CellChosen)
    def _show_cell(self, event: ConfusionPanel.CellChosen) -> None:
        self._body.mistakes.filter(event.true, event.predicted)
        self._body.turn_to("mistakes")

    @on(RunsPanel.RunChosen)
    def _open_run(self, event: RunsPanel.RunChosen) -> None:
        self._start_work(self._open(self._folder(event.run_id)))
        self._body.turn_to("curves")

    @on(RunsPanel.ResumeAsked)
    def _resume_run(self, event: RunsPanel.ResumeAsked) -> None:
        async def resume() -> None:
            await self._open(self._folder(event.run_id))
            self.session.launch("resuming…")
            await self._jobs.revive()

        self._start_work(resume())

    @on(RunsPanel.StopAsked)
    def _stop_run(self, event: RunsPanel.StopAsked) -> None:
        mine = self.session.folder
        is_mine = mine is not None and mine.id == event.run_id
        self._ask_to_stop(mine if mine and is_mine else self._folder(event.run_id))

    def _folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.library.runs_path / run_id)
