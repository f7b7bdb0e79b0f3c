"""The command itself: it shows around once, remembers, and minds no file that cannot be written."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from terminals import Terminal, dashboard, environment


def test_the_first_start_shows_around_and_the_second_opens_as_it_was_left(tmp_path: Path) -> None:
    surroundings = environment(CNN_TUI_SETTINGS=str(tmp_path / "new" / "settings.json"))
    with Terminal(dashboard(tmp_path), environment=surroundings) as terminal:
        terminal.see("1 of 4")
        terminal.press("q")
        terminal.see("Nothing trained yet")
        terminal.press("3")
        terminal.see("No answers yet")
        terminal.press("q")
        assert terminal.wait() == 0
    settings = json.loads((tmp_path / "new" / "settings.json").read_text())
    assert settings["view"] == "confusion"
    with Terminal(dashboard(tmp_path), environment=surroundings) as terminal:
        terminal.see("No answers yet")
        assert "1 of 4" not in terminal.screen()
        terminal.press("5")
        terminal.see("No runs yet")
        terminal.signal(signal.SIGTERM)
        terminal.wait()
    settings = json.loads((tmp_path / "new" / "settings.json").read_text())
    assert settings["view"] == "runs", "also when it was ended"


def test_without_a_place_to_write_it_says_so_once_and_works(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    surroundings = environment(CNN_TUI_SETTINGS=str(tmp_path / "file" / "settings.json"))
    with Terminal(dashboard(tmp_path), environment=surroundings) as terminal:
        terminal.see("directory).")
        terminal.see("Nothing trained yet")
        terminal.press("q")
        assert terminal.wait() == 0
        assert "cnn-tui: " not in terminal.text(), "it was told on the screen"
