"""Each kind of wrong value gets one sentence: the field, what it was and what would do."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError

from nn.schema import InputError, Schema, problems, setting


class Cat(Schema):
    kind: Literal["cat"] = "cat"
    lives: int = setting(9, "left", ge=0, le=9)


class Dog(Schema):
    kind: Literal["dog"] = "dog"


class Owner(Schema):
    name: str = setting("Ann", "given name")
    age: int | None = setting(None, "in years", gt=0, lt=150)
    height: float = setting(1.7, "in metres", live=True)
    insured: bool = setting(False, "against bites")
    sizes: tuple[int, ...] = setting((1,), "of shoes", min_length=1)
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = setting(Cat(), "at home")
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...] = setting((), "at work")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"age": 0}, "age: 0 is too small; give a number greater than 0"),
        ({"age": 150}, "age: 150 is too large; give a number less than 150"),
        ({"pet": {"kind": "cat", "lives": -1}}, "pet.lives: -1 is too small; give 0 or more"),
        ({"pet": {"kind": "cat", "lives": 10}}, "pet.lives: 10 is too large; give 9 or less"),
        ({"age": "old"}, "age: 'old' is not a whole number; write one such as 10"),
        ({"age": 1.5}, "age: 1.5 is not a whole number; write one such as 10"),
        ({"age": [1]}, "age: a list is not a whole number; write one such as 10"),
        ({"age": "1" * 5000}, f"age: '{'1' * 99}... is not a whole number; write one such as 10"),
        ({"age": True}, "age cannot be True; give a number"),
        ({"height": "tall"}, "height: 'tall' is not a number; write one such as 0.5"),
        ({"height": False}, "height cannot be False; give a number"),
        ({"height": float("nan")}, "height: nan is not a number; write one such as 0.5"),
        ({"height": float("-inf")}, "height: -inf is not a number; write one such as 0.5"),
        ({"height": None}, "height: None is not a number; write one such as 0.5"),
        ({"insured": "perhaps"}, "insured: 'perhaps' is neither true nor false"),
        ({"name": 5}, "name: 5 is not text"),
        ({"sizes": []}, "sizes: 1 or more are needed"),
        ({"sizes": "many"}, "sizes: 'many' is not a list"),
        ({"sizes": [1, "x"]}, "sizes.1: 'x' is not a whole number; write one such as 10"),
        ({"pet": "cat"}, "pet: 'cat' is not a group of fields"),
        ({"pet": {}}, "pet: no 'kind' is given; it says which kind this is"),
        ({"pet": {"kind": "cow"}}, "pet: 'cow' is not known; choose one of 'cat', 'dog'"),
        (
            {"pets": [{"kind": "cat", "lives": "x"}]},
            "pets.0.lives: 'x' is not a whole number; write one such as 10",
        ),
        ({"pets": {}}, "pets: a group of fields is not a list"),
        (
            {"pet": {"kind": "dog", "lives": 1}},
            "pet: there is no field 'lives'; choose one of kind",
        ),
        ([], "configuration: a list is not a group of fields"),
        (None, "configuration: None is not a group of fields"),
    ],
)
def test_sentences(values: Any, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Owner.parse(values)
    assert str(caught.value).removeprefix("configuration: ") == sentence.removeprefix(
        "configuration: "
    )
    with pytest.raises(InputError) as caught:
        Owner.parse(values, "pets.toml: ")
    assert str(caught.value).startswith("pets.toml: ")


def test_an_unknown_field_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        Cat.parse({"live": 3})
    assert str(caught.value) == (
        "configuration: there is no field 'live'; choose one of kind, lives"
    )


def test_text_from_a_form_becomes_numbers() -> None:
    owner = Owner.parse({"age": "40", "height": "1e0", "insured": "true"})
    assert (owner.age, owner.height, owner.insured) == (40, 1.0, True)


def test_every_problem_is_found_with_its_path() -> None:
    with pytest.raises(ValidationError) as caught:
        Owner.model_validate({"age": 0, "pet": {"kind": "cat", "lives": 10}})
    found = problems(caught.value)
    assert [path for path, _ in found] == [("age",), ("pet", "lives")]
    assert found[1][1] == "pet.lives: 10 is too large; give 9 or less"


def test_values_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Cat().lives = 8  # type: ignore[misc]


def test_empty_text_is_none_where_none_may_stand() -> None:
    class Form(Schema):
        limit: int | None = 5
        share: float | None = 0.5
        name: str | None = "x"
        count: int = 3
        title: str = "y"

    empty = Form.parse({"limit": "", "share": " ", "name": "", "title": ""})
    assert empty == Form(limit=None, share=None, name=None, title="")
    with pytest.raises(
        InputError, match=r"^count: '' is not a whole number; write one such as 10$"
    ):
        Form.parse({"count": ""})


def test_a_long_value_is_named_by_its_beginning() -> None:
    with pytest.raises(InputError) as raised:
        Owner.parse({"age": "a" * 5000})
    sentence = str(raised.value)
    assert sentence.startswith("age: 'aaa")
    assert sentence.endswith("... is not a whole number; write one such as 10")
    assert len(sentence) < 200
