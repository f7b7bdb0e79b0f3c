"""`cnn-tui lr-find`: which learning rate suits a configuration."""

from __future__ import annotations

import json
import os

from rich.console import Console
from rich.progress import Progress

from nn.config import RunConfig
from nn.rate_finder import RateTest, RateTested, RateTried
from nn.runs.rate_process import RateProcess
from nn.runs.side_process import WorkError
from tui.commands.saying import complain, say, tell
from tui.exits import Exit
from tui.render.rate_chart import rate_chart
from tui.terminal.kind import wants_ascii

CHART = (76, 16)
"""Columns and lines of the chart; a narrow terminal takes columns away."""


def lr_find(config: RunConfig, test: RateTest, *, as_json: bool) -> Exit:
    """Test rates and print what was found.

    Raises:
        InputError: if the configuration cannot run.
    """
    try:
        tried, result = _follow(config, test)
    except KeyboardInterrupt:
        tell("interrupted: no rate was found")
        return Exit.INTERRUPTED
    except WorkError as error:
        complain(str(error))
        return Exit.FAILED
    if as_json:
        _print_json(tried, result)
    else:
        _print_chart(test, tried, result)
    if result.suggestion is None:
        complain(result.sentence)
        return Exit.FAILED
    return Exit.DONE


def _follow(config: RunConfig, test: RateTest) -> tuple[list[RateTried], RateTested]:
    tried: list[RateTried] = []
    console = Console(stderr=True)
    with (
        RateProcess(config, test) as process,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("trying rates", total=test.steps)
        for event in process.events():
            if isinstance(event, RateTested):
                return tried, event
            tried.append(event)
            progress.update(task, completed=event.step)
    raise AssertionError("a test ends with its result")


def _print_json(tried: list[RateTried], result: RateTested) -> None:
    curves = {
        "rates": [each.learning_rate for each in tried],
        "losses": [each.loss for each in tried],
        "smoothed": [each.smoothed for each in tried],
    }
    print(json.dumps(curves | result.model_dump(exclude={"event"})))


def _print_chart(test: RateTest, tried: list[RateTried], result: RateTested) -> None:
    console, (width, height) = Console(), CHART
    chart = rate_chart(
        test,
        tried,
        result.suggestion,
        width=min(width, console.width),
        height=height,
        ascii=wants_ascii(os.environ),
    )
    print("\n".join(line.rstrip() for line in chart.plain.split("\n")))
    if result.suggestion is not None:
        say(f"\n{result.sentence}")
        print(f"--set training.learning_rate={result.suggestion:g}")
