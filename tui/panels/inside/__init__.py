"""The forward pass of one image, to be walked through layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import JsonValue
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from nn.types import Integers
from tui.insight import Stop, Walk, following, next_class, next_mistake
from tui.panels import palette, picture_style
from tui.panels.inside.layers import PARTS, maps_of, page_tiling
from tui.panels.inside.picture import picture, room_of
from tui.panels.inside.shown import Shown
from tui.state import Answers, InsideState, View

PAGES = {"filter": "filters", "slice": "filters", "input": "kept"}
"""What is behind a layer's output, by what it is made of."""


class InsidePanel(Static, can_focus=True):
    """What every layer makes of an image."""

    help_text: ClassVar[str] = (
        "The forward pass: one image on its way through the network, from its pixels to the\n"
        "probabilities. left and right go to the next layer, which says what it computes, and\n"
        "which shapes it takes and gives. Each map is a picture: white is above zero, blue is\n"
        "below, black is zero (on a light ground black is above). up and down choose a map, also\n"
        "page up and down; enter shows it alone. f shows what made it: filters, weights, or which\n"
        "values a pooling took. All maps of a layer share one scale: v gives each its own.\n"
        "n is the next test image, b the one before, t one of the next class, m the next mistake,\n"
        "g goes to one by its number.\n"
        "w shows where the network looks: how much less probable a class becomes where that part\n"
        "of the image is covered (up and down choose the class).\n"
        "i in the view Draw follows what is drawn there, through the network that reads it; n\n"
        "comes back to the test images.\n"
        "It is the network loaded with ctrl+o, else the run's newest checkpoint, followed while\n"
        "it trains, else the newest saved model."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "walk(-1)", "back", show=False, tooltip="the layer before"),
        Binding("right", "walk(1)", "next layer", tooltip="the next layer"),
        Binding("up", "choose(-1)", "map before", show=False, tooltip="the map before"),
        Binding("down", "choose(1)", "map", tooltip="the next map, or class"),
        Binding("pageup", "choose_row(-1)", "row up", show=False, tooltip="a row of maps up"),
        Binding("pagedown", "choose_row(1)", "row down", show=False, tooltip="a row of maps down"),
        Binding("home", "walk(-10000)", "image", show=False, tooltip="the image"),
        Binding("end", "walk(10000)", "probabilities", show=False, tooltip="the probabilities"),
        Binding("f", "turn('filters')", "filters", tooltip="the filters that made the maps"),
        Binding("f", "turn('weights')", "weights", tooltip="the weights that made a unit"),
        Binding("f", "turn('kept')", "what it kept", tooltip="which values the pooling took"),
        Binding("f", "turn('output')", "output", tooltip="the layer's output again"),
        Binding("n", "image(1)", "next image", tooltip="the next test image"),
        Binding("b", "image(-1)", "image before", show=False, tooltip="the test image before"),
        Binding("t", "class", "next class", show=False, tooltip="an image of the next class"),
        Binding("g", "number", "go to", show=False, tooltip="a test image by its number"),
        Binding("m", "mistake", "mistake", tooltip="the next image that got a wrong answer"),
        Binding("w", "attend", "where it looks", tooltip="where the network looks, or not"),
        Binding("v", "scale", "scale", show=False, tooltip="a scale for each map, or for all"),
        Binding("enter", "enlarge", "large", tooltip="the chosen map alone, or all"),
    ]
    choices: ClassVar[Mapping[str, Sequence[JsonValue]]] = {"walk.alone": (True, False)}
    DEFAULT_CSS = """
    InsidePanel { height: 1fr; }
    InsidePanel.-nothing { content-align: center middle; text-align: center; color: $text-muted; }
    """

    class Wanted(Message):
        """Something else is to be looked at: the panel's state says what."""

    class NumberAsked(Message):
        """Somebody wants to say which test image, from 0 to `most`."""

        def __init__(self, most: int) -> None:
            super().__init__()
            self.most = most

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self.ascii = ascii
        self.state = InsideState()
        self.answers: Answers | None = None
        self.walk = Walk()
        self._painted: Shown | str = ""

    def show(self, view: View) -> None:
        """Take the newest state, and repaint if it is news."""
        self.state, self.answers = view.inside, view.answers
        self._paint()

    def on_mount(self) -> None:
        """Show what was given before there was a screen."""
        self._paint()

    def on_resize(self) -> None:
        """Paint in the new size."""
        self._paint()

    def notify_style_update(self) -> None:
        """Another theme: paint everything anew."""
        super().notify_style_update()
        if self.is_mounted:
            self._paint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys mean something now."""
        insight = self.state.insight
        if insight is None:
            return action == "image" and self.state.drawn is not None
        stop = self.walk.at(insight)
        match action:
            case "turn":
                return parameters == (self._other_page(stop),)
            case "mistake":
                return len(self._mistakes()) > 0
            case "choose" | "choose_row":
                return stop.output.count > 1 or stop.passage is None
            case "enlarge" | "scale":
                return stop.passage is not None
            case _:
                return True

    def action_walk(self, by: int) -> None:
        """Go to another layer."""
        if self.state.insight is not None:
            self._go(self.walk.going(self.state.insight, by))

    def action_choose(self, by: int) -> None:
        """Choose another map, or class."""
        if self.state.insight is not None:
            self._go(self.walk.choosing(self.state.insight, by))

    def action_choose_row(self, by: int) -> None:
        """Choose a map in the next row; turn pages of pictures that belong to one output."""
        if (shown := self._shown) is None:
            return
        maps, at = maps_of(shown), page_tiling(shown, room_of(shown))
        if shown.stop.passage is not None and maps.noun in PARTS:
            self._go(self.walk.skipping(maps.count, by * at.count))
        else:
            self._go(self.walk.choosing(shown.insight, by * at.columns))

    def action_turn(self, page: str) -> None:
        """Show what is behind a layer's output, or the output again."""
        self._go(self.walk.turning())

    def action_scale(self) -> None:
        """One scale for all maps, or one for each."""
        self._go(replace(self.walk, alone=not self.walk.alone))

    def action_enlarge(self) -> None:
        """Show the chosen map alone, or all."""
        self._go(replace(self.walk, large=not self.walk.large))

    def action_image(self, by: int) -> None:
        """Follow a neighbour in the test set; after a drawing, the image before it."""
        if self.state.drawn is not None:
            self.follow(self.state.index)
        elif self.state.insight is not None:
            self.follow(following(self.state.insight.labels, self.state.index, by))

    def action_class(self) -> None:
        """Follow an image of the next class."""
        if self.state.insight is not None:
            self.follow(next_class(self.state.insight.labels, self.state.index))

    def action_number(self) -> None:
        """Ask which image to follow."""
        if self.state.insight is not None:
            self.post_message(self.NumberAsked(len(self.state.insight.labels) - 1))

    def action_mistake(self) -> None:
        """Follow the next image that got a wrong answer."""
        self.follow(next_mistake(self._mistakes(), self.state.index))

    def action_attend(self) -> None:
        """Find out where the network looks, and show it beside the image; or no more."""
        at_image = self.state.insight is None or self.walk.at(self.state.insight).title == "image"
        self.state.attentive = not (self.state.attentive and at_image)
        if self.state.attentive and self.state.insight is not None:
            self.walk = replace(self.walk, stop=0)
        self.post_message(self.Wanted())
        self._paint()

    def _go(self, walk: Walk) -> None:
        self.walk = walk
        self._paint()

    def follow(self, index: int) -> None:
        """Look at another image of the test set."""
        self.state.follow(index)
        self.walk = replace(self.walk, target=None)
        self.post_message(self.Wanted())

    def _mistakes(self) -> Integers:
        """The wrong answers, if there are any of these images."""
        insight, answers = self.state.insight, self.answers
        if insight is None or answers is None or len(answers.labels) != len(insight.labels):
            return np.empty(0, np.intp)
        return answers.wrong if answers.class_names == insight.class_names else np.empty(0, np.intp)

    def _other_page(self, stop: Stop) -> str:
        """What f shows: the name of the page that is not shown, if there is one."""
        behind = stop.behind(0)
        if behind is None:
            return ""
        if self.walk.page == "behind":
            return "output"
        return PAGES.get(behind.noun, "weights")

    @property
    def _shown(self) -> Shown | None:
        """What is painted, and how."""
        insight, drawing = self.state.insight, picture_style(self.app, ascii=self.ascii)
        size, colors = (self.size.width, self.size.height), palette(self.app)
        if insight is None:
            return None
        attentive, grey = self.state.attentive, self.app.no_color
        return Shown(insight, self.walk, size, colors, drawing, attentive, grey)

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        shown = self._shown
        wanted = shown or self.state.problem
        if wanted == self._painted:
            return
        self._painted = wanted
        self.refresh_bindings()
        self.set_class(shown is None, "-nothing")
        self.update(self.state.problem if shown is None else picture(shown))
