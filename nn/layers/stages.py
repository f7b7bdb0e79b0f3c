"""How layers are carried out: in stages, each of which goes over its maps once, piece by piece.

A layer is made of operations. A *source* computes its output from all of its input, as a
convolution does; a *local* operation needs nothing but the place itself, as bias, activations and
pooling do. A stage is a source and the local operations behind it, of whichever layer: they follow
on each piece while it is in the cache.

Building a network rearranges operations where that changes no result: the maximum of a window is
the same before and after anything that grows with its argument, such as a bias or ReLU. So pooling
goes first, and they have a quarter of the values to do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, Protocol, TypeAlias

import numpy.typing as npt

from nn.ops.buffers import Buffers
from nn.ops.pieces import Piece, Tail, as_maps, pieces_of
from nn.ops.threads import each, scratch
from nn.ops.windows import Pair
from nn.types import Array, Shape


class Whole(Protocol):
    """An operation on whole arrays, by itself: see `nn.layers.base.Layer`."""

    def forward(self, x: Array, *, training: bool) -> Array:
        """The output for an input."""

    def backward(self, dy: Array) -> Array:
        """The gradient with respect to the input."""

    def backward_parameters(self, dy: Array) -> None:
        """The parameters' gradients alone."""


class Source(ABC):
    """An operation that computes its output, of shape (*output_shape, N), piece by piece."""

    output_shape: Shape

    @property
    def algorithm(self) -> str | None:
        """The name of the way that the last batch went, where there are several."""
        return None

    @abstractmethod
    def forward_pieces(self, x: Array, tail: Tail, *, training: bool) -> None:
        """Give every piece of the output for x, (H, W, C, N) or (features, N), to what follows.

        Vectors' pieces are those of maps (1, 1, features, N).
        """

    @abstractmethod
    def backward_pieces(self, tail: Tail, *, wants_input: bool) -> Array | None:
        """Ask what follows for the gradient of every piece of the output, once; write the
        parameters' gradients, and return the input's if it is wanted."""


class Local(ABC):
    """An operation on each place by itself, or on each of windows that lie side by side.

    `shrinks` is how many rows and columns become one. `in_place`: the output may take the place of
    the input. `keeps` is what backward needs to find in `kept`, as it was in forward. `rises`: the
    output grows with the input, or stays. `takes_maxima`: it is of the kind that such an operation
    may follow as well as precede. Without `changes_gradient` the input's gradient is the
    output's. `idle`: nothing happens in inference.
    """

    shrinks: Pair = (1, 1)
    in_place: bool = True
    keeps: Literal["input", "output"] | None = None
    rises: bool = False
    takes_maxima: bool = False
    changes_gradient: bool = True
    idle: bool = False
    kept: Array | None = None

    def resized(self, size: Pair) -> Pair:
        """Rows and columns of the output."""
        return size

    def placed(self, at: Piece) -> Piece:
        """Where the output of a piece lies."""
        return at

    def begin(self, shape: Shape, *, training: bool) -> None:
        """Make ready for an output (H, W, C, N) of that shape, before any piece of it."""
        return

    @abstractmethod
    def forward_piece(self, x: Array, y: Array, at: Piece) -> None:
        """Write a piece of the output; `at` is where it lies."""

    @abstractmethod
    def backward_piece(self, dy: Array, dx: Array, at: Piece) -> None:
        """Write the gradient with respect to a piece of the input; the output lies at `at`."""

    def end(self) -> None:
        """All pieces of the gradient have been there."""
        return


Operation: TypeAlias = "Source | Local | Whole"


@dataclass(frozen=True)
class Named:
    """An operation, with the layer that it is of, as in `1.conv2d`, and whether that one learns."""

    layer: str
    operation: Operation
    learns: bool = True


