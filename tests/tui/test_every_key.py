"""Every key that the dashboard shows is used by some test.

A test uses a key where its file has the key's name as a text of its own, or as a letter of a text
whose letters are pressed one after another (`*"abc"`).
"""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from all_keys import declared

FILES = {
    "ClassTable": "panels/test_panel_classes.py",
    "ClassesPanel": "panels/test_panel_classes.py",
    "Compare": "test_app_compare.py",
    "CompareChart": "test_app_compare.py",
    "CompareTable": "test_app_compare.py",
    "ConfusionPanel": "panels/test_panel_confusion.py",
    "CurvesPanel": "panels/test_panel_curves.py",
    "Dashboard": "test_app.py test_app_advice.py test_app_design.py test_app_library.py",
    "Dialog": "test_app_library.py",
    "DrawPanel": "panels/test_panel_draw.py test_app_draw.py",
    "FieldRow": "test_form_rows.py",
    "FieldSelect": "test_form_rows.py",
    "Grid": "panels/test_panel_mistakes.py",
    "HeatTable": "panels/test_panel_confusion.py",
    "Help": "test_remembered.py",
    "InsidePanel": "test_app_inside.py",
    "LargePicture": "panels/test_panel_mistakes.py",
    "LayerList": "test_app_design.py",
    "MistakesPanel": "panels/test_panel_mistakes.py test_app_inside.py",
    "NetworkPanel": "test_app_design.py",
    "ProfilePanel": "test_app_profile.py",
    "RatePanel": "test_app_rate.py",
    "RunTable": "panels/test_panel_runs.py",
    "RunsPanel": "panels/test_panel_runs.py",
    "Tour": "test_remembered.py",
    "TrainingPanel": "test_app_design.py",
}
"""Which files have the tests that use the keys of a class."""


@cache
def texts(file: str) -> frozenset[str]:
    """All that could be a key in a file of tests."""
    tree = ast.walk(ast.parse((Path(__file__).parent / file).read_text("utf-8")))
    found: set[str] = set()
    for node in tree:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Starred) and isinstance(node.value, ast.Constant):
            found |= set(str(node.value.value))
    return frozenset(found)


def shown() -> dict[tuple[str, str], set[str]]:
    """The keys of each class and action that are told in the line at the bottom."""
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for owner, binding in declared():
        if binding.show:
            keys[owner.__name__, binding.action].add(binding.key)
    return keys


@pytest.mark.parametrize(("owner", "action"), sorted(shown()), ids=lambda name: name)
def test_a_key_that_is_shown_is_used_by_a_test(owner: str, action: str) -> None:
    assert owner in FILES, f"say in FILES where the tests of {owner}'s keys are"
    keys, files = shown()[owner, action], FILES[owner].split()
    assert any(keys & texts(file) for file in files), f"nobody presses {keys}, {action}, in {files}"
