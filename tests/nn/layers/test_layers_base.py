"""Sizes and paddings as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from nn.layers.conv import Conv2D
from nn.layers.dense import Dense
from nn.layers.pool import MaxPool2D
from nn.layers.residual import Residual
from nn.schema import InputError


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (5, (5, 5)),
        ("5", (5, 5)),
        ("3x5", (3, 5)),
        ("3×5", (3, 5)),
        (" 3 x 5 ", (3, 5)),
        ([3, 5], (3, 5)),
        ((3, 5), (3, 5)),
        ([4], (4, 4)),
        (["3", "5"], (3, 5)),
        (64, (64, 64)),
    ],
)
def test_sizes_that_are_understood(given: Any, meant: tuple[int, int]) -> None:
    assert Conv2D.parse({"kernel_size": given}).kernel_size == meant


@pytest.mark.parametrize(
    "given", ["3x", "x", "", "3x5x7", "3,5", 0, 65, -1, 2.5, True, None, [], [1, 2, 3], {}, "²"]
)
def test_sizes_that_are_refused(given: Any) -> None:
    with pytest.raises(InputError) as caught:
        Conv2D.parse({"kernel_size": given})
    expected = f"kernel_size: {given!r} is no size; give a number from 1 to 64, or two as in 3x5"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("given", "meant"),
    [("same", "same"), ("valid", "valid"), (2, 2), ("2", 2), (0, 0), (64, 64), (" 3 ", 3)],
)
def test_paddings_that_are_understood(given: Any, meant: str | int) -> None:
    assert Conv2D.parse({"padding": given}).padding == meant


@pytest.mark.parametrize("given", ["big", "", "²", -1, 65, 2.0, True, None, [1], {}])
def test_paddings_that_are_refused(given: Any) -> None:
    with pytest.raises(InputError) as caught:
        Conv2D.parse({"padding": given})
    expected = f"padding: {given!r} is no padding; give same, valid or a number from 0 to 64"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("size", "written"), [((5, 5), '"kernel_size":5'), ((3, 5), '"kernel_size":[3,5]')]
)
def test_a_square_is_written_as_one_number(size: tuple[int, int], written: str) -> None:
    assert written in Conv2D(kernel_size=size).model_dump_json()


def test_descriptions() -> None:
    assert Conv2D(filters=32).describe() == "32 of 5×5, same"
    assert Conv2D(filters=8, stride=(2, 1), padding=0).describe() == "8 of 5×5, 0, stride 2×1"
    assert MaxPool2D().describe() == "2×2"
    assert MaxPool2D(stride=(1, 2)).describe() == "2×2, stride 1×2"
    assert MaxPool2D(padding=1).describe() == "2×2, 1"
    assert Dense(units=10).describe() == "10"
    assert Dense(units=10, activation="gelu").describe() == "10, gelu"
    depthwise = Conv2D(filters=8, dilation=(2, 2), groups=8, activation="relu")
    assert depthwise.describe() == "8 of 5×5, same, dilation 2×2, 8 groups, relu"
    residual = Residual()
    assert residual.describe() == "conv2d, relu, conv2d"
    assert (
        Residual(layers=residual.layers * 4).describe() == "conv2d, relu, conv2d, conv2d, relu, …"
    )


def test_groups_divide_channels_and_filters() -> None:
    assert Conv2D(filters=6, groups=3).output_shape((8, 8, 3)) == (8, 8, 6)
    for filters, channels, wrong in ((6, 4, "4 input channels"), (4, 3, "4 filters")):
        with pytest.raises(InputError) as caught:
            Conv2D(filters=filters, groups=3).output_shape((8, 8, channels))
        assert str(caught.value) == (
            f"its {wrong} do not divide into 3 groups; "
            f"use groups that divide both {channels} channels and {filters} filters"
        )


def test_sizes_of_a_depthwise_convolution() -> None:
    conv = Conv2D(filters=8, kernel_size=(3, 3), groups=4)
    assert conv.parameter_shapes((7, 7, 4)) == {"weights": (8, 3, 3, 1), "biases": (8,)}
    assert conv.multiply_adds((7, 7, 4)) == 7 * 7 * 8 * 9


@pytest.mark.parametrize("field", [{"stride": (1, 2)}, {"dilation": (2, 1)}, {"groups": 2}])
def test_convolutions_that_frequencies_cannot_do(field: dict[str, Any]) -> None:
    values = {"filters": 2, "kernel_size": 2, **field}
    with pytest.raises(InputError) as caught:
        Conv2D.parse({**values, "algorithm": "fft"}).output_shape((8, 8, 2))
    assert str(caught.value) == (
        "its algorithm fft needs stride 1, dilation 1 and one group; use auto or gemm"
    )
    for algorithm in ("auto", "gemm", "einsum"):
        Conv2D.parse({**values, "algorithm": algorithm}).output_shape((8, 8, 2))


def test_a_dilated_kernel_that_does_not_fit() -> None:
    conv = Conv2D(kernel_size=(3, 3), dilation=(4, 1), padding="valid")
    assert conv.output_shape((9, 3, 1)) == (1, 1, 32)
    with pytest.raises(InputError, match=r"^its 3×3 kernel, spread over 9×3, does not fit into "):
        conv.output_shape((8, 8, 1))


def test_layers_that_need_another_input_say_so() -> None:
    with pytest.raises(InputError, match="needs a vector, but its input is 2×3×4; put a flatten"):
        Dense().output_shape((2, 3, 4))
    with pytest.raises(InputError, match="but its input is 24; put it before flatten"):
        Conv2D().output_shape((24,))
