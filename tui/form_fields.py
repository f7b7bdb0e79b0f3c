"""The fields of a form, found from the declarations of a configuration.

Whoever adds a layer, an optimizer or a setting to `nn` finds it here without a change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from nn.schema import Schema

FieldKind = Literal["integer", "number", "text", "choice", "size", "list", "json"]


@dataclass(frozen=True)
class Field:
    """One line of a form.

    `default` is the declared default as text. `heading` is the name of the group that begins with
    this field, as augmentation. A `tagged` choice decides which fields follow below
    its path. `live` fields may change while a run trains. Layers inside a layer are one line of
    `json`: a form of any depth would be harder to read.
    """

    path: str
    label: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    help: str = ""
    optional: bool = False
    live: bool = False
    default: str = ""
    tagged: bool = False
    heading: str = ""

    def show(self, value: object) -> str:
        """A value of this field as one would type it."""
        return _show(value, self.kind)


def fields_of(schema: Schema | type[Schema], prefix: str = "") -> list[Field]:
    """Every field that a person may fill in, in the order of the declarations.

    `prefix` is the path of the whole, as in `training`. Groups are walked through. A union of kinds
    is a choice, followed by the fields of the chosen kind: that of an instance, or the default one.
    """
    if isinstance(schema, type):
        return fields_by_kind(schema, {}, prefix)
    kinds = {
        path: _show(value, "choice")
        for path, value in _values(schema, prefix)
        if isinstance(value, Schema)
    }
    return fields_by_kind(type(schema), kinds, prefix)


def fields_by_kind(schema: type[Schema], kinds: Mapping[str, str], prefix: str = "") -> list[Field]:
    """The same, where `kinds` says by path which kind of each union is chosen."""
    return list(_walk(schema, prefix, kinds, live=False))


def texts_of(schema: Schema) -> dict[str, str]:
    """What stands in each field, by path."""
    return dict(_texts_of(schema))


@lru_cache(maxsize=16)
def _texts_of(schema: Schema) -> Mapping[str, str]:
    """Designs are compared at every key: to find their fields takes milliseconds."""
    values = dict(_values(schema, ""))
    return {field.path: field.show(values[field.path]) for field in fields_of(schema)}


def parse(field: Field, text: str) -> Any:
    """The value that a text means; one that means none stays text, for the schema to judge."""
    text = text.strip()
    if not text and field.optional:
        return None
    try:
        match field.kind:
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "list":
                return text.replace(",", " ").split()
            case "json":
                return json.loads(text)
            case _:
                return text
    except (ValueError, RecursionError):
        return text


def _walk(
    schema: type[Schema], prefix: str, kinds: Mapping[str, str], *, live: bool
) -> Iterator[Field]:
    for name, info in schema.model_fields.items():
        annotation, optional = _bare(info.annotation)
        extra = info.json_schema_extra
        inside = "kind" in schema.model_fields and _item_members(annotation)
        kind: FieldKind = "json" if inside else _kind(annotation)
        field = Field(
            f"{prefix}.{name}" if prefix else name,
            name.replace("_", " "),
            kind,
            help=info.description or "",
            optional=optional,
            live=live or (isinstance(extra, dict) and extra.get("live") is True),
            default=_show(_default(info), kind),
        )
        yield from _expand(field, annotation, kinds)


def _expand(field: Field, annotation: Any, kinds: Mapping[str, str]) -> Iterator[Field]:
    """What a declaration means for the form: one field, a group of them, or none."""
    if field.kind == "json":
        yield field
    elif isinstance(annotation, type) and issubclass(annotation, Schema):
        heading = field.label if "." in field.path else ""
        for each in _walk(annotation, field.path, kinds, live=field.live):
            yield replace(each, heading=heading) if heading else each
            heading = ""
    elif members := _members(annotation):
        yield from _choice_and_fields(field, members, kinds)
    elif members := _item_members(annotation):
        number = 0
        while (path := f"{field.path}.{number}") in kinds:
            number += 1
            item = replace(field, path=path, label=f"{field.label.removesuffix('s')} {number}")
            yield from _choice_and_fields(item, members, kinds)
    elif get_origin(annotation) is Literal:
        choices = tuple(str(choice) for choice in get_args(annotation))
        if len(choices) > 1:
            yield replace(field, choices=choices)
    elif annotation is bool:
        yield replace(field, choices=("true", "false"))
    else:
        yield field


def _choice_and_fields(
    field: Field, members: Mapping[str, type[Schema]], kinds: Mapping[str, str]
) -> Iterator[Field]:
    default = field.default or next(iter(members))
    yield replace(field, kind="choice", choices=tuple(members), default=default, tagged=True)
    chosen = members.get(kinds.get(field.path, default))
    if chosen is not None:
        yield from _walk(chosen, field.path, kinds, live=field.live)


def _bare(annotation: Any) -> tuple[Any, bool]:
    """An annotation without its metadata and without None, and whether None was in it."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    others = [part for part in parts if part is not type(None)]
    if len(others) == 1:
        return _bare(others[0])[0], True
    return annotation, len(others) < len(parts)


def _members(annotation: Any) -> dict[str, type[Schema]]:
    """The members of a union of schemas by their kind; empty for anything else."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    if not all(isinstance(part, type) and issubclass(part, Schema) for part in parts):
        return {}
    return {part.model_fields["kind"].default: part for part in parts}


def _item_members(annotation: Any) -> dict[str, type[Schema]]:
    """The members of a list of such a union; empty for anything else."""
    items = get_args(annotation)[:1] if get_origin(annotation) is tuple else ()
    return _members(_bare(items[0])[0]) if items else {}


def _kind(annotation: Any) -> FieldKind:
    if annotation is bool or get_origin(annotation) is Literal:
        return "choice"
    if annotation == tuple[int, int]:
        return "size"
    if get_origin(annotation) is tuple:
        return "list"
    return "integer" if annotation is int else "number" if annotation is float else "text"


def _default(info: FieldInfo) -> Any:
    default = info.get_default(call_default_factory=True, validated_data={})
    return None if default is PydanticUndefined else default


def _values(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Everything in a configuration by its path, groups and layers included."""
    yield path, value
    if isinstance(value, Schema):
        for name in type(value).model_fields:
            yield from _values(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _values(item, f"{path}.{number}")


def _brief(value: object) -> Any:
    """A value as JSON has it, of layers only what is not the default."""
    if isinstance(value, (tuple, list)):
        return [_brief(item) for item in value]
    if not isinstance(value, Schema):
        return value
    plain = value.model_dump(mode="json")
    changed = {
        name: _brief(getattr(value, name)) if isinstance(plain[name], list) else plain[name]
        for name, info in type(value).model_fields.items()
        if getattr(value, name) != _default(info)
    }
    return {"kind": plain["kind"], **changed}


def _show(value: object, kind: FieldKind) -> str:
    match value:
        case _ if kind == "json":
            return json.dumps(_brief(value), ensure_ascii=False)
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return repr(value).removesuffix(".0")
        case Schema():
            return str(getattr(value, "kind", ""))
        case tuple() | list() if kind == "size":
            return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"
        case tuple() | list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
