"""The dashboard: wires keys, panels and dialogs to the session and its jobs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from nn import presets
from nn.config import DataConfig, RunConfig, preset
from nn.runs import messages as m
from nn.runs.folder import Library, RunFolder
from tui import every_command, garbage, pace, words
from tui.advising_app import AdvisingApp
from tui.body import DESIGN, NARROW, TABS, VIEWS, Body
from tui.compare import Compare, Wanted
from tui.copying import Copy
from tui.dashboard_screen import DashboardScreen
from tui.designing_app import DESIGN_COMMANDS, DesigningApp
from tui.dialogs import Help, Number
from tui.drawing_app import DrawingApp
from tui.every_command import Command
from tui.form_rows import FieldRow
from tui.guiding_app import GuidingApp
from tui.keys import KeyLine
from tui.mistakes_app import MistakesApp
from tui.panels.classes import ClassesPanel
from tui.panels.confusion import ConfusionPanel
from tui.panels.draw import DrawPanel
from tui.panels.header import Header
from tui.panels.inside import InsidePanel
from tui.panels.mistakes import MistakesPanel
from tui.panels.network import NetworkPanel
from tui.panels.profile import ProfilePanel
from tui.panels.rate import RatePanel
from tui.panels.runs import RunsPanel
from tui.panels.training import TrainingPanel
from tui.remembered import Memory, Settings
from tui.state import Phase

READ_SECONDS = 0.02
"""How long reading a journal may keep a key waiting."""

READ_INTERVAL, PAINT_INTERVAL, LOOK_INTERVAL, LIST_INTERVAL = 0.05, 0.25, 0.7, 2.0

DRAW_INTERVAL = 1.0
"""Curves and figures that only go on are drawn this often: most bytes are theirs."""

SLOW_PAINT_INTERVAL, SLOW_DRAW_INTERVAL = 2.0, 5.0
"""Over a slow line the newest state can wait; keys are answered at once all the same."""

SETTLE_SECONDS = 1.5
"""After about so long all widgets are there."""


class Dashboard(GuidingApp, DesigningApp, DrawingApp, MistakesApp, AdvisingApp):
    """Design, train, watch and inspect; returns a sentence about what goes on without it.

    Each base does one kind of thing with what is asked, and knows nothing of the others.
    """

    CSS_PATH = "dashboard.tcss"
    TITLE = "cnn-tui"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "start", "start", tooltip="start a run"),
        Binding("space", "pause", "pause", tooltip="pause it"),
        Binding("space", "go_on", "go on", tooltip="let it go on"),
        Binding("s", "step", "step", tooltip="take one step, then wait"),
        Binding("x", "stop", "stop", tooltip="end the run, with a checkpoint"),
        Binding("r", "revive", "resume", tooltip="resume a run that ended, from its checkpoint"),
        Binding("x", "why('stop')", "", show=False),
        Binding("r", "why('revive')", "", show=False),
        Binding("e", "edit", "edit", tooltip="edit the network"),
        Binding("ctrl+s", "save", "save", tooltip="save the model under a name"),
        Binding("ctrl+o", "load", "load", tooltip="load a saved model"),
        Binding(
            "exclamation_mark", "advice", "advice", key_display="!", tooltip="remarks on the run"
        ),
        Binding("z", "widen", "wide", tooltip="fold the design away, or show it", show=False),
        Binding("y", "copy", "copy", tooltip="copy a run's id, path or configuration", show=False),
        *(
            Binding(digit, f"turn_to('{name}')", name.title(), show=False)
            for digit, name in zip("0123456789", ("network", *VIEWS), strict=False)
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
        slow: bool = False,
        memory: Memory | None = None,
    ) -> None:
        super().__init__(library, config or preset(presets.DEFAULT), ascii=ascii)
        if "TEXTUAL_ANIMATIONS" not in os.environ:
            self.animation_level = "none"
        self._first_run = run
        self._ascii = ascii
        self._paint_interval = SLOW_PAINT_INTERVAL if slow else PAINT_INTERVAL
        self._draw_interval = SLOW_DRAW_INTERVAL if slow else DRAW_INTERVAL
        self._header = Header(ascii=ascii)
        self._alarm = Static(id="alarm", markup=False)
        self._memory = memory
        settings = Settings() if memory is None else memory.settings
        if settings.theme in self.available_themes and "TEXTUAL_THEME" not in os.environ:
            self.theme = settings.theme
        self._body = Body(self.draft, ascii=ascii, settings=settings)
        self._keys: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self._drawn_at = 0.0
        self._listed: tuple[object, ...] = ()
        self.set_class(ascii, "-ascii")

    def get_default_screen(self) -> Screen[object]:
        """The one that the panels are on."""
        return DashboardScreen("_default")

    def compose(self) -> ComposeResult:
        """A line at the top, what needs attention, the panels, and the keys."""
        yield self._header
        yield self._alarm
        yield self._body
        yield KeyLine(ascii=self._ascii)

    def on_mount(self) -> None:
        """Begin to look."""
        run = self._first_run
        self.begin(self._greet if run is None else partial(self.open_run, run))
        works = (
            self._read,
            self._answer,
            self._look,
            self._list,
            self._look_inside,
            self._recognise,
            self.measure_at_rest,
            self.advise,
        )
        for work in works:
            self.repeat(work)
        self.set_interval(self._paint_interval, self.paint)
        self.set_timer(SETTLE_SECONDS, garbage.settle)
        self.set_interval(PAINT_INTERVAL, lambda: garbage.tidy(has_time=not self.is_in_use))
        self.paint()
        self._body.enter()
        if self._memory is not None:
            self._welcome(self._memory)

    def _welcome(self, memory: Memory) -> None:
        """Whoever comes for the first time is shown around, once."""
        if memory.is_first:
            memory.keep(self.settings)
            if not memory.problem:
                self.action_tour()
        theme = memory.settings.theme
        if theme and theme not in self.available_themes:
            self.tell(f"{memory.file}: theme {theme!r} is not known; ctrl+p has others.", "warning")
        if memory.problem:
            self.tell(memory.problem, "warning")
            memory.was_told = True

    @property
    def settings(self) -> Settings:
        """What there is to remember."""
        return self._body.settings.model_copy(update={"theme": self.theme})

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: the action of every key, and some that have none.

        What means nothing now says why. Of the views that are not visible only what is searched
        for is shown.
        """
        yield from super().get_system_commands(screen)
        keyless = (
            Binding("", "evaluate", "evaluate", tooltip="test the network as it is now"),
            Binding(
                "",
                "augment",
                "augment, or not",
                tooltip="change training images at random, as suits the dataset; again: off",
            ),
            Binding("", "tour", "tour", tooltip="four short screens about what there is"),
        )
        for binding in (*self.BINDINGS, *keyless, *DESIGN_COMMANDS):
            assert isinstance(binding, Binding), "all bindings are spelled out"
            name = binding.action.partition("(")[0]
            if name in ("quit", "why"):
                continue  # Textual's own palette has the one; nobody wants to be refused
            if self.check_action(name, ()):
                meaning = every_command.sentence(binding, str(binding.tooltip or "show this view"))
                run = partial(self.run_action, binding.action)
                yield SystemCommand(binding.description.capitalize(), meaning, run)
            elif why := words.why_not(name, self.session):
                tell = partial(self.tell, why, "warning")
                yield SystemCommand(binding.description.capitalize(), f"not now: {why}", tell)
        for tab, panel in self._body.panels:
            yield from every_command.as_system_commands(
                every_command.commands_of(TABS[tab][1], panel),
                partial(self._run_in, tab),
                discover=panel is self._body.panel,
            )

    async def _run_in(self, tab: str, command: Command) -> None:
        """Do what a key does in a panel, there."""
        self._body.turn_to(tab)
        if not await self.run_action(command.binding.action, command.widget):
            self.tell(f"There is nothing to do that with now: {command.binding.description}.")

    def action_edit(self) -> None:
        """Go to the list of layers."""
        self._body.turn_to(DESIGN)

    def action_edit_training(self) -> None:
        """Go to the fields of training."""
        self._body.turn_to(DESIGN)
        self._body.training.edit()

    def action_leave_fields(self) -> None:
        """From a field back to the view."""
        self._body.enter()

    def action_turn_to(self, name: str) -> None:
        """Show a view, or the network."""
        self._body.turn_to(name if name in VIEWS else DESIGN)

    def action_help(self) -> None:
        """Explain the keys and the visible view."""
        panel = self._body.panel_in_use
        own = panel.help_keys if isinstance(panel, NetworkPanel) else panel.BINDINGS
        keys = words.key_table(own)
        taken = dict(keys)
        keys += [each for each in words.key_table(self.BINDINGS) if each[0] not in taken]
        self.push_screen(Help(keys, panel.help_text))

    def action_copy(self) -> None:
        """Show what can be copied of the run, or of the design."""
        run, config = self.session.run, self.draft.config
        if run is not None:
            self.push_screen(Copy(run.config, self.session.folder))
        elif config is not None:
            self.push_screen(Copy(config, None))

    def action_widen(self) -> None:
        """Give the view the whole width, or show the design beside it again."""
        if self.size.width < NARROW:
            self.tell("The screen is too narrow for both: 0 shows the design, 1 to 9 the views.")
        else:
            self._body.widen()

    async def _greet(self) -> None:
        living = await self.jobs.living_runs()
        if living and self.session.run is None:
            self.tell(f"Run {living[0]} is training: 5 lists the runs, enter opens one.")

    async def _read(self) -> float:
        return 0.001 if self.session.read(READ_SECONDS) else READ_INTERVAL

    async def _answer(self) -> float:
        await self.jobs.read_answers()
        await self._body.prepare(self.session.view)
        return PAINT_INTERVAL

    async def _look(self) -> float:
        await self.jobs.look_for_trainer()
        return LOOK_INTERVAL

    async def _list(self) -> float:
        """While the view of the runs is open; and before, so that it opens with what is true."""
        session = self.session
        stand = (session.folder, session.alive, session.run is not None and session.run.phase.alive)
        if self._body.active == "runs" or not session.runs or stand != self._listed:
            self._listed = stand
            await self.jobs.list_library()
        return LIST_INTERVAL

    async def _look_inside(self) -> float:
        """The network that is looked into is the newest one, while somebody does look."""
        if self._body.active == "inside":
            await self._look_on()
        return LIST_INTERVAL if self.session.inside.insight is None else LOOK_INTERVAL

    async def _look_on(self) -> None:
        await self.jobs.look_inside()
        self._body.show(self.session.view)

    async def _recognise(self) -> float:
        """At every stroke, and while one draws also when the network has learned."""
        await self.jobs.next_drawing(LOOK_INTERVAL)
        follows = self._body.active == "inside" and self.session.inside.follows_drawing
        if (self._body.active == "draw" or follows) and await self.jobs.recognise():
            self._body.show(self.session.view)
        return 0.0

    def paint(self) -> None:
        """Show the newest state; this often and no oftener, however fast training is."""
        if not self.is_running:
            return
        session, run = self.session, self.session.run
        for notice in session.take_notices():
            self.tell(notice.text, notice.severity)
        keys = (
            *(run, run and run.phase, run and run.config, run and run.is_gone),
            *(session.alive, session.is_silent, self._body.is_narrow),
        )
        if keys != self._keys:
            self._keys = keys
            self._show_alarm()
            self.follow_changes()
            self.show_design()
            self.refresh_bindings()
        self._draw()

    def _draw(self) -> None:
        """Show news at once, and now and then how far a training has come."""
        session, run, view = self.session, self.session.run, self.session.view
        idle = "no run yet" if session.model is None else f"model {session.model.path.stem}"
        header = (words.data_line(self.draft, run), idle, session.word, session.remarks)
        step = run.step if run is not None and run.phase is Phase.PAUSED else None
        news, now = (view, run and run.phase, run and run.epoch, step, header), time.monotonic()
        if news != self._drawn or now >= self._drawn_at + self._draw_interval:
            self._drawn, self._drawn_at = news, now
            self._header.show(run, *header)
            self._body.show(view)

    def _show_alarm(self) -> None:
        text = words.alarm(self.session)
        self._alarm.update(text)
        self._alarm.display = bool(text)

    def show_design(self) -> None:
        """Show the draft as it is now, and how it stands to the run."""
        run = self.session.run
        running = run.config if run is not None and self.session.alive else None
        note, label = words.design_note(self.draft, self.session), words.start_label(self.session)
        can_start = self.session.alive or not self.draft.errors
        self.refresh_bindings()
        self._body.network.show(running, self._pace_words())
        self._body.training.show(running, note, label, can_start=can_start)

    @property
    def designing(self) -> bool:
        """Whether somebody is at the design now."""
        return isinstance(self._body.panel_in_use, NetworkPanel | TrainingPanel)

    def _pace_words(self) -> str:
        config, session = self.draft.config, self.session
        if config is None:
            return ""
        return pace.words(config, self.draft.plan, session.pace, training=session.alive)

    @on(FieldRow.Edited)
    def _edit_field(self, event: FieldRow.Edited) -> None:
        if event.path in self.draft.texts:  # else another design came while it was typed
            self.draft.set(event.path, event.text)
            self.show_design()

    @on(FieldRow.Applied)
    def _apply_field(self, event: FieldRow.Applied) -> None:
        """Enter in a field that may change while a run trains changes it there."""
        run = self.session.run
        if run is None or not self.session.alive:
            return
        field = ".".join(event.path.split(".")[:2])
        changes = self.draft.live_changes(run.config)
        if field in changes:
            self.command(m.Set(field=field, value=changes[field]), "changing…")

    @on(NetworkPanel.Edited)
    def _network_edited(self) -> None:
        self.show_design()

    @on(NetworkPanel.PresetChosen)
    def _use_preset(self, event: NetworkPanel.PresetChosen) -> None:
        """A preset brings its network and its training; the data stay, unless it names its own."""
        chosen, mine = preset(event.name), self.draft.config
        keeps = mine is not None and chosen.data == DataConfig()
        data = mine.data if mine is not None and keeps else chosen.data
        self.draft.use(chosen.model_copy(update={"data": data}), f"preset {event.name}")
        self.show_design()
        self.tell(f"Preset {event.name}: {presets.read(event.name)['description']}.")

    @on(Body.Turned)
    def _turned(self) -> None:
        self._body.show(self.session.view)
        if self._body.active == "runs":
            self.begin(self.jobs.list_library)
        elif self._body.active == "draw":
            self.jobs.draw()
        elif self._body.active == "inside":
            self.begin(self._look_on)

    @on(InsidePanel.NumberAsked)
    def _ask_for_number(self, event: InsidePanel.NumberAsked) -> None:
        def follow(number: int | None) -> None:
            if number is not None:
                self.query_one(InsidePanel).follow(number)

        self.push_screen(Number("Which test image?", event.most), follow)

    @on(MistakesPanel.InsideAsked)
    def _show_inside(self, event: MistakesPanel.InsideAsked) -> None:
        self.session.inside.follow(event.index)
        self._body.turn_to("inside")

    @on(DrawPanel.InsideAsked)
    def _show_drawing_inside(self) -> None:
        self.session.inside.follows_drawing = True
        self.session.follow_drawing()
        self._body.turn_to("inside")

    @on(InsidePanel.Wanted)
    def _look_elsewhere(self) -> None:
        self.begin(self._look_on)

    @on(ConfusionPanel.CellChosen)
    def _show_cell(self, event: ConfusionPanel.CellChosen) -> None:
        self._show_mistakes(event.true, event.predicted)

    @on(ClassesPanel.ClassChosen)
    def _show_class(self, event: ClassesPanel.ClassChosen) -> None:
        self._show_mistakes(event.true, None)

    def _show_mistakes(self, true: int, predicted: int | None) -> None:
        self._body.mistakes.show(self.session.view)
        self._body.mistakes.filter(true, predicted)
        self._body.turn_to("mistakes")

    @on(RunsPanel.RunChosen)
    def _open_run(self, event: RunsPanel.RunChosen) -> None:
        self.begin(partial(self.open_run, self._folder(event.run_id)))
        self._body.turn_to("curves")

    @on(RunsPanel.ResumeAsked)
    def _resume_run(self, event: RunsPanel.ResumeAsked) -> None:
        async def resume() -> None:
            await self.open_run(self._folder(event.run_id))
            self.session.launch("resuming…")
            await self.jobs.revive({})

        self.begin(resume)

    @on(RunsPanel.StopAsked)
    def _stop_run(self, event: RunsPanel.StopAsked) -> None:
        mine = self.session.folder
        is_mine = mine is not None and mine.id == event.run_id
        self.ask_to_stop(mine if mine and is_mine else self._folder(event.run_id))

    @on(RunsPanel.RemoveAsked)
    def _remove_run(self, event: RunsPanel.RemoveAsked) -> None:
        self.ask_to_remove(self._folder(event.run_id))

    @on(RunsPanel.CloneAsked)
    def _clone_run(self, event: RunsPanel.CloneAsked) -> None:
        self.begin(partial(self.clone_run, self._folder(event.run_id)))
        self._body.turn_to(DESIGN)

    @on(RunsPanel.CompareAsked)
    def _compare_runs(self, event: RunsPanel.CompareAsked) -> None:
        def do(wanted: Wanted | None) -> None:
            match wanted:
                case Wanted("open", run_id):
                    self._body.post_message(RunsPanel.RunChosen(run_id))
                case Wanted("resume", run_id):
                    self._body.post_message(RunsPanel.ResumeAsked(run_id))
                case Wanted("clone", run_id):
                    self._body.post_message(RunsPanel.CloneAsked(run_id))

        self.push_screen(Compare(self.library, event.run_ids, ascii=self._ascii), do)

    @on(RatePanel.TestAsked)
    def _test_rates(self) -> None:
        config, rate = self.draft.config, self.session.rate
        if config is None:
            self.tell(f"Cannot test: {words.design_problem(self.draft)}", "error")
        elif rate is None or not rate.running:
            self.begin(partial(self.jobs.find_rate, config))

    @on(RatePanel.CancelAsked)
    def _cancel_rate_test(self) -> None:
        self.jobs.cancel_rate_test()
        self.paint()

    @on(ProfilePanel.MeasureAsked)
    def _measure(self) -> None:
        config, profile = self.draft.config, self.session.profile
        if config is None:
            self.tell(f"Cannot measure: {words.design_problem(self.draft)}", "error")
        elif profile is None or not profile.running:
            self.begin(partial(self.measure, config))

    @on(ProfilePanel.CancelAsked)
    def _cancel_measuring(self) -> None:
        self.jobs.cancel_profile()
        self.paint()

    @on(RatePanel.RateChosen)
    def _use_rate(self, event: RatePanel.RateChosen) -> None:
        """A living run only takes it when enter is pressed in the field, as anything typed."""
        self.draft.set("training.learning_rate", f"{event.rate:g}")
        self.show_design()
        self.tell(words.rate_used(event.rate, self.session))

    def _folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.library.runs_path / run_id)
