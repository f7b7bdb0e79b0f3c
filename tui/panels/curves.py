"""How training goes: loss and accuracy as curves, and each class's accuracy as a bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from pydantic import JsonValue
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from tui.class_bars import class_bars
from tui.curves import (
    CHARTS,
    SIZES,
    SMOOTHINGS,
    CurveColors,
    CurveOptions,
    change_places,
    curves,
    epoch_ends,
    grows_to,
    judge,
    late_range,
    places,
    reach,
    readout,
)
from tui.panels import Palette, mix, palette, shorten
from tui.render import formats
from tui.render.charts import line_chart
from tui.state import RunState, View
from tui.window import Window
from tui.zooming import (
    LABELS,
    LOG_KEYS,
    ZOOM_HELP,
    ZOOM_KEYS,
    Axis,
    Zooming,
    flowing,
    told_at_cursor,
)

NOTHING = (
    "Nothing trained yet: space starts, ctrl+o loads a model.",
    "e shows the network it starts; n there offers others, some learn in seconds.",
)
SIDE_BY_SIDE = 90
"""From this width on there is room for two charts beside each other."""
NARROWEST_PAIR = 60
LOWEST_CHART = 9
"""Lines below which two charts had better stand beside each other from NARROWEST_PAIR on."""
LOWEST_PAIR = 12
"""Lines below which there is only room for the loss."""
LOWEST_WITH_BARS = 14
RECENT = 20
"""Over how many batches the figures in words are averaged."""
LEAST_SHOWN = 8
"""Batches that are shown at the closest."""
HIDDEN_SHARE = 0.45
"""How strong the colour of what smoothing hides is."""


class CurvesPanel(Zooming, can_focus=True):
    """Loss, accuracy, learning rate and per-class accuracy of a run."""

    help_text: ClassVar[str] = (
        "Loss (lower is better) and accuracy while the network learns, over the epochs.\n"
        "The line is training, batch by batch; the marks are validation, on images kept aside,\n"
        "once an epoch. When training improves and validation does not, it learns by heart.\n"
        "After the first epoch the accuracy axis leaves out where training began.\n"
        "m smooths the batches: off, light or strong; the grey ░ behind the line is the range of\n"
        "what that hides. Broken lines are the ends of epochs; the sign Δ on the axis is where\n"
        "something was changed while the run trained.\n"
        f"{ZOOM_HELP}, as is the mean around it.\n"
        "c shows the next chart: loss, accuracy, learning rate, updates, gradients. An update is\n"
        "the size of a layer's step beside that of its weights, measured once a second on some of\n"
        "them: about a thousandth is usual, far less learns little and far more is wild. A\n"
        "gradient is how hard the loss pulls at a layer's weights.\n"
        "Below: the share of each class's test images that was recognised, then the newest\n"
        f"figures: loss and accuracy are means of the last {RECENT} batches."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "charts", "chart", tooltip="next: loss, accuracy, rate, updates, gradients"),
        *ZOOM_KEYS,
        Binding("m", "smooth", "smooth", tooltip="smooth the batches: off, light, strong"),
        *LOG_KEYS,
        Binding("b", "batches", "epochs", tooltip="show whole epochs only, or every batch"),
    ]
    choices: ClassVar[Mapping[str, Sequence[JsonValue]]] = {
        "options.charts": tuple(CHARTS),
        "options.batches": (True, False),
        "options.log": (True, False),
        "options.log_x": (True, False),
        "options.smoothing": tuple(SMOOTHINGS),
    }
    DEFAULT_CSS = "CurvesPanel { height: 1fr; }"

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii
        self.options = CurveOptions()
        self.view = View()
        self._painted: tuple[object, object] = ((), ())
        self._old_will_do = False
        self._lines: list[Text] = []
        self._strips: list[Strip] = []
        self._ground = Style.null()

    def show(self, view: View) -> None:
        """Take the newest state, and repaint if it is news."""
        if view.run is not self.view.run:
            self.window = Window()
            self.refresh_bindings()
        self.view = view
        if not self.size:
            # Whoever turns to the curves sees at once what they were, and a moment later the news.
            self._old_will_do = True
            self.call_after_refresh(self._show_news)
        elif self._what_to_paint() != self._painted:
            self.refresh()

    def _show_news(self) -> None:
        self._old_will_do = False
        if self._what_to_paint() != self._painted:
            self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines of the picture, painted anew only if something in it has changed."""
        _, looks = wanted = self._what_to_paint()
        will_do = self._old_will_do and looks == self._painted[1]
        is_new = wanted != self._painted and not will_do
        ground, (width, height) = self.rich_style, self.size
        if is_new:
            colors = palette(self.app)
            lines = picture(self.view, self.options, width, height, colors, self.ascii, self.window)
            self._lines = [*lines, *[Text()] * (height - len(lines))]
            self._painted = wanted
        if is_new or ground != self._ground:
            self._strips = [self._strip(line, width, ground) for line in self._lines]
            self._ground = ground
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        return self._strips[y]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys would change something."""
        options, names = self.options, CHARTS[self.options.charts]
        match action:
            case "log":
                return any(name != "accuracy" and name not in SIZES for name in names)
            case "batches":
                return any(name in ("loss", "accuracy") for name in names)
            case "smooth":
                return options.smooths
            case _:
                return super().check_action(action, parameters)

    def action_charts(self) -> None:
        """Show the next chart."""
        self._choose(replace(self.options, charts=_after(self.options.charts, list(CHARTS))))

    def action_batches(self) -> None:
        """Show every batch, or whole epochs only."""
        self._choose(replace(self.options, batches=not self.options.batches))

    def action_log(self) -> None:
        """Make the vertical axis logarithmic or linear; that of accuracies is always linear."""
        self._choose(replace(self.options, log=not self.options.log))

    def action_log_x(self) -> None:
        """Make the axis of epochs logarithmic or linear."""
        self._choose(replace(self.options, log_x=not self.options.log_x))

    def action_smooth(self) -> None:
        """Smooth the curves more, after the strongest not at all."""
        self._choose(
            replace(self.options, smoothing=_after(self.options.smoothing, list(SMOOTHINGS)))
        )

    def axis(self) -> Axis | None:
        """The epochs, by batches or whole ones."""
        run = self.view.run
        return None if run is None else _axis(run, self.options, *self.size)

    def _choose(self, options: CurveOptions) -> None:
        self.options = options
        self.refresh()
        self.refresh_bindings()

    def _strip(self, line: Text, width: int, ground: Style) -> Strip:
        """A whole line on its ground; rich leaves a text's own style out where it has no spans."""
        console = self.app.console
        style = ground + console.get_style(line.style)
        return Strip(line.render(console)).apply_style(style).adjust_cell_length(width, ground)

    def _what_to_paint(self) -> tuple[object, object]:
        """What is new, and how it is looked at."""
        run, answers = self.view.run, self.view.answers
        version = run.version if run else 0
        looks = (run, self.size, self.options, self.window, self.app.theme)
        return (version, answers), looks