class Stage:
    """A source and the local operations behind it; or local operations alone.

    It is the `Tail` of its source.
    """

    def __init__(self, operations: Sequence[Named], dtype: npt.DTypeLike) -> None:
        self.operations = tuple(operations)
        first = operations[0].operation
        self._source = first if isinstance(first, Source) else None
        self._all = [each.operation for each in operations if isinstance(each.operation, Local)]
        self._buffers = Buffers(dtype)
        self._locals: list[Local] = []
        self._slots: list[Array | None] = []
        self._shared: list[bool] = []
        self._dy: Array | None = None
        self._n = 0

    @property
    def align(self) -> Pair:
        """As the pooling behind it needs them."""
        rows, columns = zip((1, 1), *(local.shrinks for local in self._locals), strict=True)
        return prod(rows), prod(columns)

    def forward(self, x: Array, *, training: bool) -> Array:
        """The output of its last operation."""
        self._locals = [local for local in self._all if training or not local.idle]
        if self._source is None and not self._locals:
            return x
        self._lay_out(x, training)
        output = self._slots[-1]
        assert output is not None
        if self._source is not None:
            self._source.forward_pieces(x, self, training=training)
        else:
            maps = as_maps(x)
            each(lambda at: self.finish(at, at.of(maps)), self._pieces(maps))
        of_vectors = x.ndim == 2 if self._source is None else len(self._source.output_shape) == 1
        return output[0, 0] if of_vectors else output

    def backward(self, dy: Array) -> Array:
        """The gradient with respect to the input; writes those of the parameters."""
        dx = self._backward(dy, wants_input=True)
        assert dx is not None
        return dx

    def backward_parameters(self, dy: Array) -> None:
        """Write the gradients of the parameters alone."""
        self._backward(dy, wants_input=False)

    def room(self, at: Piece) -> Array:
        """For a piece of the source's output."""
        return self._place(0, at)

    def finish(self, at: Piece, piece: Array) -> None:
        """Do the local operations on a piece."""
        for number, local in enumerate(self._locals):
            at = local.placed(at)
            out = piece if self._shared[number] else self._place(number + 1, at)
            local.forward_piece(piece, out, at)
            piece = out

    def gradient(self, at: Piece) -> Array:
        """That of a piece of the source's output, back through the local operations."""
        return self._gradient(at, None)

    def _backward(self, dy: Array, *, wants_input: bool) -> Array | None:
        self._dy = as_maps(dy)
        if self._source is not None:
            dx = self._source.backward_pieces(self, wants_input=wants_input)
        else:
            into = self._buffers("input gradient", *self._input_shape, self._n)
            each(lambda at: self._gradient(at, at.of(into)), self._pieces(into))
            dx = into if dy.ndim == 4 else into[0, 0]
        for local in self._locals:
            local.end()
        return dx

    def _gradient(self, at: Piece, into: Array | None) -> Array:
        places = [at]
        for local in self._locals:
            places.append(local.placed(places[-1]))
        assert self._dy is not None, "gradients follow backward"
        dy, ours = places[-1].of(self._dy), False
        for number in reversed(range(len(self._locals))):
            local = self._locals[number]
            if local.changes_gradient:
                if number == 0 and into is not None:
                    dx = into
                elif ours and local.in_place:
                    dx = dy
                else:
                    shape = *places[number].shape, dy.shape[-1]
                    dx = scratch(dy.dtype)(f"gradient {number}", *shape)
                local.backward_piece(dy, dx, places[number + 1])
                dy, ours = dx, True
            else:
                local.backward_piece(dy, dy, places[number + 1])
        return dy

    def _place(self, number: int, at: Piece) -> Array:
        slot = self._slots[number]
        if slot is not None:
            return at.of(slot)
        dtype = self._buffers.dtype
        return scratch(dtype)(f"piece {number}", *at.shape, self._n)

    def _lay_out(self, x: Array, training: bool) -> None:
        """Find a place for what comes out of the source and of each local operation: a whole array
        where it is the stage's output or needed for the gradient, else each thread's own."""
        self._n = n = x.shape[-1]
        count = len(self._locals)
        shapes = self._shapes(x)
        kept = [False] * (count + 1)
        for number, local in enumerate(self._locals if training else ()):
            if local.keeps is not None:
                kept[number + (local.keeps == "output")] = True
        self._slots, self._shared = [None] * (count + 1), [False] * count
        self._slots[count] = self._buffers("output", *shapes[count], n)
        for number in reversed(range(count)):
            given = number == 0 and self._source is None
            if given:
                self._slots[0] = as_maps(x)
            elif kept[number]:
                self._slots[number] = self._buffers(f"kept {number}", *shapes[number], n)
            elif self._locals[number].in_place:
                self._shared[number] = True
                self._slots[number] = self._slots[number + 1]
        for number, local in enumerate(self._locals):
            local.kept = self._slots[number + (local.keeps == "output")]
            local.begin((*shapes[number + 1], n), training=training)

    def _shapes(self, x: Array) -> list[Shape]:
        """(H, W, C) of the source's output and after each local operation."""
        self._input_shape = as_maps(x).shape[:3]
        given = self._input_shape if self._source is None else self._source.output_shape
        *size, channels = (1, 1, *given)[-3:]
        shapes: list[Shape] = [(*size, channels)]
        for local in self._locals:
            size = list(local.resized((size[0], size[1])))
            shapes.append((*size, channels))
        return shapes

    def _pieces(self, maps: Array) -> tuple[Piece, ...]:
        return pieces_of(maps.shape, maps.itemsize, self.align)


