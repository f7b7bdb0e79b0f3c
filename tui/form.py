"""A configuration as it is typed into a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import shorten
from typing import Any

from pydantic import ValidationError

from nn.config import DataConfig, RunConfig, is_live
from nn.data import describe
from nn.layers import LAYERS, LayerConfig
from nn.network import Plan, plan
from nn.schema import InputError, problems
from tui.form_fields import Field, fields_by_kind, fields_of, parse, texts_of
from tui.form_history import Edit, History

__all__ = ["LAYER_KINDS", "LIST", "Draft", "Field", "fields_of", "parse"]

_LAYERS: dict[str, type[LayerConfig]] = {
    layer.model_fields["kind"].default: layer for layer in LAYERS
}

LAYER_KINDS = tuple(_LAYERS)
"""Every kind of layer, in the order in which the editor offers them."""

LIST = "network.layers"
"""The path below which the layers are, and under which their common problem is reported."""


class Draft:
    """A configuration that is being typed, and may be wrong for a while.

    `texts` holds what stands in each field, by path. `errors` has a sentence for each field that is
    wrong, and one under `network.layers` where the layers do not fit together. `config` is None as
    long as there are errors. `plan` goes as far as the layers make sense. Every edit is in the
    `history`, and can be taken back.
    """

    def __init__(self, config: RunConfig) -> None:
        self.texts: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.config: RunConfig | None = None
        self.plan = Plan((), ())
        self.history = History()
        self._fields: dict[str, Field] = {}
        self._layers: list[LayerConfig | None] = []
        self._dataset = describe(DataConfig().dataset)
        self._take(texts_of(config))

    def use(self, config: RunConfig, what: str = "another design") -> None:
        """Start again from a configuration; `what` says in a few words what it is."""
        self._edit(what, texts_of(config))

    def set(self, path: str, text: str) -> None:
        """Write into a field. Another kind of layer, optimizer or schedule comes with its defaults.

        Raises:
            InputError: if there is no such field now.
        """
        if path not in self.texts:
            raise InputError(f"{path}: there is no such field in this form")
        texts, field = dict(self.texts), self._fields[path]
        if field.tagged and text != texts[path]:
            texts = {k: v for k, v in texts.items() if not k.startswith(f"{path}.")}
        layer = path.split(".")[2] if path.startswith(f"{LIST}.") else ""
        where = f"layer {int(layer) + 1}, " if layer else ""
        what = f"{where}{field.label}: {shorten(text, 30, placeholder='…') or 'empty'}"
        self._edit(what, texts | {path: text}, typed="" if field.choices else path)

    def follow(self, before: RunConfig, after: RunConfig) -> None:
        """Take over what a run has changed of its configuration, as far as nobody has edited it."""
        old, new = texts_of(before), texts_of(after)
        texts = self.texts
        for group in {_group(path) for path in {**old, **new} if old.get(path) != new.get(path)}:
            mine, was, now = (
                {path: text for path, text in each.items() if _group(path) == group}
                for each in (texts, old, new)
            )
            if mine == was:
                texts = {path: text for path, text in texts.items() if path not in mine} | now
        if texts is not self.texts:
            self._take(texts)

    def undo(self) -> str:
        """Take the last edit back; gives it in a few words, empty if there is none."""
        edit = self.history.undo()
        if edit is not None:
            self._take(edit.before)
        return "" if edit is None else edit.what

    def redo(self) -> str:
        """Do again what was taken back last, likewise."""
        edit = self.history.redo()
        if edit is not None:
            self._take(edit.after)
        return "" if edit is None else edit.what

    def fields(self, group: str = "") -> list[Field]:
        """The fields below a path, as in `training` or `network.layers.2`; without one, all."""
        start = f"{group}." if group else ""
        return [field for path, field in self._fields.items() if path.startswith(start)]

    @property
    def layer_count(self) -> int:
        """How many layers there are."""
        return len(self._layers)

    def layer_kind(self, index: int) -> str:
        """A layer's kind."""
        return self.texts[f"{LIST}.{index}"]

    def layer_line(self, index: int) -> str:
        """A layer in a few words: conv2d 32 of 5×5, same. A wrong one is shown as it is typed."""
        layer = self._layers[index]
        typed = (self.texts[field.path] for field in self.fields(f"{LIST}.{index}"))
        words = ", ".join(typed) if layer is None else layer.describe()
        return f"{self.layer_kind(index)} {words}".strip()

    @property
    def wrong_layer(self) -> int | None:
        """The first layer that is wrong or does not fit, counted from 0; None if there is none."""
        planned = len(self.plan.layers)
        return planned if self.plan.problem is not None and planned < self.layer_count else None

    def add_layer(self, kind: str, at: int) -> None:
        """Put a new layer with its defaults before the layer that is now the one of index `at`."""
        layers = self._layer_texts()
        layers.insert(at, {"": kind})
        self._put_layers(layers, f"layer {at + 1}, {kind}, added")

    def duplicate_layer(self, index: int) -> None:
        """Put a layer like the one of that index behind it."""
        layers = self._layer_texts()
        layers.insert(index, dict(layers[index]))
        self._put_layers(layers, f"{self._layer_name(index)}, duplicated")

    def drop_layer(self, index: int) -> None:
        """Take a layer out."""
        layers = self._layer_texts()
        del layers[index]
        self._put_layers(layers, f"{self._layer_name(index)}, dropped")

    def move_layer(self, index: int, by: int) -> int:
        """Move a layer by so many places, as far as there are; returns its new index."""
        layers = self._layer_texts()
        to = min(max(index + by, 0), len(layers) - 1)
        layers.insert(to, layers.pop(index))
        self._put_layers(layers, f"{self._layer_name(index)}, moved")
        return to

    def differing(self, config: RunConfig) -> list[str]:
        """The paths of all fields that say something else than a configuration does."""
        mine = self.texts if self.config is None else texts_of(self.config)
        theirs = texts_of(config)
        return [path for path in {**mine, **theirs} if mine.get(path) != theirs.get(path)]

    def needs_new_run(self, config: RunConfig) -> list[str]:
        """Those of them that cannot change while a run of that configuration trains."""
        return [path for path in self.differing(config) if not is_live(path)]

    def live_changes(self, config: RunConfig) -> dict[str, Any]:
        """New values for a run of that configuration, by path, as its trainer takes them.

        There are none while a field is wrong.
        """
        if self.config is None:
            return {}
        tree = self.config.model_dump(mode="json")
        live = [path.split(".") for path in self.differing(config) if is_live(path)]
        return {f"{group}.{name}": tree[group][name] for group, name, *_ in live}

    def _layer_texts(self) -> list[dict[str, str]]:
        """Each layer's texts, by what follows the layer's own path."""
        layers = []
        for index in range(self.layer_count):
            path = f"{LIST}.{index}"
            below = [path, *(field.path for field in self.fields(path))]
            layers.append({each.removeprefix(path): self.texts[each] for each in below})
        return layers

    def _layer_name(self, index: int) -> str:
        return f"layer {index + 1}, {self.layer_kind(index)}"

    def _put_layers(self, layers: Sequence[Mapping[str, str]], what: str) -> None:
        texts = {k: v for k, v in self.texts.items() if not k.startswith(f"{LIST}.")}
        for index, layer in enumerate(layers):
            texts |= {f"{LIST}.{index}{rest}": text for rest, text in layer.items()}
        self._edit(what, texts)

    def _edit(self, what: str, texts: Mapping[str, str], *, typed: str = "") -> None:
        """Let these texts stand in the fields, and note it; `typed` is the field of a typed one."""
        before = self.texts
        self._take(texts)
        self.history.note(Edit(what, before, self.texts, typed))

    def _take(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)
        self._judge()

    def _judge(self) -> None:
        """Find the fields of the kinds that are chosen, and what is wrong with their texts."""
        self._fields = {field.path: field for field in fields_by_kind(RunConfig, self.texts)}
        self.texts = {k: self.texts.get(k, field.default) for k, field in self._fields.items()}
        values = self._values()
        self.errors = {}
        config = self._validate(values)
        self._judge_dataset()
        self._judge_layers(values["network"]["layers"])
        if config is not None:
            for path, sentence in config.conflicts(len(self._dataset.class_names)).items():
                self._refuse(path, sentence)
        self.config = None if self.errors else config

    def _validate(self, values: dict[str, Any]) -> RunConfig | None:
        try:
            return RunConfig.model_validate(values)
        except ValidationError as error:
            for parts, sentence in problems(error):
                path = ".".join(map(str, parts))
                self._refuse(path, sentence.removeprefix(f"{path}: "))
        return None

    def _judge_dataset(self) -> None:
        try:
            self._dataset = describe(self.texts["data.dataset"].strip())
        except InputError as error:
            self._refuse("data.dataset", str(error).removeprefix("data.dataset: "))

    def _judge_layers(self, values: Sequence[Mapping[str, Any]]) -> None:
        """Plan the network up to the first layer that is wrong in itself."""
        self._layers = [_layer(each) for each in values]
        sound = self._layers.index(None) if None in self._layers else len(self._layers)
        layers = [layer for layer in self._layers[:sound] if layer is not None]
        self.plan = plan(layers, self._dataset.input_shape, len(self._dataset.class_names))
        if sound == len(self._layers) or len(self.plan.layers) < sound:
            if self.plan.problem is not None:
                self._refuse(LIST, self.plan.problem)
            return
        start = f"{LIST}.{sound}"
        path = next(path for path in self.errors if f"{path}.".startswith(f"{start}."))
        field = "" if path == start else f"{self._fields[path].label}: "
        where = f"layer {sound + 1} ({self.layer_kind(sound)})"
        self.plan = replace(self.plan, problem=f"{where}: {field}{self.errors[path]}")

    def _refuse(self, path: str, sentence: str) -> None:
        """Put a sentence beside its field; one about an item of a list stands at the list."""
        owner = path
        while owner not in self._fields and "." in owner:
            owner = owner.rpartition(".")[0]
        field = self._fields.get(owner)
        if field is None:
            owner = path
        elif not self.texts[owner].strip():
            sentence = "a value is needed"
        elif field.kind == "json" and owner != path:
            sentence = f"{path.removeprefix(f'{owner}.')}: {sentence}"
        elif field.kind == "json" and isinstance(parse(field, self.texts[owner]), str):
            sentence = 'no JSON yet; write a list such as [{"kind": "relu"}]'
        self.errors.setdefault(owner, sentence)

    def _values(self) -> dict[str, Any]:
        """The texts as values in groups, as a file would have them."""
        tree: dict[str, Any] = {"network": {"layers": {}}}
        for path, field in self._fields.items():
            *groups, name = path.split(".")
            at = tree
            for group in groups:
                at = at.setdefault(group, {})
            value = parse(field, self.texts[path])
            at[name] = {"kind": value} if field.tagged else value
        tree["network"]["layers"] = list(tree["network"]["layers"].values())
        return tree


def _group(path: str) -> str:
    """The field that changes as a whole: an optimizer with its own settings."""
    return ".".join(path.split(".")[:2])


def _layer(values: Mapping[str, Any]) -> LayerConfig | None:
    """A layer of those values; None if one of them is wrong."""
    try:
        return _LAYERS[values["kind"]].parse(dict(values))
    except (KeyError, InputError):
        return None
