"""Write docs/reference.md anew, from the declarations of the configuration.

python docs/reference.py > docs/reference.md
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from nn.config import DataConfig, TrainingConfig
from nn.layers import LAYERS
from nn.optimizers import AnyOptimizer
from nn.schedules import AnySchedule
from nn.schema import Schema
from tui.form_fields import Field, fields_of

TOP = """\
# Everything that can be set

Written by `python docs/reference.py` from the declarations in `nn/`; a test holds this page to
them. Each field can be set in a file (TOML or JSON), with `--set FIELD=VALUE`, and in the
dashboard's form. Fields marked `live` may change while a run trains. Formulas and their sources
stand in the classes' own texts.
"""


def page() -> str:
    """The whole page."""
    return "\n".join((TOP, *_pages())).rstrip() + "\n"


def _pages() -> Iterator[str]:
    unions = ("training.optimizer.", "training.schedule.")
    yield "## Data and training\n"
    fields = [*fields_of(DataConfig, "data"), *fields_of(TrainingConfig, "training")]
    yield _table([field for field in fields if not field.path.startswith(unions)], whole=True)
    yield "\n## Layers\n"
    yield "One after another in `network.layers`, each with its `kind`.\n"
    yield from _kinds(LAYERS)
    yield "\n## Optimizers\n"
    yield "`training.optimizer`: a `kind` and its fields.\n"
    yield from _kinds(get_args(get_args(AnyOptimizer)[0]))
    yield "\n## Schedules\n"
    yield "`training.schedule`: a `kind` and its fields.\n"
    yield from _kinds(get_args(get_args(AnySchedule)[0]))


def _kinds(schemas: Sequence[type[Schema]]) -> Iterator[str]:
    for schema in schemas:
        kind = schema.model_fields["kind"].default
        yield f"### `{kind}`\n\n{_first_paragraph(schema)}\n"
        if fields := fields_of(schema):
            yield _table(fields, whole=False) + "\n"


def _table(fields: Sequence[Field], *, whole: bool) -> str:
    head = "| field | default | what it is |\n|---|---|---|"
    return "\n".join((head, *(_row(field, whole) for field in fields)))


def _row(field: Field, whole: bool) -> str:
    name = field.path if whole else field.path.rpartition(".")[2]
    texts = [field.help + (" (live)" if whole and field.live else "")]
    if field.choices and not (field.tagged or field.choices == ("true", "false")):
        texts.append("one of " + ", ".join(field.choices))
    default = f"`{field.default}`" if field.default else ""
    return f"| `{name}` | {default} | {'; '.join(texts).replace('|', '/')} |"


def _first_paragraph(schema: type[Any]) -> str:
    paragraph = (schema.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(paragraph.split())


if __name__ == "__main__":
    print(page(), end="")