class Alone:
    """A stage of one operation that is a whole."""

    def __init__(self, named: Named, whole: Whole) -> None:
        self.operations = (named,)
        self.forward, self.backward = whole.forward, whole.backward
        self.backward_parameters = whole.backward_parameters


class Stages:
    """Operations, one after the other, in as few stages as they take.

    Before number `first_learning` of these nothing learns.
    """

    def __init__(self, operations: Iterable[Named], dtype: npt.DTypeLike) -> None:
        groups = _grouped(_pooled_first(operations))
        self.stages = [_stage(group, dtype) for group in groups]
        learning = (number for number, group in enumerate(groups) if any(e.learns for e in group))
        self.first_learning = next(learning, len(groups))

    def forward(self, x: Array, *, training: bool) -> Array:
        """The last operation's output."""
        for stage in self.stages:
            x = stage.forward(x, training=training)
        return x

    def backward(self, dy: Array) -> Array:
        """The gradient with respect to the input; writes the parameters' gradients."""
        for stage in reversed(self.stages):
            dy = stage.backward(dy)
        return dy

    def backward_parameters(self, dy: Array) -> None:
        """Write the parameters' gradients only: what is before the first that learns rests."""
        for stage in reversed(self.stages[self.first_learning + 1 :]):
            dy = stage.backward(dy)
        for stage in self.stages[self.first_learning :][:1]:
            stage.backward_parameters(dy)


def _stage(group: list[Named], dtype: npt.DTypeLike) -> Stage | Alone:
    first = group[0].operation
    return Stage(group, dtype) if isinstance(first, Source | Local) else Alone(group[0], first)


def _pooled_first(operations: Iterable[Named]) -> list[Named]:
    """Operations in an order with the same results, in which maxima are taken early."""
    ordered: list[Named] = []
    for named in operations:
        place = len(ordered)
        if isinstance(named.operation, Local) and named.operation.takes_maxima:
            while place > 0 and _rises(ordered[place - 1].operation):
                place -= 1
        ordered.insert(place, named)
    return ordered


def _rises(operation: Operation) -> bool:
    return isinstance(operation, Local) and operation.rises


def _grouped(operations: Iterable[Named]) -> list[list[Named]]:
    """Operations by stage: sources and whole ones begin a new one."""
    groups: list[list[Named]] = []
    for named in operations:
        follows = groups and isinstance(groups[-1][0].operation, Source | Local)
        if follows and isinstance(named.operation, Local):
            groups[-1].append(named)
        else:
            groups.append([named])
    return groups