def _after(one: str, names: list[str]) -> str:
    return names[(names.index(one) + 1) % len(names)]


def _by_batch(options: CurveOptions) -> bool:
    return any(options.by_batch(name) for name in CHARTS[options.charts])


def _axis(run: RunState, options: CurveOptions, width: int, height: int) -> Axis:
    batches = _by_batch(options)
    return Axis(
        reach(run, batches=batches, log_x=options.log_x),
        places(run, batches=batches),
        chart_columns(options, width, height),
        LEAST_SHOWN / max(run.batches_per_epoch, 1) if batches else 1.0,
        options.log_x,
        grows_to(run),
    )


def picture(
    view: View,
    options: CurveOptions,
    width: int,
    height: int,
    colors: Palette,
    ascii: bool,
    window: Window | None = None,
) -> list[Text]:
    """The whole panel, at most `height` lines: charts, bars, what is told in words."""
    run, answers, window = view.run, view.answers, window or Window()
    if run is None and answers is None:
        nothing = [
            Text(shorten(line, width, ascii=ascii).center(width), colors.muted) for line in NOTHING
        ]
        return [*[Text()] * ((height - 1) // 2), *nothing][:height]
    lines: list[Text] = []
    both = len(CHARTS[options.charts]) > 1
    if answers is not None and (run is None or (both and height >= LOWEST_WITH_BARS)):
        lines = class_bars(answers, width, height // 3 if run else height, colors, ascii)
    if run is not None:
        lines += _words(run, options, window, width, height, colors)
        if height > len(lines):
            room = height - len(lines)
            lines = [*_charts(run, options, window, width, room, colors, ascii), *lines]
    return lines[-height:]


def _charts(
    run: RunState,
    options: CurveOptions,
    window: Window,
    width: int,
    height: int,
    colors: Palette,
    ascii: bool,
) -> list[Text]:
    """What is chosen; two charts stand beside each other or one above the other."""
    shown = _axis(run, options, width, height).shown(window)
    end = shown[1]
    hidden = mix(colors.ground, colors.muted, HIDDEN_SHARE)
    train, judge, *_ = colors.series
    curve_colors = CurveColors(train, judge, hidden, colors.series)

    def chart(name: str, width: int, height: int) -> list[Text]:
        series = curves(run, name, options, width, curve_colors, shown)
        log, batches = options.log_y(name), options.by_batch(name)
        late = name == "accuracy" and run.epochs and window.stretch is None and not options.log_x
        return line_chart(
            series,
            width=width,
            height=height,
            title=f"{'log ' if log else ''}{name} over {'log ' if options.log_x else ''}epochs",
            log_x=options.log_x,
            log_y=log,
            percent=name == "accuracy",
            x_range=shown,
            y_range=late_range(series, end) if late else None,
            marks=epoch_ends(run) if batches else [],
            remarks=change_places(run),
            cursor=window.cursor,
            foreground=colors.muted,
            ascii=ascii,
            joined=name in SIZES,
            empty=_empty(name, batches=batches),
        )

    names = CHARTS[options.charts]
    if len(names) == 1 or (height < LOWEST_PAIR and not _beside(width, height)):
        return chart(names[0], width, height)
    if _beside(width, height):
        half = (width - 2) // 2
        left_one, right_one = (chart(name, half, height) for name in names)
        gap = width - half
        return [
            Text.assemble(left, " " * (gap - left.cell_len), right)
            for left, right in zip(left_one, right_one, strict=True)
        ]
    lower = height // 2
    return chart(names[0], width, height - lower) + chart(names[1], width, lower)


def _empty(name: str, *, batches: bool) -> str:
    """What stands in place of a chart."""
    if name in SIZES:
        return "no sizes yet: they come once a second, in runs of this version"
    return "no batches yet" if batches else "no epoch is over yet: b shows batches"


def _beside(width: int, height: int) -> bool:
    """Whether two charts stand beside each other."""
    return width >= SIDE_BY_SIDE or (height < 2 * LOWEST_CHART and width >= NARROWEST_PAIR)


def chart_columns(options: CurveOptions, width: int, height: int) -> int:
    """About how many columns the curves of a chart have."""
    pair = len(CHARTS[options.charts]) > 1 and _beside(width, height)
    return max((width // 2 if pair else width) - LABELS, 2)


def _words(
    run: RunState, options: CurveOptions, window: Window, width: int, height: int, colors: Palette
) -> list[Text]:
    """What stands at the cursor, or without one the newest figures in a line."""
    if window.cursor is None:
        return [figures(run, options, width, colors)]
    axis = _axis(run, options, width, height)
    by_batch = replace(options, batches=_by_batch(options))
    told = readout(run, by_batch, window.cursor, axis.shown(window), axis.columns)
    return told_at_cursor(told, width, height, colors.muted)


def figures(run: RunState, options: CurveOptions, width: int, colors: Palette) -> Text:
    """The newest figures in one line; where there is no room for all, the last ones go."""
    parts = []
    if len(run.losses):
        parts.append(("loss", formats.loss(float(run.losses[-RECENT:].mean()))))
        parts.append(("accuracy", formats.percent(float(run.accuracies[-RECENT:].mean()))))
    if run.epochs:
        name = f"{judge(run)}_accuracy"
        best = max(getattr(epoch, name) for epoch in run.epochs)
        parts.append(("best", formats.percent(best)))
    parts.append(("rate", formats.rate(run.learning_rate)))
    if options.smooths:
        parts.append(("smoothing", options.smoothing))
    return flowing(parts, width, 1, colors.muted)[0]
