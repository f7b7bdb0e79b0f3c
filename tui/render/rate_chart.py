"""The curve of a learning rate test."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from nn.rate_finder import RateTest, RateTried
from tui.render.charts import Series, line_chart


def rate_chart(
    test: RateTest,
    tried: Sequence[RateTried],
    suggestion: float | None,
    *,
    width: int,
    height: int,
    color: str = "#808080",
    foreground: str = "#808080",
    ascii: bool = False,
) -> Text:
    """The smoothed loss over all rates of a test, with a line at the one that is suggested."""
    curve = Series(
        "smoothed loss",
        [each.learning_rate for each in tried],
        [each.smoothed for each in tried],
        color,
    )
    return line_chart(
        [curve],
        width=width,
        height=height,
        title="loss over learning rate",
        log_x=True,
        x_range=(test.start, test.end),
        marks=[] if suggestion is None else [suggestion],
        foreground=foreground,
        ascii=ascii,
        empty="no batches yet",
    )
