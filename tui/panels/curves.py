"""How training goes: loss and accuracy as curves, and each class's accuracy as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from nn.runs.messages import EpochFinished
from tui.panels import Palette, palette, shorten
from tui.render import formats
from tui.render.bars import bar
from tui.render.charts import Series, Values, decimate, line_chart, smooth
from tui.state import Answers, RunState, View

NOTHING = "Nothing trained yet: space starts, ctrl+o loads a model."
SIDE_BY_SIDE = 90
"""From this width on there is room for two charts beside each other."""
NARROWEST_PAIR = 60
LOWEST_CHART = 9
"""Lines below which two charts had better stand beside each other from NARROWEST_PAIR on."""
LOWEST_PAIR = 12
"""Lines below which there is only room for the loss."""
LOWEST_WITH_BARS = 14
SMOOTHINGS = {"off": 1, "light": 20, "strong": 100}
"""Over about how many batches the curves are averaged."""
RECENT = 20
"""Over how many batches the figures in words are averaged."""
NAME_WIDTH = 12
SHORTEST_BAR = 8
PERCENT_WIDTH = 6


@dataclass(frozen=True)
class CurveOptions:
    """What the keys choose."""

    batches: bool = True
    log: bool = False
    smoothing: str = "light"


class CurvesPanel(Widget, can_focus=True):
    """Loss, accuracy and per-class accuracy of a run."""

    help_text: ClassVar[str] = (
        "Loss (lower is better) and accuracy while the network learns, over the epochs.\n"
        "The line is training, batch by batch; the marks are validation, on images kept aside,\n"
        "once an epoch. When training improves and validation does not, it learns by heart.\n"
        "After the first epoch the accuracy axis leaves out where training began.\n"
        "b shows whole epochs only, or batches again; l turns the loss axis logarithmic;\n"
        f"m smooths the batches: off, light (about {SMOOTHINGS['light']} of them) or strong "
        f"(about {SMOOTHINGS['strong']}).\n"
        "Below: the share of each class's test images that was recognised, then the newest\n"
        f"figures: loss and accuracy are means of the last {RECENT} batches."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "batches", "batches/epochs"),
        Binding("l", "log", "log loss"),
        Binding("m", "smooth", "smoothing"),
    ]
    DEFAULT_CSS = "CurvesPanel { height: 1fr; }"

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.options = CurveOptions()
        self.view = View()
        self._painted: tuple[object, ...] = ()
        self._strips: list[Strip] = []

    def show(self, view: View) -> None:
        """Take the newest state, and repaint if it is news."""
        self.view = view
        if self._what_to_paint() != self._painted:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the picture, which is painted anew only if something in it has changed."""
        wanted = self._what_to_paint()
        if wanted != self._painted:
            width, height = self.size
            lines = picture(self.view, self.options, width, height, palette(self.app), self.ascii)
            self._strips = [self._strip(line) for line in lines]
            self._painted = wanted
        strip = self._strips[y] if y < len(self._strips) else Strip([])
        return strip.apply_style(self.rich_style).adjust_cell_length(
            self.size.width, self.rich_style
        )

    def action_batches(self) -> None:
        """Show every batch, or whole epochs only."""
        self._choose(replace(self.options, batches=not self.options.batches))

    def action_log(self) -> None:
        """Make the loss axis logarithmic or linear."""
        self._choose(replace(self.options, log=not self.options.log))

    def action_smooth(self) -> None:
        """Smooth the curves more, after the strongest not at all."""
        levels = list(SMOOTHINGS)
        following = levels[(levels.index(self.options.smoothing) + 1) % len(levels)]
        self._choose(replace(self.options, smoothing=following))

    def _choose(self, options: CurveOptions) -> None:
        self.options = options
        self.refresh()

    def _strip(self, line: Text) -> Strip:
        """A line as segments; rich leaves a text's own style out where it has no spans."""
        console = self.app.console
        return Strip(line.render(console)).apply_style(console.get_style(line.style))

    def _what_to_paint(self) -> tuple[object, ...]:
        run, answers = self.view.run, self.view.answers
        version = run.version if run else 0
        return run, version, answers, self.size, self.options, self.app.theme


