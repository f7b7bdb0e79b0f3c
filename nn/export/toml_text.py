"""A configuration as TOML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from nn.config import RunConfig


def as_toml(config: RunConfig) -> str:
    """A configuration as `cnn-tui train --config` reads it."""
    values = config.model_dump(mode="json", exclude_none=True)
    return "\n".join(_table(values, "")).strip() + "\n"


def _table(values: Mapping[str, object], name: str) -> Iterator[str]:
    """A table's own values, then the tables in it."""
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    lists = {key: value for key, value in values.items() if _is_tables(value)}
    for key, value in values.items():
        if key not in tables and key not in lists:
            yield f"{key} = {_value(value)}"
    for key, table in tables.items():
        yield f"\n[{name}{key}]"
        yield from _table(table, f"{name}{key}.")
    for key, items in lists.items():
        assert isinstance(items, list), "so it was chosen"
        for item in items:
            yield f"\n[[{name}{key}]]"
            yield from (f"{field} = {_value(value)}" for field, value in item.items())


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _value(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_value(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # A string, a number or a truth value is written as in JSON.
    return json.dumps(value, ensure_ascii=False)
