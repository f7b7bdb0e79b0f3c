"""Copying from the dashboard, also over SSH and without OSC 52."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest
from dashboards import CONFIG, fake_run, screen_text, see, until
from terminals import Terminal, dashboard, environment

from nn import presets
from nn.config import RunConfig, preset, read_config
from nn.export.code import write
from nn.export.toml_text import as_toml
from nn.runs.folder import Library
from tui.app import Dashboard


@pytest.mark.parametrize("name", presets.names())
def test_a_configuration_survives_the_way_through_toml(name: str, tmp_path: Path) -> None:
    config = preset(name).changed(
        {"data.dataset": '/a "strange" \\ näme'}
        if name == "small"
        else {"data.limit": 123, "training.augmentation": "suggested"}
    )
    text = as_toml(config)
    assert RunConfig.parse(tomllib.loads(text)) == config
    file = tmp_path / "copied.toml"
    file.write_text(text, "utf-8")
    assert read_config(file) == config


async def test_the_texts_can_be_read_where_nothing_can_be_copied(tmp_path: Path) -> None:
    with fake_run(tmp_path) as trainer:
        app = Dashboard(Library(tmp_path), trainer.run)
        async with app.run_test(size=(120, 60)) as pilot:
            await until(pilot, lambda: app.session.run is not None)
            await pilot.press("y")
            await see(pilot, "[[network.layers]]")
            assert str(trainer.run.path) in unbroken(screen_text(app))
            await pilot.press("k")
            await see(pilot, "import keras")
            await pilot.press("p")
            await see(pilot, "the path was given")
            assert app.clipboard == str(trainer.run.path)


def unbroken(text: str) -> str:
    """What stands in a box, without the breaks that it makes in a long path."""
    lines = text.splitlines()
    top = next(line for line in lines if "╭─ Copy" in line)
    left = top.index("╭─ Copy")
    inside = slice(left + 1, top.index("╮", left))
    scroll_bar = "▁▂▃▄▅▆▇█"
    return "".join(line[inside].rstrip(scroll_bar + " ").strip() for line in lines)


async def test_without_a_run_it_is_the_design(tmp_path: Path) -> None:
    app = Dashboard(Library(tmp_path), config=CONFIG)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("y", "i", "c")
        await see(pilot, "the configuration as TOML was given")
        assert RunConfig.parse(tomllib.loads(app.clipboard)) == CONFIG
        await pilot.press("t")
        await see(pilot, "the network as PyTorch code was given")
        assert app.clipboard == write(CONFIG, "pytorch")
        await see(pilot, "in cnn-tui, as PyTorch code")


def test_the_terminal_gets_what_is_copied(tmp_path: Path) -> None:
    with (
        fake_run(tmp_path) as trainer,
        Terminal(dashboard(tmp_path, "attach"), environment=environment()) as terminal,
    ):
        terminal.see("space pause")
        terminal.press("y")
        terminal.see("i  id")
        terminal.press("i")
        code = base64.b64encode(trainer.run.id.encode())
        wanted = b"\x1b]52;c;" + code + b"\x07"
        terminal.wait_until(lambda: wanted in terminal.written, "nothing is copied")