def picture(
    view: View, options: CurveOptions, width: int, height: int, colors: Palette, ascii: bool
) -> list[Text]:
    """The whole panel, at most `height` lines: charts, bars, one line of figures."""
    run, answers = view.run, view.answers
    if run is None and answers is None:
        nothing = Text(shorten(NOTHING, width, ascii=ascii).center(width), colors.muted)
        return [*[Text()] * ((height - 1) // 2), nothing]
    lines: list[Text] = []
    if answers is not None and (run is None or height >= LOWEST_WITH_BARS):
        lines = class_bars(answers, width, height // 3 if run else height, colors, ascii)
    if run is not None:
        lines.append(figures(run, options, width, colors))
        if height > len(lines):
            lines = [*_charts(run, options, width, height - len(lines), colors, ascii), *lines]
    return lines[-height:]


def _charts(
    run: RunState, options: CurveOptions, width: int, height: int, colors: Palette, ascii: bool
) -> list[Text]:
    """Loss and accuracy, beside each other or one above the other."""
    end = max(run.step / max(run.batches_per_epoch, 1), 1e-9)

    def chart(name: str, width: int, height: int) -> list[Text]:
        series = curves(run, name, options, width, colors)
        log = options.log and name == "loss"
        drawn = line_chart(
            series,
            width=width,
            height=height,
            title=f"{'log ' if log else ''}{name} over epochs",
            log_y=log,
            percent=name == "accuracy",
            x_range=(0.0 if options.batches else min(1.0, end), end),
            y_range=late_range(series, end) if name == "accuracy" and run.epochs else None,
            marks=[epoch.epoch for epoch in run.epochs] if options.batches else [],
            foreground=colors.muted,
            ascii=ascii,
            empty="no batches yet" if options.batches else "no epoch is over yet: b shows batches",
        )
        return list(drawn.split("\n"))

    if width >= SIDE_BY_SIDE or (height < 2 * LOWEST_CHART and width >= NARROWEST_PAIR):
        half = (width - 2) // 2
        pairs = zip(chart("loss", half, height), chart("accuracy", half, height), strict=True)
        gap = width - half
        return [Text.assemble(left, " " * (gap - left.cell_len), right) for left, right in pairs]
    if height < LOWEST_PAIR:
        return chart("loss", width, height)
    lower = height // 2
    return chart("loss", width, height - lower) + chart("accuracy", width, lower)


def late_range(series: Sequence[Series], end: float) -> tuple[float, float] | None:
    """The values after the first tenth: the beginning would press all later ones together."""
    late = [np.asarray(one.y)[np.asarray(one.x) > end / 10] for one in series]
    values = np.concatenate(late).astype(np.float64)
    values = values[np.isfinite(values)]
    if len(values) == 0 or np.ptp(values) == 0:
        return None
    return float(values.min()), float(values.max())


def curves(
    run: RunState, name: str, options: CurveOptions, columns: int, colors: Palette
) -> list[Series]:
    """Training and validation as curves of "loss" or "accuracy", x in epochs.

    Without validation images the test set stands in.
    """
    judge = _judge(run.epochs)
    x = np.array([epoch.epoch for epoch in run.epochs], dtype=np.float64)
    judged = np.array([getattr(epoch, f"{judge}_{name}") for epoch in run.epochs], dtype=np.float64)
    if options.batches:
        values = run.losses if name == "loss" else run.accuracies
        batches = SMOOTHINGS[options.smoothing] * _share_known(run)
        train = averaged(run.steps / max(run.batches_per_epoch, 1), values, batches, columns)
    else:
        train = x, np.array([getattr(epoch, f"train_{name}") for epoch in run.epochs])
    return [
        Series("train", *decimate(*train, columns), colors.primary),
        Series(judge, x, judged, colors.accent),
    ]


def _share_known(run: RunState) -> float:
    """The share of the batches whose figures are kept: all but in a very long run."""
    return len(run.steps) / max(run.step, 1)


def averaged(x: Values, y: Values, batches: float, columns: int) -> tuple[Values, Values]:
    """A curve averaged over about so many of its values.

    A curve of far more values than columns is first made of the means of equal stretches, so that
    a run of a million batches costs no more than one of a thousand.
    """
    if batches <= 1:
        return x, y
    stretch = max(1, len(y) // (8 * max(columns, 1)))
    if stretch > 1:
        starts = np.arange(0, len(y), stretch)
        ends = np.minimum(starts + stretch, len(y))
        x, y = x[ends - 1], np.add.reduceat(y, starts) / (ends - starts)
    return x, smooth(y, batches / stretch)


def _judge(epochs: Sequence[EpochFinished]) -> str:
    """By which images an epoch is judged: "validation", or "test" where there are none."""
    return "test" if epochs and epochs[-1].validation_loss is None else "validation"


def figures(run: RunState, options: CurveOptions, width: int, colors: Palette) -> Text:
    """The newest figures in one line; where there is no room for all, the last ones go."""
    parts = []
    if len(run.losses):
        parts.append(("loss", f"{run.losses[-RECENT:].mean():.4f}"))
        parts.append(("accuracy", formats.percent(float(run.accuracies[-RECENT:].mean()))))
    judge = _judge(run.epochs)
    if run.epochs:
        best = max(run.epochs, key=lambda epoch: getattr(epoch, f"{judge}_accuracy"))
        parts.append(("best", formats.percent(getattr(best, f"{judge}_accuracy"))))
    parts.append(("rate", formats.rate(run.learning_rate)))
    if options.batches:
        parts.append(("smoothing", options.smoothing))
    line = Text(no_wrap=True)
    for name, value in parts:
        part = Text.assemble("   " if line else "", (f"{name} ", colors.muted), (value, "bold"))
        if line.cell_len + part.cell_len > width:
            break
        line.append_text(part)
    return line


def class_bars(
    answers: Answers, width: int, height: int, colors: Palette, ascii: bool
) -> list[Text]:
    """Each class's accuracy as a bar, in columns; the lowest ones if there is no room for all."""
    names = [shorten(score.name, NAME_WIDTH, ascii=ascii) for score in answers.scores]
    name_width = max(map(cell_len, names))
    narrowest = name_width + SHORTEST_BAR + PERCENT_WIDTH + 3
    columns = max(1, (width + 2) // narrowest)
    rows = min(max(1, height - 1), -(-len(names) // columns))
    columns = min(columns, -(-len(names) // rows))
    chosen = list(range(len(names)))
    title = f"accuracy by class · {answers.source}"
    if len(chosen) > rows * columns:
        lowest = sorted(chosen, key=lambda i: answers.scores[i].recall)[: rows * columns]
        chosen = sorted(lowest)
        title = f"accuracy by class, the {len(chosen)} lowest of {len(names)} · {answers.source}"
    column_width = (width + 2) // columns
    bar_width = max(0, column_width - name_width - PERCENT_WIDTH - 3)
    lines = [Text(no_wrap=True) for _ in range(rows)]
    for place, i in enumerate(chosen):
        recall, line = answers.scores[i].recall, lines[place % rows]
        line.append(names[i] + " " * (name_width - cell_len(names[i]) + 1), "bold")
        line.append(bar(recall, bar_width, ascii=ascii), colors.primary)
        line.append(f"{100 * recall:{PERCENT_WIDTH}.1f}  ")
    for line in lines:
        line.rstrip()
        line.truncate(width)
    heading = Text(shorten(title, width, ascii=ascii), colors.muted)
    return [heading, *lines] if height > 1 else lines
