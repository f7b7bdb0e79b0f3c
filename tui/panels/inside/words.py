"""The lines above the pictures: which image, which layer, and what it computes."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from tui.panels.inside.shown import Shown, cut
from tui.render import formats
from tui.terminal.ascii import spelled

BRIEF = 14
"""Lines below which an explanation takes one line at most."""


def words(shown: Shown) -> list[Text]:
    """All lines above the pictures."""
    return [_headline(shown), _way(shown), _layer_line(shown), *_explanation(shown)]


def _headline(shown: Shown) -> Text:
    """Which image it is, and what the network calls it."""
    insight, colors = shown.insight, shown.colors
    subject, names = insight.subject, insight.class_names
    called = insight.called
    share = formats.percent(float(insight.probabilities[called]), 1)
    parts = [Text("a drawing" if subject.index is None else f"test image {subject.index:,}")]
    if subject.label is not None:
        parts.append(Text(f"true {names[subject.label]}"))
    wrong = subject.label is not None and subject.label != called
    color = colors.bad if wrong else colors.good if subject.label is not None else colors.primary
    parts.append(Text(f"called {names[called]}, {share}", f"bold {color}"))
    parts.append(Text(insight.source, colors.muted))
    return cut(Text(" · ").join(parts), shown)


def _way(shown: Shown) -> Text:
    """All stops in a line, or as many as fit around this one."""
    stops, colors = shown.insight.stops, shown.colors
    here = stops.index(shown.stop)
    arrow = ">" if shown.ascii else "›"
    first = last = here
    room = shown.size[0] - cell_len(stops[here].title) - 2 - 4
    while True:
        wider = [n for n in (last + 1, first - 1) if 0 <= n < len(stops)]
        fitting = [n for n in wider if cell_len(stops[n].title) + 3 <= room]
        if not fitting:
            break
        first, last = min(first, fitting[0]), max(last, fitting[0])
        room -= cell_len(stops[fitting[0]].title) + 3
    line = Text(no_wrap=True)
    if first:
        line.append(f"{arrow} ", colors.muted)
    for n in range(first, last + 1):
        line.append(f" {arrow} " if n > first else "", colors.muted)
        if n == here:
            line.append(f"[{stops[n].title}]", f"bold {colors.accent}")
        else:
            line.append(stops[n].title, colors.muted)
    if last + 1 < len(stops):
        line.append(f" {arrow}", colors.muted)
    return cut(line, shown)


def _layer_line(shown: Shown) -> Text:
    stop = shown.stop
    name = stop.title.rpartition(" ")[2]
    sizes = [each.replace("→", "->") if shown.ascii else each for each in stop.sizes]
    parts = [f"{name} {stop.fields}".strip(), *sizes]
    while len(parts) > 2 and cell_len(" · ".join(parts)) > shown.size[0]:
        parts.pop()
    return cut(Text(" · ".join(parts), "bold"), shown)


def _explanation(shown: Shown) -> list[Text]:
    """What is computed, in as many lines as there is room for."""
    width, height = shown.size
    most = 1 if height < BRIEF else 3
    formula = spelled(shown.stop.explanation) if shown.ascii else shown.stop.explanation
    text = Text(formula, shown.colors.text)
    lines = list(text.wrap(Console(width=max(width, 1)), max(width, 1)))
    if len(lines) > most:
        lines = [*lines[: most - 1], Text(" ", shown.colors.text).join(lines[most - 1 :])]
        lines[-1] = cut(lines[-1], shown)
    return lines
