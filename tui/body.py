"""The dashboard below its header: the design on the left, and one of the views on the right.

On a narrow screen the left side is folded into a tab of its own; widgets stay where they are, and
only classes change.
"""

from __future__ import annotations

import asyncio
from typing import get_args

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.message import Message
from textual.widgets import ContentSwitcher, Static, Tab, Tabs

from tui.form import Draft
from tui.panels import ReadyPanel
from tui.panels.classes import ClassesPanel
from tui.panels.confusion import ConfusionPanel
from tui.panels.curves import CurvesPanel
from tui.panels.draw import DrawPanel
from tui.panels.inside import InsidePanel
from tui.panels.mistakes import MistakesPanel
from tui.panels.network import NetworkPanel
from tui.panels.profile import ProfilePanel
from tui.panels.rate import RatePanel
from tui.panels.runs import RunsPanel
from tui.panels.training import TrainingPanel
from tui.remembered import Panel, Settings, choose, chosen
from tui.state import Answers, View
from tui.tab_names import tab_names
from tui.terminal.still import Still

NARROW = 100
"""Below so many columns the left side is folded."""

LEFT = 38
"""Columns of the left side where it is not folded."""

SLIM = 64
"""Below so many the two parts of the folded side lie one above the other."""

BETWEEN, WITHIN = 0.05, 0.01
"""Seconds between two views that are filled while nobody sees them, and two pieces of one."""

LEAST = (40, 12)
"""Columns and lines of the terminal below which there is nothing to be seen."""

DESIGN = "design"

ViewPanel = (
    CurvesPanel
    | ClassesPanel
    | ConfusionPanel
    | MistakesPanel
    | RunsPanel
    | RatePanel
    | ProfilePanel
    | InsidePanel
    | DrawPanel
)
"""Every view, in the order of the tabs and their keys."""

VIEWS: dict[str, type[ViewPanel]] = {
    panel.__name__.removesuffix("Panel").lower(): panel for panel in get_args(ViewPanel)
}
"""The same by name."""

TABS = {name: (str(n) if n < 10 else "", name.title()) for n, name in enumerate((DESIGN, *VIEWS))}
TABS[DESIGN] = ("0", "Network")
"""The key and the title of each tab; beyond the ninth view there is no digit left."""


