"""A network drawn as blocks."""

from __future__ import annotations

from typing import Any

import pytest

from nn import presets
from nn.config import RunConfig, preset
from nn.network import plan
from tui.render.network_picture import ROWS, Way, diagram, picture


def lines_of(name: str, width: int) -> list[str]:
    return picture(preset(name).plan(), width).plain.splitlines()


def blocks(layers: list[dict[str, Any]]) -> list[tuple[tuple[int, ...], list[str]]]:
    config = RunConfig.parse({"network": {"layers": layers}})
    drawn = diagram(plan(config.network.layers, (8, 8, 4), 10))
    return [(block.shape, block.words) for block in drawn.blocks]


CONV = {"kind": "conv2d", "filters": 4, "kernel_size": 3}


def test_layers_that_only_change_values_belong_to_the_block_before() -> None:
    layers = [CONV, {"kind": "relu"}, {"kind": "max_pool2d"}, {"kind": "dropout", "rate": 0.25}]
    assert blocks([*layers, {"kind": "flatten"}]) == [
        ((8, 8, 4), ["input"]),
        ((8, 8, 4), ["conv 4 of 3×3, same", "relu"]),
        ((4, 4, 4), ["max pool 2×2", "dropout 0.25"]),
        ((64,), ["flatten"]),
    ]


def test_a_way_around_layers_ends_where_it_is_added() -> None:
    inner = {"kind": "residual", "layers": [{"kind": "relu"}, CONV]}
    wide = {**CONV, "filters": 6, "stride": 2}
    layers = [CONV, {"kind": "residual", "layers": [wide, inner]}, {"kind": "relu"}]
    config = RunConfig.parse({"network": {"layers": layers}})
    drawn = diagram(plan(config.network.layers, (8, 8, 4), 10))
    assert [block.words[0] for block in drawn.blocks] == [
        "input",
        "conv 4 of 3×3, same",
        "conv 6 of 3×3, same, stride 2×2",
        "relu",
        "conv 4 of 3×3, same",
        "sum",
        "sum",
    ]
    assert drawn.blocks[-1].words == ["sum", "relu"]
    assert drawn.ways == [
        Way(3, 5, 1, "4 of 1×1, valid"),
        Way(2, 6, 0, "4 of 1×1, valid, stride 2×2"),
    ]


def test_a_block_is_as_high_as_its_maps() -> None:
    lines = lines_of("original", 120)
    shapes = next(line for line in lines if "28×28×1 " in line)
    above = lines[: lines.index(shapes)]
    for shape, height in (("28×28×32", ROWS), ("14×14×64", ROWS // 2), ("7×7×64", ROWS // 4)):
        middle = shapes.index(shape) + len(shape) // 2
        drawn = [line[middle] for line in above if len(line) > middle and line[middle] != " "]
        assert len(drawn) == height, shape


def test_a_block_is_as_wide_as_its_channels() -> None:
    shapes = [(4, 4, channels) for channels in (1, 2, 16, 256)]
    widths = []
    for shape in shapes:
        top = picture(plan([], shape, 10), 60).plain.splitlines()[0]
        widths.append(len(top.strip()))
    assert widths == [3, 4, 7, 11]


@pytest.mark.parametrize("width", [34, 74, 114])
@pytest.mark.parametrize("name", presets.names())
def test_it_keeps_to_its_width_and_shows_every_shape(name: str, width: int) -> None:
    lines = lines_of(name, width)
    assert max(map(len, lines)) <= width
    shown = " ".join(lines)
    for layer in preset(name).plan().layers:
        assert "×".join(map(str, layer.output_shape)) in shown


def test_a_way_goes_on_in_the_next_row() -> None:
    lines = lines_of("cifar10", 74)
    assert any("as it is" in line and "▼" in line for line in lines)
    broken = [line for line in lines if line.rstrip().endswith("───")]
    resumed = [line for line in lines if line.startswith("────")]
    assert len(broken) == len(resumed) == 1


def test_what_fits_is_drawn() -> None:
    config = preset("small").changed({"network.layers.6": "dense"})
    found = config.plan()
    assert found.problem is not None
    assert "7×7×16" in picture(found, 100).plain
