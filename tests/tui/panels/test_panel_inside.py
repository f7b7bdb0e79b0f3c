"""The forward pass as text: every stop, at every size, in every way of drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter
from textual.app import App
from textual.widget import Widget

from nn.inside import explanation, occlusion, trace
from nn.layers import LAYERS, AnyLayer, LayerConfig
from nn.network import Network
from tui.answers import Answers
from tui.insight import Insight, Subject, Walk
from tui.panels import Palette
from tui.panels.inside import InsidePanel
from tui.panels.inside.picture import picture
from tui.panels.inside.shown import Shown
from tui.render.images import PictureStyle
from tui.state import View
from tui.terminal.ascii import spelled, to_ascii

COLORS = Palette(**dict.fromkeys(Palette.__dataclass_fields__, "#808080"))
SIZES = [(1, 1), (20, 6), (38, 9), (62, 17), (78, 21), (78, 33), (200, 80)]
NAMES = tuple(f"truck {n:02}" for n in range(20))
LAYER: TypeAdapter[LayerConfig] = TypeAdapter(AnyLayer)


@pytest.fixture(scope="module")
def colour() -> Insight:
    """A colour picture of twenty classes in a network with a block, and where that looks."""
    conv = {"kind": "conv2d", "filters": 12, "kernel_size": "3x2", "activation": "gelu"}
    layers = [
        conv,
        {"kind": "max_pool2d", "pool_size": 3, "stride": 2},
        {"kind": "residual", "layers": [{**conv, "filters": 7}, {"kind": "relu"}]},
        {"kind": "batch_norm"},
        {"kind": "flatten"},
        {"kind": "dense", "units": 150, "activation": "relu"},
        {"kind": "dense", "units": 20},
    ]
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (24, 32, 3), np.uint8)
    network = Network([LAYER.validate_python(layer) for layer in layers], image.shape, 20, rng)  # type: ignore[arg-type]
    return Insight(
        "model colourful",
        Subject(image, 1234, 7),
        np.arange(20),
        NAMES,
        trace(network, image),
        occlusion(network, image),
    )


@pytest.mark.parametrize("drawing", ["half", "quadrant", "ascii"])
@pytest.mark.parametrize("size", SIZES)
def test_every_stop_keeps_to_its_size(
    colour: Insight, size: tuple[int, int], drawing: PictureStyle
) -> None:
    for stop in range(len(colour.stops)):
        for walk in (
            Walk(stop),
            Walk(stop, chosen=500, target=19, alone=True),
            Walk(stop, page="behind", skipped=1000),
            Walk(stop, large=True),
            Walk(stop, chosen=3, page="behind", large=True),
        ):
            for attentive in (False, True):
                lines = picture(Shown(colour, walk, size, COLORS, drawing, attentive)).split("\n")
                if size[1] >= 6:
                    assert len(lines) == size[1]
                    assert max(line.cell_len for line in lines) <= size[0]


def test_in_ascii_nothing_is_left_that_has_no_likeness(colour: Insight) -> None:
    for stop in range(len(colour.stops)):
        for page in ("output", "behind"):
            walk = Walk(stop, page=page)  # type: ignore[arg-type]
            text = picture(Shown(colour, walk, (78, 33), COLORS, "ascii")).plain
            assert "?" not in to_ascii(text)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.model_fields["kind"].default)
def test_every_formula_can_be_written_in_ascii(layer: type[LayerConfig]) -> None:
    assert "?" not in spelled(explanation(layer()))


def test_a_wrong_answer_says_both_classes(colour: Insight) -> None:
    called, label = colour.called, (colour.called + 1) % 20
    wrong = replace(colour, subject=replace(colour.subject, label=label))
    first = picture(Shown(wrong, Walk(), (120, 30), COLORS, "half")).split("\n")[0].plain
    assert f"test image 1,234 · true {NAMES[label]} · called {NAMES[called]}, " in first


def test_the_most_probable_classes_are_shown_where_not_all_have_room(colour: Insight) -> None:
    text = picture(Shown(colour, Walk(99), (78, 12), COLORS, "half")).plain.splitlines()
    best = [NAMES[n] for n in np.argsort(-colour.probabilities)]
    shown = [line.lstrip("> ")[:8] for line in text if line.lstrip("> ").startswith("truck")]
    assert 6 <= len(shown) < 12
    assert shown == best[: len(shown)]


def test_what_covering_gives_is_told_too(colour: Insight) -> None:
    cost = np.full((24, 28, 20), -0.25)
    cost[3, 4] = 0.125
    shown = Shown(replace(colour, cost=cost), Walk(), (120, 33), COLORS, "half", True)
    assert "costs up to 12.5 % (orange), gives 25.0 % (blue)" in picture(shown).plain
    assert "costs up to 12.5 %, gives 25.0 %" in picture(replace(shown, grey=True)).plain


def test_without_colours_no_colour_is_named(colour: Insight) -> None:
    for stop in range(len(colour.stops)):
        for page in ("output", "behind"):
            walk = Walk(stop, page=page)  # type: ignore[arg-type]
            shown = Shown(colour, walk, (120, 33), COLORS, "half", True, grey=True)
            assert "blue" not in picture(shown).plain
    conv = Shown(colour, Walk(1), (120, 33), COLORS, "half", grey=True)
    assert "the middle shade is 0" in picture(conv).plain


async def test_m_goes_by_the_answers_of_the_same_images(
    colour: Insight, app_of: Callable[[Widget], App[None]], answers_of: Callable[..., Answers]
) -> None:
    panel, view = InsidePanel(), View()
    labels = list(range(20))
    async with app_of(panel).run_test(size=(100, 30)) as pilot:
        view.inside.insight = colour
        panel.show(view)
        panel.focus()
        assert not panel.check_action("mistake", ())
        called = [*range(19), 0]
        named = replace(answers_of(labels, called, 20), class_names=NAMES)
        panel.show(replace(view, answers=named))
        assert panel.check_action("mistake", ())
        await pilot.press("m")
        assert view.inside.index == 19
        panel.show(replace(view, answers=answers_of(labels, called, 20)))
        assert not panel.check_action("mistake", ()), "these are other classes"


async def test_another_theme_paints_anew(
    colour: Insight, app_of: Callable[[Widget], App[None]]
) -> None:
    panel, view = InsidePanel(), View()
    app = app_of(panel)
    async with app.run_test(size=(100, 30)) as pilot:
        view.inside.insight = colour
        panel.show(view)
        await pilot.press("right")
        before = panel.render().spans
        app.theme = "textual-light"
        await pilot.pause()
        assert panel.render().spans != before