class Body(Container):
    """All panels, and which of them are visible."""

    class Turned(Message):
        """Another panel is visible now."""

    def __init__(self, draft: Draft, *, ascii: bool, settings: Settings) -> None:
        super().__init__()
        self.is_wide = settings.is_wide
        self.network = NetworkPanel(draft, ascii=ascii)
        self.training = TrainingPanel(draft)
        self.views: dict[str, ViewPanel] = {
            name: panel(ascii=ascii, id=name) for name, panel in VIEWS.items()
        }
        for name, panel in self._with_choices():
            choose(panel, settings.panels.get(name, {}))
        self._prepared: Answers | None = None
        self._first = settings.view if settings.view in VIEWS else next(iter(VIEWS))
        self._tabs = Tabs(
            *(Tab(f"{key} {title}".strip(), id=name) for name, (key, title) in TABS.items()),
            active=self._first,
        )

    def compose(self) -> ComposeResult:
        """The left side, the tabs with the views, and what a tiny screen shows instead."""
        with Still(id="left"):
            yield self.network
            yield self.training
        with Vertical(id="views"):
            yield self._tabs
            yield ContentSwitcher(self.views[self._first], initial=self._first)
        yield Static("needs more room: 40 x 12 at least", id="too-small")

    @property
    def mistakes(self) -> MistakesPanel:
        """The view of the mistakes."""
        panel = self.views["mistakes"]
        assert isinstance(panel, MistakesPanel), "the views are named after their panels"
        return panel

    @property
    def settings(self) -> Settings:
        """What there is to remember."""
        panels = {name: chosen(panel) for name, panel in self._with_choices()}
        view = self.active if self.active in VIEWS else ""
        return Settings(view=view, is_wide=self.is_wide, panels=panels)

    def _with_choices(self) -> list[tuple[str, Panel]]:
        return [(name, each) for name, each in self.views.items() if isinstance(each, Panel)]

    def widen(self) -> None:
        """Fold the left side where it has room, too; or no longer."""
        self.is_wide = not self.is_wide
        self._fit(self.app.size)
        self.enter()

    @property
    def is_narrow(self) -> bool:
        """Whether the left side is folded into a tab."""
        return self.has_class("-narrow")

    @property
    def active(self) -> str:
        """The name of the active tab."""
        return self._tabs.active

    @property
    def panel(self) -> NetworkPanel | ViewPanel:
        """What the active tab shows."""
        return self.views.get(self.active, self.network)

    @property
    def panels(self) -> list[tuple[str, NetworkPanel | ViewPanel]]:
        """What each tab shows, with its name."""
        return [(DESIGN, self.network), *self.views.items()]

    @property
    def panel_in_use(self) -> NetworkPanel | TrainingPanel | ViewPanel:
        """What has the keys: a part of the design, or what the active tab shows."""
        parts = (self.network, self.training)
        return next((part for part in parts if part.has_focus_within), self.panel)

    def turn_to(self, name: str) -> None:
        """Make a panel visible and give it the keys."""
        if name == DESIGN and not self.is_narrow:
            self.network.edit()
            return
        self._tabs.active = name
        self._follow_tab()
        self.enter()

    def enter(self) -> None:
        """Give the keys to the visible panel."""
        panel = self.panel
        if isinstance(panel, NetworkPanel):
            panel.edit()
        else:
            panel.focus()

    def show(self, view: View) -> None:
        """Give the newest state to the visible panel."""
        if self.active in self.views:
            self.views[self.active].show(view)

    async def prepare(self, view: View) -> None:
        """Give new answers to views that nobody sees, so that whoever turns to one finds it filled.

        One at a time: keys come in between.
        """
        views = [(name, each) for name, each in self.views.items() if isinstance(each, ReadyPanel)]
        if view.answers is self._prepared or not all(panel.is_mounted for _, panel in views):
            return
        self._prepared = view.answers
        for name, panel in views:
            if name != self.active:
                panel.show(view)
                for _ in panel.ahead():
                    await asyncio.sleep(WITHIN)
                await asyncio.sleep(BETWEEN)

    def _follow_tab(self) -> None:
        self._name_tabs(self.app.size.width)
        folded = self.active == DESIGN
        self.set_class(folded, "-design")
        if not folded:
            self._mount_views()
            self.query_one(ContentSwitcher).current = self.active
        self.post_message(self.Turned())

    @on(Tabs.TabActivated)
    def _tab_activated(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self._follow_tab()

    def on_mount(self) -> None:
        """Begin in the right shape."""
        self._fit(self.app.size)
        self.call_after_refresh(self._mount_views)

    def _mount_views(self) -> None:
        """The first picture does not wait for the views that nobody sees yet."""
        if not self.is_attached:
            return  # the dashboard was left before its first picture
        switcher = self.query_one(ContentSwitcher)
        for view in self.views.values():
            if not view.is_attached:
                view.display = False
                switcher.mount(view)

    def on_resize(self) -> None:
        """Fold or unfold the left side."""
        self._fit(self.app.size)

    def _fit(self, size: Size) -> None:
        width, height = size
        narrow = width < NARROW or self.is_wide
        self.set_class(narrow, "-narrow")
        self.set_class(width < SLIM, "-slim")
        self.set_class(width < LEAST[0] or height < LEAST[1], "-tiny")
        if narrow:
            self._tabs.show(DESIGN)
        else:
            self._tabs.hide(DESIGN)
            if self.active == DESIGN:
                self.turn_to(next(iter(self.views)))
        self._name_tabs(width)

    def _name_tabs(self, width: int) -> None:
        """As long names as there is room for."""
        shown = [name for name in TABS if name != DESIGN or self.is_narrow]
        if self.active not in shown:
            return
        room = width if self.is_narrow else width - LEFT
        names = tab_names([TABS[name] for name in shown], shown.index(self.active), room)
        for name, label in zip(shown, names, strict=True):
            tab = self._tabs.query_one(f"#{name}", Tab)
            if tab.label_text != label:
                tab.label = label
