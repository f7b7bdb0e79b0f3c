"""Taking edits of a form back, and doing them again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.config import preset
from tui.form import LAYER_KINDS, LIST, Draft


@pytest.fixture
def draft() -> Draft:
    return Draft(preset("lenet"))


def test_there_is_nothing_to_take_back_at_first(draft: Draft) -> None:
    before = dict(draft.texts)
    assert (draft.history.last, draft.history.next) == ("", "")
    assert (draft.undo(), draft.redo()) == ("", "")
    assert draft.texts == before


EDITS: dict[str, tuple[Callable[[Draft], object], str]] = {
    "add": (lambda draft: draft.add_layer("dropout", 2), "layer 3, dropout, added"),
    "drop": (lambda draft: draft.drop_layer(0), "layer 1, conv2d, dropped"),
    "move": (lambda draft: draft.move_layer(3, -1), "layer 4, conv2d, moved"),
    "duplicate": (lambda draft: draft.duplicate_layer(1), "layer 2, relu, duplicated"),
    "type": (lambda draft: draft.set(f"{LIST}.0.filters", "x"), "layer 1, filters: x"),
    "empty": (lambda draft: draft.set("data.dataset", ""), "dataset: empty"),
    "choose": (lambda draft: draft.set("training.optimizer", "sgd"), "optimizer: sgd"),
    "preset": (lambda draft: draft.use(preset("mlp"), "preset mlp"), "preset mlp"),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_is_taken_back_and_done_again(draft: Draft, name: str) -> None:
    edit, what = EDITS[name]
    before = dict(draft.texts), dict(draft.errors), draft.config, draft.plan
    edit(draft)
    after = dict(draft.texts), dict(draft.errors), draft.config, draft.plan
    assert before[0] != after[0]
    assert draft.history.last == what
    assert draft.undo() == draft.history.next == what
    assert (draft.texts, draft.errors, draft.config, draft.plan) == before
    assert draft.redo() == draft.history.last == what
    assert (draft.texts, draft.errors, draft.config, draft.plan) == after


def test_what_is_typed_into_one_field_is_one_edit(draft: Draft) -> None:
    before = dict(draft.texts)
    for text in ("6", "64", "640"):
        draft.set(f"{LIST}.0.filters", text)
    draft.set(f"{LIST}.3.filters", "7")
    assert draft.undo() == "layer 4, filters: 7"
    assert draft.texts[f"{LIST}.0.filters"] == "640"
    assert draft.undo() == "layer 1, filters: 640"
    assert draft.texts == before


def test_typing_after_taking_back_is_an_edit_of_its_own(draft: Draft) -> None:
    draft.set("training.epochs", "7")
    draft.set("training.seed", "1")
    draft.undo()
    draft.set("training.epochs", "8")
    assert draft.history.next == ""
    draft.undo()
    assert draft.texts["training.epochs"] == "7"


def test_what_changes_nothing_is_no_edit(draft: Draft) -> None:
    draft.move_layer(0, -1)
    draft.set("training.epochs", draft.texts["training.epochs"])
    draft.use(preset("lenet"))
    assert draft.history.last == ""
    draft.set("training.epochs", "50")
    draft.set("training.epochs", draft.texts["training.epochs"].removesuffix("0"))
    assert draft.history.last == "", "typed, and taken back by hand"


def test_a_double_is_a_layer_of_its_own(draft: Draft) -> None:
    draft.duplicate_layer(3)
    draft.set(f"{LIST}.4.filters", "99")
    assert [draft.texts[f"{LIST}.{index}.filters"] for index in (3, 4)] == ["16", "99"]
    assert draft.layer_kind(5) == "relu"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(LAYER_KINDS), st.integers(0, 20)),
        st.tuples(st.sampled_from(["drop", "double", "up", "down"]), st.integers(0, 20)),
        st.tuples(st.just("type"), st.integers(0, 99)),
    ),
    max_size=12,
)


@given(STEPS)
def test_any_edits_are_all_taken_back_and_all_done_again(steps: list[tuple[object, ...]]) -> None:
    draft = Draft(preset("small"))
    first = dict(draft.texts)
    for step in steps:
        last = draft.layer_count - 1
        match step:
            case ("add", str(kind), int(at)):
                draft.add_layer(kind, min(at, last + 1))
            case ("type", int(number)):
                draft.set("training.epochs", str(number))
            case (_, int()) if last < 0:
                continue
            case ("drop", int(at)):
                draft.drop_layer(min(at, last))
            case ("double", int(at)):
                draft.duplicate_layer(min(at, last))
            case (str(way), int(at)):
                draft.move_layer(min(at, last), -1 if way == "up" else 1)
    end = dict(draft.texts)
    while draft.undo():
        pass
    assert draft.texts == first
    while draft.redo():
        pass
    assert draft.texts == end
