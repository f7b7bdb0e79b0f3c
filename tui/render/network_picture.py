"""A network as blocks from left to right: as high as its maps, as wide as their channels.

A block is what comes out of a layer, with the layers behind it that only change values. Below it
stand its shape and its layers; a way around layers runs above them to where it is added. Where a
row is full, the picture goes on in the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import log2
from textwrap import wrap

from rich.cells import cell_len
from rich.text import Text

from nn.layers import LayerConfig, show_shape
from nn.layers.activation import NoActivation
from nn.layers.chain import links
from nn.layers.residual import Residual
from nn.network import Plan
from nn.types import Shape

ROWS = 8
"""The height of the largest block."""

WORDS = 11
"""Columns for the words below a block, at least."""

ARROW = " → "


@dataclass
class Block:
    """What comes out of some layers: their words, and its shape."""

    words: list[str]
    shape: Shape


@dataclass(frozen=True)
class Way:
    """A way around blocks: from before the first to the one where it is added, both by number.

    `depth` counts the ways that lie around it.
    """

    first: int
    last: int
    depth: int
    words: str


@dataclass
class Diagram:
    """All blocks in order, the input first, and the ways around some of them."""

    blocks: list[Block] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)


def diagram(plan: Plan) -> Diagram:
    """The blocks of a network, as far as its layers fit."""
    found = Diagram([Block(["input"], plan.input_shape)])
    _add(found, [layer.config for layer in plan.layers], plan.input_shape, 0)
    return found


def _add(found: Diagram, layers: Sequence[LayerConfig], shape: Shape, depth: int) -> None:
    alone = depth > 0
    for link in links(layers, shape):
        config, words = link.config, f"{_name(link.config)} {link.config.describe()}".strip()
        if isinstance(config, Residual):
            first = len(found.blocks)
            _add(found, config.layers, link.input_shape, depth + 1)
            shortcut = config.shortcut(link.input_shape)
            around = "as it is" if isinstance(shortcut, NoActivation) else shortcut.describe()
            found.ways.append(Way(first, len(found.blocks), depth, around))
            found.blocks.append(Block(["sum"], link.output_shape))
        elif alone or link.input_shape != link.output_shape or _has_weights(link.config, shape):
            found.blocks.append(Block([words], link.output_shape))
        else:
            found.blocks[-1].words.append(words)
        alone, shape = False, link.output_shape


def _name(config: LayerConfig) -> str:
    """A layer's kind as people say it: max pool."""
    return config.kind.removesuffix("2d").replace("_", " ")


def _has_weights(config: LayerConfig, shape: Shape) -> bool:
    return "weights" in config.parameter_shapes(shape)


def picture(plan: Plan, width: int, *, muted: str = "dim") -> Text:
    """The picture, in so many columns and as many lines as it takes."""
    drawn = diagram(plan)
    scale = _Scale(drawn.blocks)
    columns = [_Column.of(number, block, scale) for number, block in enumerate(drawn.blocks)]
    lines: list[Text] = []
    for band in _bands(columns, width):
        lines += _draw(band, drawn.ways, muted)
        lines.append(Text())
    return Text("\n").join(lines[:-1])


class _Scale:
    """How large blocks are drawn: maps by their height, vectors by the logarithm of theirs."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._tallest = max((b.shape[0] for b in blocks if len(b.shape) == 3), default=1)
        self._longest = max((b.shape[0] for b in blocks if len(b.shape) == 1), default=1)

    def lines(self, shape: Shape) -> list[str]:
        """A block of that shape."""
        if len(shape) == 3:
            rows, columns = shape[0] / self._tallest, 1 + round(log2(shape[2]))
        else:
            rows, columns = log2(shape[0] + 1) / log2(self._longest + 1), 0
        inside = max(round(rows * ROWS), 2) - 2
        return [f"┌{'─' * columns}┐", *[f"│{'░' * columns}│"] * inside, f"└{'─' * columns}┘"]


@dataclass(frozen=True)
class _Column:
    """A block with all that stands below it, each line as wide as the others."""

    number: int
    block: list[str]
    shape: str
    words: list[str]
    width: int

    @classmethod
    def of(cls, number: int, block: Block, scale: _Scale) -> _Column:
        drawn, shape = scale.lines(block.shape), show_shape(block.shape)
        words = [line for each in block.words for line in wrap(each, WORDS)]
        width = max(map(cell_len, (*drawn, shape, *words)))
        return cls(number, drawn, shape, words, width)


def _bands(columns: Sequence[_Column], width: int) -> Iterator[list[_Column]]:
    """Columns in rows that are no wider than that; each column has an arrow before it."""
    band: list[_Column] = []
    room = width
    for column in columns:
        needed = column.width + len(ARROW)
        if band and needed > room:
            yield band
            band, room = [], width
        band.append(column)
        room -= needed
    if band:
        yield band


def _draw(band: Sequence[_Column], ways: Sequence[Way], muted: str) -> Iterator[Text]:
    rows = max(len(column.block) for column in band)
    for line in _ways(band, ways):
        yield Text(line, muted)
    axis = (rows - 1) // 2
    for row in range(rows):
        text = Text()
        for column in band:
            arrow = ARROW if row == axis and column.number > 0 else " " * len(ARROW)
            at = row - (axis - (len(column.block) - 1) // 2)
            inside = column.block[at] if 0 <= at < len(column.block) else ""
            text.append(arrow, muted).append(inside.center(column.width))
        yield text
    yield Text("".join(_below(column.shape, column) for column in band), "bold")
    for row in range(max(len(column.words) for column in band)):
        told = (column.words[row] if row < len(column.words) else "" for column in band)
        yield Text("".join(map(_below, told, band)), muted)


def _below(words: str, column: _Column) -> str:
    return " " * len(ARROW) + words.center(column.width)


def _ways(band: Sequence[_Column], ways: Sequence[Way]) -> Iterator[str]:
    """The ways around blocks of this row, the outermost first."""
    starts, at = {}, 0
    for column in band:
        starts[column.number] = at
        at += len(ARROW) + column.width
    end, first, last = at, band[0].number, band[-1].number
    here = [way for way in ways if way.first <= last and way.last >= first]
    for depth in sorted({way.depth for way in here}):
        line = [" "] * end
        for way in (way for way in here if way.depth == depth):
            left = starts[way.first] + 1 if way.first >= first else 0
            middle = band[way.last - first].width // 2 if way.last <= last else 0
            right = starts[way.last] + len(ARROW) + middle if way.last <= last else end - 1
            line[left:right] = "─" * (right - left)
            line[left] = "┌" if way.first >= first else "─"
            line[right] = "▼" if way.last <= last else "─"
            words = f" {way.words} "
            if len(words) <= right - left - 2:
                line[left + 2 : left + 2 + len(words)] = words
        yield "".join(line)
