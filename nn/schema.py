"""The base of every configuration: typed, bounded, frozen, and clear about what is wrong."""

from __future__ import annotations

from typing import Any, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

_KINDS: set[str | int] = set()
"""Every `kind` of the tagged unions: pydantic puts them into the location of an error."""

_NUMBERS = (int, float, int | None, float | None)

MOST_SHOWN = 100
"""So many characters of a wrong value say which it is."""


class InputError(ValueError):
    """Something that a person gave is wrong; the message is one sentence saying how to mend it."""


def show(value: object) -> str:
    """A wrong value as a sentence names it; of a long one, such as a text pasted, the beginning."""
    shown = repr(value)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."


class Schema(BaseModel):
    """A declaration of fields that drives validation, files, the command line and the form."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, strict=False
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        kind = cls.model_fields.get("kind")
        if kind is not None and isinstance(kind.default, str):
            _KINDS.add(kind.default)

    @model_validator(mode="before")
    @classmethod
    def _check_plain_values(cls, values: Any) -> Any:
        """Pydantic does not say which fields there are, and would take true for 1.

        Empty text in a field that may be None is None, wherever it was typed.
        """
        if not isinstance(values, dict) or cls.model_config.get("extra") != "forbid":
            return values
        checked = {}
        for name, value in values.items():
            if name not in cls.model_fields:
                known = ", ".join(cls.model_fields)
                raise ValueError(f"there is no field {name!r}; choose one of {known}")
            annotation = cls.model_fields[name].annotation
            if isinstance(value, bool) and annotation in _NUMBERS:
                raise ValueError(f"{name} cannot be {value}; give a number")
            optional = type(None) in get_args(annotation)
            empty = isinstance(value, str) and not value.strip()
            checked[name] = None if optional and empty else value
        return checked

    @classmethod
    def parse(cls, values: object, where: str = "") -> Self:
        """Validate plain values (from JSON, TOML or a form).

        Raises:
            InputError: naming the first wrong field, what it was and what would do.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(
                "; ".join(message for _, message in problems(error, where)[:1])
            ) from None


def setting(default: Any, help: str, *, live: bool = False, **bounds: Any) -> Any:
    """A field with its default, bounds and one line of help.

    `live` marks a field that may change while a run trains.
    """
    return Field(default, description=help, json_schema_extra={"live": live}, **bounds)


def problems(error: ValidationError, where: str = "") -> list[tuple[tuple[str | int, ...], str]]:
    """Every wrong field of a validation error, as its path and a sentence about it."""
    found = []
    for item in error.errors():
        # A kind follows the field that has it; what comes first is a field, also if named like one.
        loc = item["loc"]
        path = loc[:1] + tuple(part for part in loc[1:] if part not in _KINDS)
        name = ".".join(str(part) for part in path) or "configuration"
        found.append((path, f"{where}{name}: {_sentence(item)}"))
    return found


def _sentence(item: Any) -> str:
    context = item.get("ctx", {})
    given = item["input"]
    shown = show(given)
    if isinstance(given, (dict, list)):
        shown = "a list" if isinstance(given, list) else "a group of fields"
    match item["type"]:
        case "greater_than":
            return f"{shown} is too small; give a number greater than {context['gt']:g}"
        case "greater_than_equal":
            return f"{shown} is too small; give {context['ge']:,} or more"
        case "less_than":
            return f"{shown} is too large; give a number less than {context['lt']:,}"
        case "less_than_equal":
            return f"{shown} is too large; give {context['le']:,} or less"
        case "int_parsing" | "int_parsing_size" | "int_type" | "int_from_float":
            return f"{shown} is not a whole number; write one such as 10"
        case "float_parsing" | "float_type" | "finite_number":
            return f"{shown} is not a number; write one such as 0.5"
        case "bool_parsing" | "bool_type":
            return f"{shown} is neither true nor false"
        case "literal_error" | "enum":
            return f"{shown} is not known; choose {context['expected']}"
        case "union_tag_invalid":
            return f"{show(context['tag'])} is not known; choose one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"no {context['discriminator']} is given; it says which kind this is"
        case "string_type":
            return f"{shown} is not text"
        case "tuple_type":
            return f"{shown} is not a list"
        case "unexpected_keyword_argument":
            return "there is no such field"
        case "model_type" | "model_attributes_type" | "dataclass_type":
            return f"{shown} is not a group of fields"
        case "missing":
            return "a value is needed"
        case "too_short":
            return f"{context['min_length']} or more are needed"
        case "value_error":
            return str(context["error"]).replace(repr(given), show(given))
        case _:
            return f"{shown}: {item['msg']}"
