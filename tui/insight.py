"""What is seen inside a network: one image on its way through it, and how far somebody walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from nn.inside import Passage, explanation
from nn.layers import show_shape
from nn.layers.shape import Flatten
from nn.losses import softmax
from nn.types import Array, Bytes, Integers
from tui.render import formats


@dataclass(frozen=True, eq=False)
class Maps:
    """Values (H, W, n) to be shown as n pictures, each a `noun` with a number or a name.

    `kept` (H, W, n) is not zero for values that a pooling took; without a pooling it is None.
    """

    noun: str
    values: Array
    kept: Array | None = None
    names: tuple[str, ...] | None = None

    def label(self, place: int) -> str:
        """The number of a picture, counted from 1, or its name."""
        return str(place + 1) if self.names is None else self.names[place]

    def title(self, place: int) -> str:
        """What a picture is: map 3 of 32."""
        of_all = f" of {self.count}" if self.names is None else ""
        return f"{self.noun} {self.label(place)}{of_all}"

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return int(self.values.shape[2])


@dataclass(frozen=True, eq=False)
class Stop:
    """A place to halt on the way: the image, a layer, or the probabilities."""

    title: str
    fields: str
    explanation: str
    sizes: tuple[str, ...]
    output: Maps
    passage: Passage | None = None
    back_to: tuple[int, ...] | None = None

    def behind(self, chosen: int) -> Maps | None:
        """What made output number `chosen`: filters, weights, or what a pooling took of its input.

        A convolution of one channel shows all its filters; one of more channels the slices of the
        filter that is chosen. Weights of inputs that were maps before flatten are maps again.
        """
        if self.passage is None:
            return None
        if self.passage.kept is not None:
            return Maps("input", self.passage.input, self.passage.kept)
        weights = self.passage.parameters.get("weights")
        if weights is None:
            return None
        if weights.ndim == 4 and weights.shape[3] == 1:
            return Maps("filter", weights[..., 0].transpose(1, 2, 0))
        if weights.ndim == 4:
            return Maps("slice", weights[chosen])
        shape = self.back_to or (1, 1, weights.shape[1])
        return Maps("weight", weights[chosen].reshape(shape))


@dataclass(frozen=True, eq=False)
class Subject:
    """The image (H, W, C) that is followed.

    One of the test set has a number and a label; one that somebody drew has neither.
    """

    image: Bytes
    index: int | None = None
    label: int | None = None


@dataclass(frozen=True, eq=False)
class Insight:
    """What a network made of an image.

    `source` says in a few words which network it was. `labels` are those of all test images.
    `cost` is what covering each place costs each class, (rows, columns, classes), if that was asked
    for: see `nn.inside.occlusion`.
    """

    source: str
    subject: Subject
    labels: Integers
    class_names: tuple[str, ...]
    passages: Sequence[Passage]
    cost: Array | None = None

    @cached_property
    def probabilities(self) -> Array:
        """Of each class, (classes,)."""
        return softmax(self.passages[-1].output[:, None])[:, 0]

    @cached_property
    def called(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())

    @cached_property
    def stops(self) -> tuple[Stop, ...]:
        """The places to halt at, in the order of the forward pass."""
        image = self.passages[0].input
        shape = show_shape(image.shape)
        entering = Stop("image", shape, ENTERING, (), Maps("channel", image))
        ending = (softmax.__doc__ or "").partition("\n\n")[0]
        shares = Maps("class", _as_maps(self.probabilities), names=self.class_names)
        leaving = Stop("softmax", f"{len(self.class_names)} classes", ending, (), shares)
        *between, last = (
            _layer_stop(passage, _before_flatten(self.passages[:n]))
            for n, passage in enumerate(self.passages)
        )
        logits = replace(last.output, noun="class", names=self.class_names)
        return (entering, *between, replace(last, output=logits), leaving)


ENTERING = "What goes in: brightness from 0 to 255 becomes values from 0 to 1."


def _layer_stop(passage: Passage, back_to: tuple[int, ...] | None) -> Stop:
    config, given = passage.config, passage.input.shape
    sizes = [f"{show_shape(given)} → {show_shape(passage.output.shape)}"]
    if parameters := sum(value.size for value in passage.parameters.values()):
        sizes.append(f"{formats.count(parameters)} parameters")
    if operations := config.multiply_adds(given):
        sizes.append(f"{formats.short(operations)} multiply-adds")
    output = Maps("map" if passage.output.ndim == 3 else "unit", _as_maps(passage.output))
    name = passage.name.replace(".", " ") if passage.name.count(".") == 1 else _inner(passage.name)
    words = (config.describe(), explanation(config))
    return Stop(name, *words, tuple(sizes), output, passage, back_to)


def _inner(name: str) -> str:
    """A layer inside a block: 4.residual.1.conv2d is 4.1 conv2d."""
    parts = name.split(".")
    numbers = [part for part in parts if part.isdecimal()]
    return f"{'.'.join(numbers)} {parts[-1]}"


def _as_maps(output: Array) -> Array:
    """Maps as they are, and a vector as maps of one value each."""
    return output if output.ndim == 3 else output[None, None, :]


def _before_flatten(passages: Sequence[Passage]) -> tuple[int, ...] | None:
    """The shape of the maps that a vector was, if no layer since then mixed its values.

    Mixing shows in the parameters: normalisation has some, but not for each pair of values.
    """
    for passage in reversed(passages):
        if isinstance(passage.config, Flatten):
            shape = passage.input.shape
            return shape if len(shape) == 3 else None
        if passage.input.shape != passage.output.shape or "weights" in passage.parameters:
            return None
    return None


Page = Literal["output", "behind"]


@dataclass(frozen=True)
class Walk:
    """How far somebody walked: at which stop, on which of its maps, for which class.

    `page` is whether a stop's output is shown or what is behind it; `alone` scales each map by
    itself; `large` shows the chosen map only. Of pictures among which none is chosen, `skipped` do
    not stand on the page. Numbers beyond what there is count as the last.
    """

    stop: int = 0
    chosen: int = 0
    target: int | None = None
    page: Page = "output"
    alone: bool = False
    large: bool = False
    skipped: int = 0

    def at(self, insight: Insight) -> Stop:
        """Where that is in a network."""
        return insight.stops[min(self.stop, len(insight.stops) - 1)]

    def map_at(self, stop: Stop) -> int:
        """The number of the chosen map there."""
        return min(self.chosen, stop.output.count - 1)

    def class_for(self, insight: Insight) -> int:
        """The class whose probability is asked about: the most probable one unless chosen."""
        return insight.called if self.target is None else self.target

    def going(self, insight: Insight, by: int) -> Walk:
        """So many stops on, or back."""
        last = len(insight.stops) - 1
        return replace(self, stop=min(max(min(self.stop, last) + by, 0), last), skipped=0)

    def choosing(self, insight: Insight, by: int) -> Walk:
        """So many maps on, or back; where classes are shown, classes."""
        stop = self.at(insight)
        if stop.passage is None:
            classes = len(insight.class_names)
            return replace(self, target=(self.class_for(insight) + by) % classes)
        last = stop.output.count - 1
        return replace(self, chosen=min(max(self.map_at(stop) + by, 0), last))

    def turning(self) -> Walk:
        """The other page."""
        return replace(self, page="output" if self.page == "behind" else "behind", skipped=0)

    def skipping(self, count: int, by: int) -> Walk:
        """So many pictures on, or back, of that many."""
        return replace(self, skipped=min(max(min(self.skipped, count - 1) + by, 0), count - 1))


@dataclass(eq=False)
class InsideState:
    """Which image somebody wants to follow, and what came of it.

    `index` counts in the test set; a `drawn` image (H, W, C) comes before it, and is shown to the
    network in the model file `reader` if that is named. With `follows_drawing` it is the newest of
    what is drawn. With `attentive` where the network looks is found out too. `problem` says why
    there is nothing to see.
    """

    index: int = 0
    drawn: Bytes | None = None
    reader: Path | None = None
    follows_drawing: bool = False
    attentive: bool = False
    insight: Insight | None = None
    problem: str = "One moment: the network is read."

    def follow(self, index: int) -> None:
        """Look at an image of the test set from now on."""
        self.index, self.drawn, self.reader = index, None, None
        self.follows_drawing = False

    def follow_drawn(self, image: Bytes, reader: Path | None = None) -> None:
        """Look at an image (H, W, C) from anywhere, of the size of the network's input."""
        self.drawn, self.reader = image, reader

    @property
    def is_met(self) -> bool:
        """Whether the image that is wanted is the one that is seen."""
        if self.insight is None:
            return False
        subject = self.insight.subject
        if self.drawn is not None:
            return subject.image is self.drawn
        return subject.index == self.index % max(len(self.insight.labels), 1)


def following(labels: Integers, index: int, by: int) -> int:
    """The next image, or the one before, round and round."""
    return (index + by) % max(len(labels), 1)


def next_class(labels: Integers, index: int) -> int:
    """The next image of the next class that occurs."""
    classes = np.unique(labels)
    now = labels[min(index, len(labels) - 1)]
    wanted = classes[(int(np.searchsorted(classes, now)) + 1) % len(classes)]
    return _next_of(np.flatnonzero(labels == wanted), index)


def next_mistake(wrong: Integers, index: int) -> int:
    """The next of the images that got a wrong answer."""
    return _next_of(wrong, index) if len(wrong) else index


def _next_of(indices: Integers, index: int) -> int:
    after = int(np.searchsorted(indices, index, side="right"))
    return int(indices[after % len(indices)])
