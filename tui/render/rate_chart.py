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
    """The smoothed loss over all rates of a test, with a line at the one that is suggested.

    What is above one and a half times the first loss is left out: that it explodes can be seen, and
    the fall before, which matters, has the room.
    """
    losses = [each.smoothed for each in tried]
    curve = Series("smoothed loss", [each.learning_rate for each in tried], losses, color)
    lines = line_chart(
        [curve],
        width=width,
        height=height,
        title="loss over learning rate",
        log_x=True,
        x_range=(test.start, test.end),
        y_range=(0.0, 1.5 * losses[0]) if losses else None,
        marks=[] if suggestion is None else [suggestion],
        foreground=foreground,
        ascii=ascii,
        empty="no batches yet",
    )
    return Text("\n").join(lines)
